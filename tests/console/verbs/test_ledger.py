from __future__ import annotations

import contextlib
import json
import re
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from console.data import branches
from console.data.adoption import Adopted
from console.data.ledger import make_client
from console.errors import ConsoleError
from console.local.background import BackgroundStack
from console.local.project import project_stack
from console.terminal import Advance
from handlers.domain.bookmark import Bookmark
from handlers.ledger.head import HEAD_KEY
from handlers.model.column import Column
from handlers.model.columns import Boolean, Json, Text
from handlers.model.model import Model
from tests.console.conftest import RunConsole
from tests.support.local import web
from tests.support.local.faults import FaultyApi, Step, answers, drops, loses_answer, passes

SOURCES = ("sqlite-efs", "sqlite-tmp", "ddb")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundStack]:
    """A local stack of this file's own: its ledger is sent back and forth."""
    folder = tmp_path_factory.mktemp("ledger")
    with BackgroundStack(project_stack(folder, sandboxes=1, check_interval_ms=0)) as running:
        for path in ("/query/health", "/command/health"):
            assert web.get(running.url + path).status_code == 200
        yield running


@pytest.fixture(autouse=True)
def environment(stack: BackgroundStack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)


def insert(stack: BackgroundStack, count: int) -> Bookmark:
    return Bookmark.parse(web.post(f"{stack.url}/insert", json={"count": count}).json()["bookmark"])


def counts(stack: BackgroundStack) -> dict[str, tuple[str, int]]:
    """Each path's bookmark and number of rows, by its statistics."""
    answers = {source: web.get(f"{stack.url}/{source}/stats").json() for source in SOURCES}
    return {source: (answer["bookmark"], answer["stats"]["count"]) for source, answer in answers.items()}


def restored(run_console: RunConsole, stack: BackgroundStack, to: object, *options: str) -> dict[str, Any]:
    ran = run_console("ledger", "restore", "--to", str(to), "--url", stack.url, "--json", *options)
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_going_back_to_a_bookmark_and_undoing_it(stack: BackgroundStack, run_console: RunConsole) -> None:
    first, second = insert(stack, 30), insert(stack, 20)
    back = restored(run_console, stack, first)
    assert (back["left"], back["kept_rows"]) == (str(second), first.seq)
    assert counts(stack) == dict.fromkeys(SOURCES, (back["bookmark"], first.seq))
    assert back["snapshot"] == back["bookmark"]
    assert web.get(f"{stack.url}/ddb", headers={"min-bookmark": str(first)}).status_code == 409
    third = insert(stack, 5)
    undone = restored(run_console, stack, second)
    assert counts(stack) == dict.fromkeys(SOURCES, (undone["bookmark"], second.seq))
    again = restored(run_console, stack, third)
    assert counts(stack) == dict.fromkeys(SOURCES, (again["bookmark"], third.seq))
    assert run_console("verify", "--url", stack.url).code == 0


def test_a_dry_run_changes_nothing(stack: BackgroundStack, run_console: RunConsole) -> None:
    head = insert(stack, 3)
    before = counts(stack)
    outcome = restored(run_console, stack, Bookmark(head.epoch, head.seq - 1), "--dry-run")
    created_at = web.get(f"{stack.url}/ddb?limit=1").json()["data"][0]["created_at"]
    wanted = {"left": str(head), "kept_rows": head.seq - 1, "last_created_at": created_at}
    assert outcome == wanted | {"bookmark": None, "snapshot": None}
    ran = run_console("ledger", "restore", "--to", f"{head.epoch}.0", "--dry-run")
    assert ran.out == f"Would leave {head} and go on with 0 rows. Nothing was changed.\n"
    assert counts(stack) == before


def test_going_back_to_a_time_keeps_the_longest_prefix_of_which_nothing_is_later(
    stack: BackgroundStack, run_console: RunConsole
) -> None:
    first = insert(stack, 2)
    created_at = web.get(f"{stack.url}/ddb?limit=1").json()["data"][0]["created_at"]
    while web.get(f"{stack.url}/ddb?limit=1").json()["data"][0]["created_at"] == created_at:
        insert(stack, 1)
    back = restored(run_console, stack, created_at)
    assert back["kept_rows"] >= first.seq
    assert back["last_created_at"] == created_at
    kept = web.get(f"{stack.url}/sqlite-efs?limit=1000").json()["data"]
    assert max(row["created_at"] for row in kept) == created_at
    assert restored(run_console, stack, "1999-01-01T00:00:00Z", "--dry-run")["kept_rows"] == 0
    assert restored(run_console, stack, "2999-01-01T00:00:00Z", "--dry-run")["kept_rows"] == back["kept_rows"]


def test_the_outcome_for_people_says_how_to_undo_it(stack: BackgroundStack, run_console: RunConsole) -> None:
    head = insert(stack, 2)
    ran = run_console("ledger", "restore", "--to", f"{head.epoch}.{head.seq - 1}", "--url", stack.url)
    assert ran.code == 0
    bookmark = counts(stack)["ddb"][0]
    said = " ".join(ran.out.split())
    assert said.startswith(f"Left {head}; goes on at {bookmark} with {head.seq - 1:,} rows, the last one created at 20")
    assert f"ledger restore --to {head}" in said


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("7.1", "--to 7.1 is no point of this ledger's histories, which reach up to"),
        ("yesterday", "--to yesterday is no bookmark and no time"),
        ("9999-12-31T23:59:59-23:00", "is no bookmark and no time"),
    ],
)
def test_what_is_no_point_is_refused(run_console: RunConsole, to: str, said: str) -> None:
    ran = run_console("ledger", "restore", "--to", to)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err


def test_a_bookmark_beyond_its_history_is_refused(stack: BackgroundStack, run_console: RunConsole) -> None:
    head = insert(stack, 1)
    assert "is no point" in run_console("ledger", "restore", "--to", f"{head.epoch}.{head.seq + 1}").err


def test_a_new_epoch_goes_on_with_all_rows(stack: BackgroundStack, run_console: RunConsole) -> None:
    head = insert(stack, 4)
    ran = run_console("ledger", "new-epoch", "--url", stack.url)
    bookmark = counts(stack)["ddb"][0]
    assert ran == (0, f"The ledger goes on at {bookmark}; readers move over by their next look.\n", "")
    assert Bookmark.parse(bookmark).epoch > head.epoch
    assert counts(stack) == dict.fromkeys(SOURCES, (bookmark, head.seq))
    later = json.loads(run_console("ledger", "new-epoch", "--url", stack.url, "--json").out)
    assert counts(stack)["sqlite-tmp"] == (later["bookmark"], head.seq)


def test_the_histories_are_shown_newest_first(stack: BackgroundStack, run_console: RunConsole) -> None:
    head = insert(stack, 1)
    run_console("ledger", "new-epoch", "--url", stack.url)
    newest, left, *_ = json.loads(run_console("ledger", "show", "--json").out)["histories"]
    health = web.get(f"{stack.url}/command/health").json()
    assert newest == {
        "bookmark": health["bookmark"],
        "rows": head.seq,
        "hash": health["hash"],
        "parent": head.epoch,
        "left_at": None,
    }
    assert (left["bookmark"], left["hash"]) == (str(head), health["hash"])
    assert left["left_at"].endswith("Z")
    lines = run_console("ledger", "show").out.splitlines()
    (line,) = (line for line in lines if newest["bookmark"] in line)
    assert "is written to" in line
    assert newest["hash"] in line
    assert max(map(len, lines)) <= 100


def test_a_table_without_a_ledger_is_told(
    stack: BackgroundStack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TABLE_NAME", f"table-{uuid.uuid4()}")
    monkeypatch.setenv("EFS_DIR", str(tmp_path / "none"))
    run_console("init")
    ran = run_console("ledger", "show")
    assert ran.code == 1
    assert "there is no ledger in the table" in ran.err


def test_rows_that_are_not_what_the_head_says_are_not_gone_on_from(
    stack: BackgroundStack, run_console: RunConsole
) -> None:
    head = insert(stack, 1)
    with contextlib.closing(make_client(stack.environment)) as client:
        table = stack.environment["TABLE_NAME"]
        item = client.get_item(TableName=table, Key=HEAD_KEY).get("Item", {})
        client.put_item(TableName=table, Item={**item, "hash": {"S": "0" * 32}})
        try:
            ran = run_console("ledger", "restore", "--to", str(head))
            behind = run_console("ledger", "restore", "--to", f"{head.epoch}.{head.seq - 1}", "--dry-run")
        finally:
            client.put_item(TableName=table, Item=item)
    assert ran.code == 1
    assert f"the rows up to {head} are not what the ledger's head says" in ran.err
    assert behind.code == 0


def test_rows_are_read_in_batches(
    stack: BackgroundStack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = insert(stack, 7)
    monkeypatch.setattr(branches, "BATCH_ROWS", 3)
    assert restored(run_console, stack, head, "--dry-run")["kept_rows"] == head.seq
    assert restored(run_console, stack, Bookmark(head.epoch, head.seq - 2), "--dry-run")["kept_rows"] == head.seq - 2


def epochs(run_console: RunConsole) -> int:
    return len(json.loads(run_console("ledger", "show", "--json").out)["histories"])


@pytest.mark.parametrize("step", [loses_answer, passes])
def test_a_new_epoch_is_begun_once_whatever_becomes_of_the_answer(
    stack: BackgroundStack, run_console: RunConsole, step: Step
) -> None:
    head = insert(stack, 1)
    before = epochs(run_console)
    with FaultyApi(stack.url) as api:
        api.script.extend([passes, step])
        ran = run_console("ledger", "new-epoch", "--url", api.url, "--json")
    assert ran.code == 0, ran.err
    assert epochs(run_console) == before + 1
    assert counts(stack) == dict.fromkeys(SOURCES, (json.loads(ran.out)["bookmark"], head.seq))


@pytest.mark.parametrize("step", [drops, answers(503, {"detail": "away"})])
def test_a_new_epoch_that_was_not_begun_is_told(stack: BackgroundStack, run_console: RunConsole, step: Step) -> None:
    insert(stack, 1)
    before = epochs(run_console)
    with FaultyApi(stack.url) as api:
        api.script.extend([passes, step])
        ran = run_console("ledger", "new-epoch", "--url", api.url)
    assert (ran.code, ran.out) == (1, "")
    assert epochs(run_console) == before


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"bookmark": "77.5"}, "serves another ledger than the table {table}"),
        ({"columns": 1}, "Error: {url} runs with other columns than handlers/rows.py declares\n"),
    ],
    ids=["ledger", "columns"],
)
def test_an_api_of_another_ledger_or_of_other_columns_is_told_before_anything_is_changed(
    stack: BackgroundStack, run_console: RunConsole, other: dict[str, object], said: str
) -> None:
    head = insert(stack, 1)
    before = epochs(run_console)
    with FaultyApi(stack.url) as api:
        api.script.append(answers(200, {"bookmark": str(head), "hash": "0" * 32} | other))
        ran = run_console("ledger", "restore", "--to", str(head), "--url", api.url)
    assert ran.code == 1
    assert said.format(url=api.url, table=stack.environment["TABLE_NAME"]) in ran.err
    assert epochs(run_console) == before


def test_what_was_restored_and_not_published_is_told(stack: BackgroundStack, run_console: RunConsole) -> None:
    head = insert(stack, 1)
    before = epochs(run_console)
    with FaultyApi(stack.url) as api:
        api.script.extend([passes, answers(400, {"detail": "no"})])
        ran = run_console("ledger", "restore", "--to", str(head), "--url", api.url)
        assert f"Try: curl -X POST {api.url}/snapshots" in ran.err
    assert ran.code == 1
    assert "but that is not published yet" in ran.err
    assert epochs(run_console) == before + 1
    assert web.post(f"{stack.url}/snapshots").status_code in (200, 201)


@pytest.mark.parametrize("moves", [1, 10**6])
def test_a_restore_does_not_mind_that_the_ledger_is_written_to_unless_that_never_ends(
    stack: BackgroundStack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    head = insert(stack, 2)
    left: list[None] = [None] * moves
    original = branches.branch_off

    def written_to_first(*arguments: Any) -> Any:
        if left:
            left.pop()
            insert(stack, 1)
        return original(*arguments)

    monkeypatch.setattr(branches, "branch_off", written_to_first)
    monkeypatch.setattr(branches, "BRANCH_WITHIN_S", 120.0 if moves == 1 else 0.0)
    ran = run_console("ledger", "restore", "--to", str(head), "--url", stack.url, "--json")
    if moves == 1:
        assert (ran.code, json.loads(ran.out)["kept_rows"]) == (0, head.seq)
    else:
        assert ran.code == 1
        assert "nothing was changed, try again" in ran.err


@contextlib.contextmanager
def other_columns(stack: BackgroundStack) -> Generator[None]:
    """The ledger as if its rows had been written before the last change of the columns."""
    with contextlib.closing(make_client(stack.environment)) as client:
        table = stack.environment["TABLE_NAME"]
        item = client.get_item(TableName=table, Key=HEAD_KEY).get("Item", {})
        client.put_item(TableName=table, Item={**item, "columns": {"N": "1"}, "hash": {"S": "0" * 32}})
        yield


def test_a_ledger_of_older_columns_goes_on_with_the_new_ones(stack: BackgroundStack, run_console: RunConsole) -> None:
    head = insert(stack, 3)
    with other_columns(stack):
        refused = web.post(f"{stack.url}/insert", json={"count": 1})
        back = restored(run_console, stack, head)
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "other-columns")
    assert back["kept_rows"] == head.seq
    assert counts(stack) == dict.fromkeys(SOURCES, (back["bookmark"], head.seq))
    assert insert(stack, 1).seq == head.seq + 1


@pytest.mark.parametrize(
    ("value", "column", "said"),
    [
        ("too long", Text("a", max_length=3), 'row 4 has "too long" as a, allowed: a text of 0 to 3 characters'),
        (None, Text("a"), "row 4 has null as a, allowed: a text of 0 to 1000 characters"),
        ("{", Json("a"), 'row 4 has "{" as a, allowed: JSON of at most 10000 bytes, nested at most 100 deep'),
        (7, Boolean("a"), "row 4 has 7 as a, allowed: true or false"),
    ],
    ids=["limit", "null", "JSON", "boolean"],
)
def test_a_row_that_does_not_fit_the_new_columns_is_named(
    monkeypatch: pytest.MonkeyPatch, value: object, column: Column, said: str
) -> None:
    monkeypatch.setattr(branches, "MODEL", Model("things", column))
    with pytest.raises(ConsoleError, match=re.escape(said)):
        branches.check_columns([(4, "an id", value, "2026-01-01T00:00:00.000Z")])


def test_rows_that_fit_the_new_columns_are_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(branches, "MODEL", Model("things", Text("a", required=False), Boolean("b")))
    branches.check_columns([(4, "an id", None, 1, "2026-01-01T00:00:00.000Z")])
    branches.check_columns([])


def test_there_is_no_change_of_columns_to_end(stack: BackgroundStack, run_console: RunConsole) -> None:
    insert(stack, 1)
    ran = run_console("ledger", "adopt")
    assert (ran.code, ran.out) == (1, "")
    assert "handlers/rows.py declares no columns in place of others" in ran.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "Now the head 7.3 stands for 3 rows by the columns of handlers/rows.py: 0a"),
        (("--undo",), "Now the head 7.3 stands for 3 rows by the columns that handlers/rows.py replaces: 0a"),
        ((), "The head 7.3 stands for 3 rows by the columns of handlers/rows.py: 0a. It did so before."),
        (("--dry-run",), "The head 7.3 would stand for 3 rows by the columns of handlers/rows.py: 0a."),
    ],
)
def test_the_end_of_a_change_is_told(
    stack: BackgroundStack,
    run_console: RunConsole,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    said: str,
) -> None:
    is_changed = said.startswith("Now")

    def adopt(_: object, advance: Advance, **chosen: bool) -> Adopted:
        advance(3)
        assert chosen == {"undo": "--undo" in options, "dry_run": "--dry-run" in options}
        return Adopted("7.3", 3, "0a", is_changed)

    insert(stack, 1)
    monkeypatch.setattr("console.verbs.ledger.adopt", adopt)
    ran = run_console("ledger", "adopt", *options)
    assert (ran.code, said in ran.out) == (0, True), ran.out
    told = json.loads(run_console("ledger", "adopt", "--json", *options).out)
    assert told == {"bookmark": "7.3", "rows": 3, "hash": "0a", "is_changed": is_changed}
