from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.lake import place
from console.lake.place import BUCKET, TABLE, LakePlace, environment, open_lake
from console.paths import ENVIRONMENT_FILE
from handlers.lake.writer import ContendedPageError

ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/rows"
NAMES = {TABLE: "", BUCKET: ""}


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No variable, no stack, no local stack. Returns the folder that a local stack would have."""
    for name in (TABLE, BUCKET, "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path))
    have_stack(monkeypatch)
    return tmp_path


def have_stack(monkeypatch: pytest.MonkeyPatch, **outputs: str) -> None:
    def selected(_stack: str) -> dict[str, str]:
        return outputs

    monkeypatch.setattr(place, "stack_outputs", selected)


def have_local_stack(folder: Path, **variables: str) -> None:
    lines = [f"export {shlex.quote(f'{name}={value}')}" for name, value in variables.items()]
    (folder / ENVIRONMENT_FILE).write_text("\n".join(lines))


def found(**given: str) -> tuple[str, str]:
    environ = environment({**NAMES, **given})
    return environ[TABLE], environ[BUCKET]


def test_what_is_named_comes_first_then_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    have_stack(monkeypatch, table_name="of the stack", lake_bucket="of the stack")
    monkeypatch.setenv(TABLE, "a")
    monkeypatch.setenv(BUCKET, "b")
    assert found() == ("a", "b")
    assert found(**{TABLE: "c", BUCKET: "d"}) == ("c", "d")


def test_then_the_outputs_of_the_stack_with_its_region(monkeypatch: pytest.MonkeyPatch, nowhere: Path) -> None:
    have_local_stack(nowhere, TABLE_NAME="local", LAKE_BUCKET="local")
    have_stack(monkeypatch, table_name="rows", table_arn=ARN, lake_bucket="lake")
    environ = environment(NAMES)
    assert (environ[TABLE], environ[BUCKET], environ["AWS_REGION"]) == ("rows", "lake", "eu-west-1")
    assert found(**{BUCKET: "other"}) == ("rows", "other")


def test_then_the_local_stack(nowhere: Path) -> None:
    have_local_stack(nowhere, TABLE_NAME="local", LAKE_BUCKET="lake", AWS_ENDPOINT_URL="http://127.0.0.1:1")
    assert environment(NAMES)["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert found() == ("local", "lake")


def test_a_stack_without_a_lake_is_told_how_to_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    have_stack(monkeypatch, table_name="rows", table_arn=ARN)
    with pytest.raises(ConsoleError, match="the stack of the table rows has no data lake") as caught:
        found()
    assert "pulumi config set lake true" in caught.value.hint


def test_a_local_stack_without_a_lake_is_to_be_started_with_one(nowhere: Path) -> None:
    have_local_stack(nowhere, TABLE_NAME="rows", AWS_ENDPOINT_URL="http://127.0.0.1:1")
    with pytest.raises(ConsoleError, match="the stack of the table rows has no data lake") as caught:
        found()
    assert caught.value.hint.startswith("start the local stack without --projection sync")


def test_without_any_table_it_is_asked_for() -> None:
    with pytest.raises(ConsoleError, match="no table is known") as caught:
        found(**{BUCKET: "lake"})
    assert "--table" in caught.value.hint


def test_what_s3_refuses_is_an_error_of_its_own(filled: LakePlace) -> None:
    with (
        pytest.raises(ConsoleError, match="s3://no-such-bucket/lake/") as caught,
        open_lake(filled.ledger.table_name, "no-such-bucket") as opened,
    ):
        list(opened.objects.list_keys("lake/"))
    assert "bucket's name" in caught.value.hint


def test_a_page_that_others_replace_all_the_time_is_one_too(filled: LakePlace) -> None:
    with (
        pytest.raises(ConsoleError, match="lake/a is being replaced") as caught,
        open_lake(filled.ledger.table_name, filled.objects.bucket),
    ):
        raise ContendedPageError("lake/a")
    assert caught.value.hint == "run it again"


def test_a_lake_is_the_local_stacks_where_its_environment_leads_there(filled: LakePlace, nowhere: Path) -> None:
    names = (filled.ledger.table_name, filled.objects.bucket)
    for endpoint, is_local in ((os.environ["AWS_ENDPOINT_URL"], True), ("http://127.0.0.1:1", False)):
        have_local_stack(nowhere, AWS_ENDPOINT_URL=endpoint)
        with open_lake(*names) as opened:
            assert opened.is_local == is_local


def test_the_ledger_and_the_objects_are_those_of_the_environment(filled: LakePlace) -> None:
    with open_lake(filled.ledger.table_name, filled.objects.bucket) as opened:
        assert opened.head().to_item() == filled.head().to_item()
        assert len(list(opened.objects.list_keys("lake/"))) == 4
