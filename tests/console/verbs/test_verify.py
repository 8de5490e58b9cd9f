from __future__ import annotations

import json
import shlex
from typing import Any, NamedTuple

import pytest

from console.data.verification import REMEDY
from console.local.background import BackgroundStack
from console.paths import PROGRAM
from handlers.routes import SOURCES
from tests.console.conftest import RunConsole
from tests.support.drafts import VALUE, items
from tests.support.local import web
from tests.support.local.faults import Exchange, FaultyApi, Step, answers, passes

ROWS = 2345


@pytest.fixture(scope="module")
def loaded(live: BackgroundStack) -> BackgroundStack:
    """The live stack with rows of which 5 are in no snapshot yet."""
    for number, count in enumerate((1000, 1000, 345, 5)):
        if number == 3:
            web.post(f"{live.url}/snapshots")
        inserted = web.post(f"{live.url}/insert", json={"items": items(count)}, headers={"prefer": "respond-async"})
        assert inserted.status_code == 202
    return live


@pytest.fixture
def published(loaded: BackgroundStack) -> dict[str, Any]:
    return web.get(f"{loaded.url}/snapshots").json()["snapshots"][0]


def test_all_paths_hold_what_the_snapshot_says(
    loaded: BackgroundStack, published: dict[str, Any], run_console: RunConsole
) -> None:
    ran = run_console("verify", "--url", loaded.url, "--json")
    assert ran.code == 0
    result = json.loads(ran.out)
    assert published["rows"] == ROWS
    expected = {"bookmark": published["bookmark"], "rows": ROWS, "hash": published["hash"], "is_right": True}
    expected["unpublished"] = 5
    assert {name: result[name] for name in expected} == expected
    for check, source in zip(result["paths"], SOURCES, strict=True):
        assert check.pop("seconds") > 0
        right = {"source": source, "rows": ROWS, "hash": published["hash"], "is_right": True}
        assert check == right | {"first_difference": None}


def test_the_outcome_for_people(loaded: BackgroundStack, published: dict[str, Any], run_console: RunConsole) -> None:
    ran = run_console("verify", "--url", loaded.url)
    assert ran.code == 0
    announced, *progress, unpublished, how = ran.err.splitlines()
    assert unpublished == "5 newer rows are in no snapshot yet. The next insert publishes them, or:"
    assert how == f"curl -X POST {loaded.url}/snapshots"
    assert announced == f"2,345 rows at {published['bookmark']}, {loaded.url}"
    assert all(line.startswith("verify: ") for line in progress)  # where it took long
    lines = [line for line in ran.out.splitlines() if published["hash"] in line]
    assert [line.split()[1] for line in lines] == list(SOURCES)
    assert all("2,345" in line and "pass" in line for line in lines)


def tampering(source: str, page: int, old: str, new: str) -> Step:
    """Change the first `old` after the start of the data, in one page of one path."""

    def change(text: str) -> str:
        start, mark, data = text.partition('"data":')
        assert old in data
        return start + mark + data.replace(old, new, 1)

    def step(exchange: Exchange) -> None:
        is_it = exchange.path.startswith(f"/{source}?") and pages_seen(exchange, source) == page
        exchange.forward(change if is_it else str)

    return step


def pages_seen(exchange: Exchange, source: str) -> int:
    return sum(path.startswith(f"/{source}?") for _, path, _ in exchange.api.seen)


class Change(NamedTuple):
    """What is changed in one page, and the first row that then differs."""

    page: int
    old: str
    new: str
    seq: int


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    "change",
    [
        Change(1, '"id":"0', '"id":"1', 1),
        Change(2, '"id":"0', '"id":"1', 1001),
        Change(3, '"created_at":"2', '"created_at":"3', 2001),
        Change(1, f'"{VALUE}":', f'"{VALUE}": ', 1),
        Change(2, "},{", '},{"id":"x","created_at":"x"},{', 1002),
    ],
)
def test_a_path_that_differs_is_named_with_its_first_row(
    loaded: BackgroundStack, faulty: FaultyApi, run_console: RunConsole, source: str, change: Change
) -> None:
    seq = change.seq
    faulty.script.extend([passes, *[tampering(source, change.page, change.old, change.new)] * 30])
    ran = run_console("verify", "--url", faulty.url, "--json")
    assert ran.code == 1
    result = json.loads(ran.out)
    assert result["is_right"] is False
    assert [check["is_right"] for check in result["paths"]] == [path != source for path in SOURCES]
    assert [check["first_difference"] for check in result["paths"]] == [
        seq if path == source else None for path in SOURCES
    ]
    assert ran.err.splitlines()[-2].endswith(f"{source} (first at seq {seq})")


def test_rows_that_are_missing_at_the_end_are_noticed(
    loaded: BackgroundStack, faulty: FaultyApi, run_console: RunConsole
) -> None:
    def end_early(text: str) -> str:
        start, mark, rest = text.partition('"next":"')
        return f'{start}"next":null{rest[rest.index(chr(34)) + 1 :]}' if mark else text

    def step(exchange: Exchange) -> None:
        exchange.forward(end_early if exchange.path.startswith("/ddb?") else str)

    faulty.script.extend([passes, *[step] * 30])
    ran = run_console("verify", "--url", faulty.url)
    assert ran.code == 1
    (line,) = [line for line in ran.out.splitlines() if "FAIL" in line]
    assert line.split()[1:4:2] == ["ddb", "1,000"]
    assert "ddb (first at seq 1001)" in ran.err


def test_paths_that_agree_against_the_snapshot_are_said_to(
    loaded: BackgroundStack, faulty: FaultyApi, run_console: RunConsole, published: dict[str, Any]
) -> None:
    wrong = published["hash"].translate(str.maketrans("0123456789abcdef", "1234567890bcdefa"))
    faulty.script.append(lambda exchange: exchange.forward(lambda text: text.replace(published["hash"], wrong)))
    ran = run_console("verify", "--url", faulty.url)
    assert ran.code == 1
    assert ran.err.count("(the paths agree with each other)") == 3
    assert "POST /snapshots" in ran.err


def test_paths_that_all_differ_name_their_first_rows(
    loaded: BackgroundStack, faulty: FaultyApi, run_console: RunConsole, published: dict[str, Any]
) -> None:
    def step(exchange: Exchange) -> None:
        if exchange.path.startswith("/ddb?"):
            tampering("ddb", 3, '"id":"0', '"id":"1')(exchange)
        else:
            tampering("sqlite-efs", 2, '"id":"0', '"id":"1')(exchange)

    other = answers(200, {"snapshots": [{"bookmark": published["bookmark"], "hash": "0" * 32, "bytes": 1}]})
    faulty.script.extend([other, *[step] * 30])
    ran = run_console("verify", "--url", faulty.url)
    assert ran.code == 1
    for said in ("sqlite-efs (first at seq 1001)", "sqlite-tmp (first at seq 1001)", "ddb (first at seq 1001)"):
        assert said in ran.err


def test_without_a_snapshot_there_is_nothing_to_verify(faulty: FaultyApi, run_console: RunConsole) -> None:
    faulty.script.append(answers(200, {"snapshots": []}))
    ran = run_console("verify", "--url", faulty.url)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"Error: {faulty.url} has no snapshot yet\nTry: {PROGRAM} seed --url {faulty.url} --count 1000\n"


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        '{"snapshots":[{}]}',
        '{"snapshots":[3]}',
        '{"snapshots":"x"}',
        '{"snapshots":3}',
        '{"snapshots":[{"bookmark":"7","hash":"0","bytes":1}]}',
        '{"snapshots":[{"bookmark":"7.1","hash":"0"}]}',
        '{"snapshots":[{"bookmark":"7.1","hash":"0","bytes":"many"}]}',
    ],
)
def test_a_list_that_is_none_is_unexpected(faulty: FaultyApi, run_console: RunConsole, content: str) -> None:
    faulty.script.append(answers(200, content))
    assert "unexpected answer: no list of snapshots" in run_console("verify", "--url", faulty.url).err


def test_a_bookmark_of_another_ledger_is_refused(
    loaded: BackgroundStack, faulty: FaultyApi, run_console: RunConsole
) -> None:
    faulty.script.append(answers(200, {"snapshots": [{"bookmark": "7.3", "hash": "0" * 32, "bytes": 1}]}))
    ran = run_console("verify", "--url", faulty.url)
    assert ran.code == 1
    assert "was answered with 409" in ran.err


def test_an_empty_ledger_is_right(live: BackgroundStack, faulty: FaultyApi, run_console: RunConsole) -> None:
    faulty.script.extend(empty_api("7.0"))
    ran = run_console("verify", "--url", faulty.url)
    assert (ran.code, "no snapshot yet" in ran.err) == (0, False)


def test_one_row_of_another_ledger_is_unpublished(faulty: FaultyApi, run_console: RunConsole) -> None:
    faulty.script.extend(empty_api("8.1"))
    ran = run_console("verify", "--url", faulty.url)
    assert ran.code == 0
    assert "1 newer row is in no snapshot yet. The next insert publishes it, or:" in ran.err


@pytest.mark.parametrize("head", ["no", None])
def test_a_head_without_a_bookmark_is_unexpected(faulty: FaultyApi, run_console: RunConsole, head: str | None) -> None:
    faulty.script.extend(empty_api(head))
    assert "unexpected answer: no bookmark of the ledger" in run_console("verify", "--url", faulty.url).err


@pytest.mark.parametrize(
    ("head", "hash_of_head", "said"),
    [
        ("7.0", "1" * 32, f"at 7.0 the snapshot's hash is {'0' * 32}, the ledger's {'1' * 32}"),
        ("6.9", "0" * 32, "the snapshot 7.0 reaches beyond the ledger's head 6.9"),
    ],
)
def test_a_snapshot_of_another_history_is_told_by_one_comparison(
    faulty: FaultyApi, run_console: RunConsole, head: str, hash_of_head: str, said: str
) -> None:
    for level in ("quick", "full"):
        faulty.script.extend(empty_api(head, hash_of_head)[:2])
        ran = run_console("verify", "--url", faulty.url, "--level", level)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.endswith(f"Error: {said}; {REMEDY}\nTry: {PROGRAM} ledger new-epoch\n")
    assert len(faulty.seen) == 4


def test_the_quick_level_compares_two_hashes_and_reads_no_row(
    live: BackgroundStack, faulty: FaultyApi, run_console: RunConsole
) -> None:
    web.post(f"{live.url}/snapshots")
    (published, *_) = web.get(f"{live.url}/snapshots").json()["snapshots"]
    ran = run_console("verify", "--url", faulty.url, "--level", "quick")
    assert (ran.code, ran.out) == (0, f"The snapshot's hash is the ledger's: {published['hash']}\n")
    assert [path for _, path, _ in faulty.seen] == ["/snapshots", "/command/health"]
    result = json.loads(run_console("verify", "--url", faulty.url, "--level", "quick", "--json").out)
    expected = {"bookmark": published["bookmark"], "rows": published["rows"], "hash": published["hash"]}
    assert result == expected | {"is_right": True, "paths": [], "inside": None, "unpublished": 0}


def test_the_quick_level_does_not_judge_while_rows_are_unpublished(
    live: BackgroundStack, run_console: RunConsole
) -> None:
    web.post(f"{live.url}/insert", json={"count": 2}, headers={"prefer": "respond-async"})
    ran = run_console("verify", "--url", live.url, "--level", "quick")
    assert (ran.code, ran.out) == (0, "")
    assert "2 newer rows are in no snapshot yet." in ran.err
    assert json.loads(run_console("verify", "--url", live.url, "--level", "quick", "--json").out)["is_right"] is None


def test_the_quick_level_leaves_a_change_of_columns_to_the_full_one(faulty: FaultyApi, run_console: RunConsole) -> None:
    faulty.script.extend(2 * empty_api("7.0", None)[:2])
    ran = run_console("verify", "--url", faulty.url, "--level", "quick")
    said = "Nothing was compared: the ledger's columns are being changed. --level full reads all of it\n"
    assert (ran.code, ran.out) == (0, said)
    assert json.loads(run_console("verify", "--url", faulty.url, "--level", "quick", "--json").out)["is_right"] is None


def empty_api(head: str | None, hash_of_head: str | None = "0" * 32) -> list[Step]:
    """What an API with an empty snapshot, and a ledger with this head, answers to a verification."""
    snapshots = {"snapshots": [{"bookmark": "7.0", "hash": "0" * 32, "bytes": 1}]}
    page = '{"bookmark":"7.0","count":0,"data":[],"next":null}'
    health = {"hash": hash_of_head} | ({"bookmark": head} if head else {})
    return [answers(200, snapshots), answers(200, health), *[answers(200, page)] * 3]


def test_the_command_that_publishes_does(live: BackgroundStack, run_console: RunConsole) -> None:
    web.post(f"{live.url}/insert", json={"count": 3}, headers={"prefer": "respond-async"})
    curl, option, method, url = shlex.split(run_console("verify", "--url", live.url).err.splitlines()[-1])
    assert (curl, option, method) == ("curl", "-X", "POST")
    assert web.post(url).status_code == 201
    assert json.loads(run_console("verify", "--url", live.url, "--json").out)["unpublished"] == 0
