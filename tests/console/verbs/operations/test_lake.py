from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from console.data.ledger import explain_errors
from console.lake.backfill import Backfilled
from console.lake.place import LakePlace
from console.verbs.operations import lake
from handlers.aws.objects import Objects
from handlers.lake.page import CONTENT_TYPE, page_key
from handlers.ledger.ledger import Ledger
from handlers.rows import MODEL
from tests.console.conftest import RunConsole
from tests.console.lake.conftest import empty, filled, small_pages
from tests.console.lake.test_backfill import PAGES, change
from tests.console.lake.test_verification import WHERE
from tests.handlers.lake.scene import s3_client
from tests.support.meddling import EPOCH, appender, drafts, no_time_limit, remove_head

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["empty", "filled", "small_pages"]  # fixtures


def place_of(place: LakePlace) -> tuple[str, ...]:
    return ("--table", place.ledger.table_name, "--bucket", place.objects.bucket)


@pytest.fixture(autouse=True)
def kept_clients(client: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The verbs take the tests' clients: to make others for each takes longer than all that they do."""

    @contextmanager
    def opened(table: str, bucket: str) -> Generator[LakePlace]:
        with explain_errors():
            yield LakePlace(Ledger(client, table), Objects(s3_client(), bucket))

    monkeypatch.setattr(lake, "open_lake", opened)


def test_backfill_says_what_is_there_and_what_it_wrote(empty: LakePlace, run_console: RunConsole) -> None:
    ran = run_console("lake", "backfill", *place_of(empty))
    assert ran.code == 0, ran.err
    assert f"23 rows in 4 pages are in {empty.objects.bucket}, 4 written just now." in ran.out
    assert "Their hash is the ledger's at" in ran.out
    ran = run_console("lake", "backfill", *place_of(empty), "--again", "--json")
    assert json.loads(ran.out)["written"] == 4


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((500, 1), "500 rows in 1 page are in "),
        ((1, 1), "1 row in 1 page is in "),
        ((1234, 2), "1,234 rows in 2 pages are in "),
    ],
)
def test_one_page_is_no_pages(
    run_console: RunConsole, monkeypatch: pytest.MonkeyPatch, filled: LakePlace, counts: tuple[int, int], said: str
) -> None:
    monkeypatch.setattr(lake, "backfill", lambda *_, **__: Backfilled("7.1", counts[0], "h", counts[1], 0))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] - the outcome alone counts
    assert run_console("lake", "backfill", *place_of(filled)).out.startswith(said)


def test_verify_gives_the_condition_for_sql(filled: LakePlace, run_console: RunConsole) -> None:
    ran = run_console("lake", "verify", *place_of(filled))
    assert ran.code == 0, ran.err
    first, second, third = ran.out.splitlines()
    assert first == f"23 rows in 4 pages are in {filled.objects.bucket}; the ledger is at {filled.head().bookmark}."
    assert second.startswith("Their hash is the ledger's: ")
    assert third == f"WHERE {WHERE}"


def test_verify_counts_what_is_still_to_come(filled: LakePlace, run_console: RunConsole) -> None:
    appender(filled.ledger).append(drafts(1), no_time_limit())
    ran = run_console("lake", "verify", *place_of(filled))
    assert ran.code == 0, ran.err
    assert "Not there yet: 1 of its rows, the first created at 2023-11-14T22:13:20.250Z." in ran.out
    assert "With those, their hash is the ledger's: " in ran.out


def test_verify_as_json(filled: LakePlace, run_console: RunConsole) -> None:
    ran = run_console("lake", "verify", *place_of(filled), "--deep", "--json")
    found = json.loads(ran.out)
    assert (ran.code, found["is_right"], found["is_deep"], found["differences"], found["where"]) == (
        0,
        True,
        True,
        [],
        WHERE,
    )


def test_verify_lists_the_pages_that_are_wrong_and_ends_with_1(filled: LakePlace, run_console: RunConsole) -> None:
    change(filled, PAGES[0], {f"hash-{MODEL.rows_version}": "0" * 32})
    s3_client().delete_object(Bucket=filled.objects.bucket, Key=PAGES[2])
    ran = run_console("lake", "verify", *place_of(filled))
    assert ran.code == 1
    assert f"{PAGES[0]} holds other rows than the ledger\n{PAGES[2]} is missing\nWHERE" in ran.out
    assert f"2 of 4 pages in {filled.objects.bucket} are not right" in ran.err
    assert ran.err.splitlines()[-1] == f"Try: {filled.command('backfill')}"
    ran = run_console("lake", "verify", *place_of(filled), "--json")
    assert (ran.code, json.loads(ran.out)["is_right"]) == (1, False)
    assert [each["key"] for each in json.loads(ran.out)["differences"]] == [PAGES[0], PAGES[2]]


def test_a_damaged_content_has_to_be_written_again(filled: LakePlace, run_console: RunConsole) -> None:
    found = filled.objects.head(PAGES[0])
    assert found is not None
    filled.objects.put(PAGES[0], b"damaged", found.metadata, CONTENT_TYPE, found)
    ran = run_console("lake", "verify", *place_of(filled), "--deep")
    assert ran.err.splitlines()[-1] == f"Try: {filled.command('backfill', '--again')}"


def test_objects_beside_the_pages_are_listed_up_to_a_point(filled: LakePlace, run_console: RunConsole) -> None:
    for page in range(100, 122):
        filled.objects.put(page_key(EPOCH, page), b"", {}, CONTENT_TYPE, None)
    ran = run_console("lake", "verify", *place_of(filled))
    assert ran.code == 1
    assert ran.out.count("is no page of any history of the ledger") == 20
    assert "and 2 more (--json has all)" in ran.out
    assert f"22 of the objects in {filled.objects.bucket} are no pages of any history of the ledger: " in ran.err
    assert f"{page_key(EPOCH, 102)} and 19 more\n" in ran.err


def test_an_object_that_does_not_belong_is_named_beside_pages_that_are_wrong(
    filled: LakePlace, run_console: RunConsole
) -> None:
    bucket = filled.objects.bucket
    filled.objects.put("lake/read me.txt", b"", {}, CONTENT_TYPE, None)
    s3_client().delete_object(Bucket=bucket, Key=PAGES[2])
    ran = run_console("lake", "verify", *place_of(filled))
    assert ran.code == 1
    error, hint = ran.err.splitlines()[-2:]
    stray = f"1 of the objects in {bucket} is no page of any history of the ledger: lake/read me.txt"
    assert error == f"Error: 1 of 4 pages in {bucket} are not right; {stray}"
    remove = f"aws s3 rm 's3://{bucket}/lake/read me.txt'"
    assert hint == f"Try: look at what does not belong there, and: {remove}; then: {filled.command('backfill')}"
    assert run_console("lake", "backfill", *place_of(filled)).code == 0
    ran = run_console("lake", "verify", *place_of(filled))
    assert (ran.code, ran.err.splitlines()[-2]) == (1, f"Error: {stray}")
    s3_client().delete_object(Bucket=bucket, Key="lake/read me.txt")
    assert run_console("lake", "verify", *place_of(filled)).code == 0


@pytest.mark.parametrize("verb", ["backfill", "verify"])
def test_without_a_ledger_there_is_nothing_to_hold_a_lake_against(
    filled: LakePlace, run_console: RunConsole, verb: str
) -> None:
    remove_head(filled.ledger)
    ran = run_console("lake", verb, *place_of(filled))
    assert (ran.code, ran.err.splitlines()[0]) == (
        1,
        f"Error: there is no ledger in the table {filled.ledger.table_name}",
    )
