"""A ledger whose rows were written with other columns than are declared now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from handlers.aws.table import page_of, rows_key
from handlers.ledger.head import Head
from handlers.ledger.items import OtherColumnsError
from handlers.ledger.ledger import Ledger, Range
from handlers.rows import MODEL
from tests.support.api import SOURCES, Api
from tests.support.drafts import VALUE, items
from tests.support.files import make_rows
from tests.support.meddling import head_of, no_time_limit, put_rows, set_head
from tests.support.problems import assert_problem


@pytest.fixture
def older(ledger: Ledger, environ: dict[str, str]) -> Head:
    """The head of such a ledger, which was published while its columns were those that are declared."""
    api = Api(environ)
    assert api.post("/insert", {"items": items(3)}).status == 201
    head = replace(head_of(ledger), columns=MODEL.rows_version + 1)
    set_head(ledger, head)
    return head


def test_nothing_is_added_to_it_and_nothing_published_of_it(api: Api, older: Head, ledger: Ledger) -> None:
    for path, content in (("/insert", {"items": items(1)}), ("/snapshots", {}), ("/snapshots", {"new_epoch": True})):
        assert_problem(api.post(path, content), "other-columns", str(older.bookmark))
    found = ledger.any_head(no_time_limit())
    assert found is not None
    assert found.to_item() == older.to_item()


def test_the_ledger_itself_is_not_read_and_its_snapshots_are(api: Api, older: Head) -> None:
    assert_problem(api.get("/ddb"), "other-columns", str(older.bookmark))
    assert_problem(api.get("/sqlite-efs", "fresh=1"), "other-columns", str(older.bookmark))
    assert [api.get(source).json["count"] for source in SOURCES[:2]] == [3, 3]


def test_health_says_that_it_diverged(api: Api, older: Head) -> None:
    health = api.get("/command/health")
    assert (health.status, health.json["diverged"], health.json["lag"]) == (200, True, None)
    assert health.json["bookmark"] == str(older.bookmark)


@pytest.mark.parametrize("missing", ["all", "the type"])
def test_a_row_that_lacks_a_required_column_is_named(ledger: Ledger, missing: str) -> None:
    head = put_rows(ledger, make_rows(3))
    key: Any = {"pk": {"S": rows_key(head.root, page_of(2))}, "sk": {"N": "2"}}
    item = ledger.get(key, no_time_limit()) or {}
    del item[VALUE]
    ledger.client.put_item(
        TableName=ledger.table_name, Item=item if missing == "all" else {**item, VALUE: {"BOOL": True}}
    )
    with pytest.raises(OtherColumnsError) as caught:
        list(ledger.rows(Range(head.roots, 1, 3), no_time_limit()))
    assert caught.value.detail.startswith("Some of the rows 1 to 3 (wrong or missing: ")
    assert caught.value.status == 409
