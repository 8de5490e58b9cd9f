from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
import threading
import uuid
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from console.data.ledger import create_table, make_ledger, open_store
from console.data.loading import generate_drafts
from console.data.writers import LedgerWriter
from console.errors import ConsoleError
from console.local.background import BackgroundStack
from console.paths import PROGRAM, ROOT
from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem
from handlers.rows import MODEL
from tests.console.conftest import RunConsole
from tests.support.drafts import content_of, draft
from tests.support.local import web
from tests.support.local.faults import FaultyApi, Step, answers, drops, holds, loses_answer, passes
from tests.support.local.processes import until


def head(live: BackgroundStack) -> str:
    return web.get(f"{live.url}/command/health").json()["bookmark"]


def drafts_since(live: BackgroundStack, bookmark: str) -> list[dict[str, Any]]:
    """What was given for the ledger's rows after a bookmark, in order."""
    found: list[dict[str, Any]] = []
    parameters = {"order": "asc", "limit": "1000"}
    while True:
        answer: dict[str, Any] = web.get(f"{live.url}/ddb", params=parameters).json()
        found += [content_of(row) for row in answer["data"]]
        if answer["next"] is None:
            return found[int(bookmark.partition(".")[2]) :]
        parameters["cursor"] = answer["next"]


def wanted(seed: int, first: int, count: int) -> list[dict[str, Any]]:
    return [MODEL.draft_fields(draft) for draft in islice(generate_drafts(seed), first - 1, first - 1 + count)]


def test_rows_arrive_in_order_and_one_snapshot_holds_them(live: BackgroundStack, run_console: RunConsole) -> None:
    before = web.post(f"{live.url}/snapshots").json()["snapshot"]["bookmark"]
    ran = run_console("seed", "--url", live.url, "--count", "250", "--batch", "100", "--seed", "7", "--json")
    assert ran.code == 0
    result = json.loads(ran.out)
    assert (result["inserted"], result["seed"]) == (250, 7)
    assert result["bookmark"] == result["snapshot"] == head(live)
    assert drafts_since(live, before) == wanted(7, 1, 250)
    assert f"250 rows of seed 7 (run {result['run']}) to {live.url}" in ran.err
    bookmarks = [snapshot["bookmark"] for snapshot in web.get(f"{live.url}/snapshots").json()["snapshots"]]
    assert bookmarks[:2] == [result["snapshot"], before]


def test_the_result_for_people_and_a_seed_of_its_own(live: BackgroundStack, run_console: RunConsole) -> None:
    seeds: set[str] = set()
    for _ in range(2):
        before = head(live)
        ran = run_console("seed", "--url", live.url, "--count", "3")
        shown = r"3 rows in [\d.]+ s \([\d,.]+ rows/s\), published in [\d.]+ s: snapshot " + re.escape(head(live))
        assert re.fullmatch(shown, ran.out.strip())
        seed = ran.err.split("of seed ")[1].split()[0]
        assert drafts_since(live, before) == wanted(int(seed), 1, 3)
        seeds.add(seed)
    assert len(seeds) == 2


def test_nought_is_a_seed_like_any_other_and_each_run_has_a_name_of_its_own(
    live: BackgroundStack, run_console: RunConsole
) -> None:
    arguments = ("seed", "--url", live.url, "--count", "1", "--seed", "0", "--json")
    results = [json.loads(run_console(*arguments).out) for _ in range(2)]
    assert [result["seed"] for result in results] == [0, 0]
    assert len({result["run"] for result in results}) == 2


def test_the_command_that_goes_on_can_be_pasted_for_any_address(faulty: FaultyApi, run_console: RunConsole) -> None:
    inserted = answers(202, {"inserted": 1, "bookmark": "7.1"})
    faulty.script.extend([answers(200), inserted, answers(400, {"detail": "no"})])
    ran = run_console("seed", "--url", f"{faulty.url}/it's;here", "--count", "2", "--batch", "1")
    hint = ran.err.splitlines()[-1]
    assert shlex.split(hint)[5:7] == ["--url", f"{faulty.url}/it's;here"]


def test_lost_requests_and_answers_double_nothing(
    live: BackgroundStack, faulty: FaultyApi, run_console: RunConsole, pauses: list[float]
) -> None:
    before = head(live)
    faulty.script.extend([passes, passes, loses_answer, drops, answers(503, retry_after="1"), passes, loses_answer])
    ran = run_console("seed", "--url", faulty.url, "--count", "300", "--batch", "100", "--seed", "9")
    assert ran.code == 0
    assert drafts_since(live, before) == wanted(9, 1, 300)
    assert len(faulty.seen) == 9  # health, three batches and a snapshot, and four of these requests again
    assert len(pauses) == 4


def test_what_stopped_half_way_goes_on_with_the_command_it_names(
    live: BackgroundStack, faulty: FaultyApi, run_console: RunConsole
) -> None:
    before = head(live)

    refused = answers(400, {"detail": "no"})
    faulty.script.extend([passes, passes, loses_answer, refused])
    ran = run_console("seed", "--url", faulty.url, "--count", "250", "--batch", "100", "--seed", "3")
    assert (ran.code, ran.out) == (1, "")
    error, hint = ran.err.splitlines()[-2:]
    assert error.endswith("400: no; 100 of 250 rows are in, and perhaps the next 100")
    run = ran.err.split("(run ")[1].split(")")[0]
    options = f"--count 150 --seed 3 --start 101 --run {run} --batch 100"
    assert hint == f"Try: {PROGRAM} seed --url {faulty.url} {options}"
    again = run_console(*shlex.split(hint.partition("console ")[2]))
    assert again.code == 0
    assert drafts_since(live, before) == wanted(3, 1, 250)


def test_ctrl_c_says_how_to_go_on_and_that_does(live: BackgroundStack, faulty: FaultyApi) -> None:
    before, done, released = head(live), 250, threading.Event()
    faulty.script.extend([passes] * 6 + [holds(released)])
    with start("seed", "--url", faulty.url, "--count", "600", "--batch", "50", "--seed", "5") as process:
        until(lambda: len(faulty.seen) > 6)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        released.set()
    assert (process.returncode, out) == (130, ""), err
    error, hint = err.splitlines()[-2:]
    assert error == f"Error: interrupted; {done} of 600 rows are in, and perhaps the next 50"
    with start(*shlex.split(hint.partition("console ")[2])) as process:
        process.communicate()
    assert process.returncode == 0
    assert drafts_since(live, before) == wanted(5, 1, 600)


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "console", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([loses_answer, answers(400, {"detail": "no"})], "5 of 25 rows are in, and perhaps the next 5"),
        ([passes, answers(500, {"detail": "no"})], "10 of 25 rows are in, and perhaps the next 5"),
        ([answers(400, {"detail": "no"})], "5 of 25 rows are in"),
    ],
)
def test_the_rows_said_to_be_in_are_in_and_no_others(
    live: BackgroundStack, faulty: FaultyApi, run_console: RunConsole, steps: list[Step], said: str
) -> None:
    """An answer that was lost may have been to rows that are in; a refusal was to rows that are not."""
    before = Bookmark.parse(head(live)).seq
    faulty.script.extend([passes, passes, *steps])
    ran = run_console("seed", "--url", faulty.url, "--count", "25", "--batch", "5", "--seed", "8")
    assert ran.err.splitlines()[-2].endswith(f"; {said}")
    certain, perhaps = int(said.split(maxsplit=1)[0]), 5 if "perhaps" in said else 0
    assert certain <= Bookmark.parse(head(live)).seq - before <= certain + perhaps


def test_a_first_batch_that_is_refused_is_the_whole_story(
    live: BackgroundStack, faulty: FaultyApi, run_console: RunConsole
) -> None:
    before = head(live)
    faulty.script.extend([passes, answers(403, {"message": "Forbidden"})])
    ran = run_console("seed", "--url", faulty.url, "--count", "3")
    assert ran.code == 1
    assert ran.err.splitlines()[-2].endswith("/insert was answered with 403: Forbidden")
    assert head(live) == before


def test_rows_that_could_not_be_published_are_in(
    live: BackgroundStack, faulty: FaultyApi, run_console: RunConsole
) -> None:
    before = head(live)
    faulty.script.extend([passes, passes, answers(400, {"detail": "no"})])
    ran = run_console("seed", "--url", faulty.url, "--count", "3", "--seed", "1")
    assert ran.code == 1
    error, hint = ran.err.splitlines()[-2:]
    assert error.endswith("400: no; all 3 rows are in, but perhaps in no snapshot yet")
    assert "POST /snapshots" in hint
    assert drafts_since(live, before) == wanted(1, 1, 3)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ([answers(202, {"inserted": 2, "bookmark": "1.2"})], "not 3 rows inserted"),
        ([answers(202, {"inserted": 3})], "not 3 rows inserted"),
        ([answers(202, {"inserted": 3, "bookmark": "1.3"}), answers(201, {"snapshot": None})], "no snapshot"),
    ],
)
def test_an_api_that_says_something_else_is_not_believed(
    faulty: FaultyApi, run_console: RunConsole, script: list[Any], said: str
) -> None:
    faulty.script.extend([passes, *script])
    ran = run_console("seed", "--url", faulty.url, "--count", "3")
    assert ran.code == 1
    assert f"gave an unexpected answer: {said}" in ran.err


@pytest.mark.parametrize("arguments", [["--count", "0"], ["--count", "1", "--batch", "1001"], [], ["--count", "x"]])
def test_a_count_that_is_none_is_a_wrong_command_line(run_console: RunConsole, arguments: list[str]) -> None:
    ran = run_console("seed", *arguments)
    assert (ran.code, ran.out) == (2, "")


@pytest.fixture
def here(live: BackgroundStack, monkeypatch: pytest.MonkeyPatch) -> BackgroundStack:
    """This process's environment points to the live stack's table and folders."""
    for name, value in live.environment.items():
        monkeypatch.setenv(name, value)
    return live


def test_direct_writes_past_the_api_and_publishes(here: BackgroundStack, run_console: RunConsole) -> None:
    before = head(here)
    ran = run_console("seed", "--direct", "--count", "120", "--batch", "100", "--seed", "4", "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["snapshot"] == head(here)
    assert drafts_since(here, before) == wanted(4, 1, 120)
    announced = ran.err.splitlines()[0]
    assert "(run " in announced
    assert announced.endswith("to the ledger")
    newest = web.get(f"{here.url}/sqlite-efs", params={"limit": "1"}).json()
    assert newest["bookmark"] == head(here)


def test_direct_repeats_no_batch_of_its_run(here: BackgroundStack, run_console: RunConsole) -> None:
    before = head(here)
    for _ in range(2):
        assert run_console("seed", "--direct", "--count", "5", "--seed", "4", "--run", "mine").code == 0
    assert drafts_since(here, before) == wanted(4, 1, 5)


def test_direct_where_the_file_system_is_not_here(
    here: BackgroundStack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EFS_DIR", "/nonexistent")
    before = head(here)
    ran = run_console("seed", "--direct", "--count", "5", "--seed", "6")
    assert ran.code == 0
    assert f"bookmark {head(here)}; not published (EFS_DIR is not here)" in ran.out
    assert drafts_since(here, before) == wanted(6, 1, 5)


def test_direct_needs_a_table_with_a_ledger(
    here: BackgroundStack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"table-{uuid.uuid4()}"
    monkeypatch.setenv("TABLE_NAME", name)
    ran = run_console("seed", "--direct", "--count", "5")
    assert "The table refuses to answer (ResourceNotFoundException)" in ran.err
    with open_store({**here.environment, "TABLE_NAME": name}) as store:
        create_table(store.client, name)
    ran = run_console("seed", "--direct", "--count", "5")
    assert ran.code == 1
    assert ran.err.splitlines()[-2:] == [
        f"Error: there is no ledger in the table {name}",
        f"Try: {PROGRAM} init",
    ]


def test_direct_goes_on_while_the_ledger_asks_to_come_again(
    live: BackgroundStack, pauses: list[float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = f"table-{uuid.uuid4()}"
    environ = {**live.environment, "TABLE_NAME": name, "EFS_DIR": str(tmp_path)}
    make_ledger(environ)
    problems = [Problem("unavailable", "busy", headers={"retry-after": "2"}), Problem("conflict", "other body")]
    with open_store(environ) as store:
        writer = LedgerWriter(store)
        append = store.appender.append

        def failing(*arguments: Any) -> Any:
            if problems:
                raise problems.pop(0)
            return append(*arguments)

        monkeypatch.setattr(store.appender, "append", failing)
        with pytest.raises(ConsoleError, match=r"^other body$"):
            writer.append("key", [draft()])
        assert 2.0 <= pauses[0] <= 2.2
        assert writer.append("key", [draft()]).endswith(".1")
        head = store.ledger.head(Deadline())
        assert head is not None
        assert str(head.bookmark) == writer.publish()


def test_direct_says_why_it_cannot_publish(
    here: BackgroundStack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "staging").touch()
    monkeypatch.setenv("EFS_DIR", str(tmp_path))
    ran = run_console("seed", "--direct", "--count", "5")
    assert ran.code == 1
    assert "the snapshot cannot be written: " in ran.err
    assert "all 5 rows are in, but perhaps in no snapshot yet" in ran.err
