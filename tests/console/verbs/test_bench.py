from __future__ import annotations

import csv
import errno
import json
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.benchmark.samples import Samples
from console.client.client import Client
from console.local.background import BackgroundStack
from console.paths import PROGRAM, ROOT
from console.results.result import BenchResult, Size, load
from console.verdict.verdict import advise
from handlers.routes import SOURCES
from tests.console.conftest import RunConsole
from tests.support.local.faults import Exchange, FaultyApi, answers, drops, passes
from tests.support.local.processes import until

EMPTY = answers(200, {"snapshots": [{"bookmark": "7.0", "hash": "0", "bytes": 1}]})
FEW = ("--iterations", "3", "--warm-ups", "1")


@pytest.fixture(scope="module")
def loaded(live: BackgroundStack) -> BackgroundStack:
    """The live stack with some rows."""
    with Client(live.url) as client:
        client.post("/insert", {"count": 500})
    return live


@pytest.fixture
def narrow_bursts(monkeypatch: pytest.MonkeyPatch) -> None:
    """One burst, for tests that are about something else."""
    monkeypatch.setattr("console.benchmark.bursts.WIDEST", 10)


def head(stack: BackgroundStack) -> str:
    return httpx.get(f"{stack.url}/command/health").json()["bookmark"]


def result_in(folder: Path) -> BenchResult:
    (path,) = folder.glob("*-benchmark.json")
    return load(path)


def lines_in(folder: Path) -> list[dict[str, str]]:
    (path,) = folder.glob("*-benchmark.csv")
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def kinds(size: Size) -> Counter[tuple[str, str, str]]:
    return Counter(
        {(it.workload, it.source, it.loop): it.requests + sum(it.errors.values()) for it in size.measurements}
    )


def test_reading_alone_is_measured_by_default_and_every_request_kept(
    loaded: BackgroundStack, run_console: RunConsole, tmp_path: Path
) -> None:
    before = head(loaded)
    chosen = ("--workloads", "stats,newest-100,by-id,range,walk")
    ran = run_console("bench", "--url", loaded.url, *FEW, *chosen, "--rate", "50", "--out", str(tmp_path))
    assert ran.code == 0
    assert head(loaded) == before
    result = result_in(tmp_path)
    assert (result.complete, result.seed, result.environment.url) == (True, 1, loaded.url)
    assert result.settings.workloads == ("newest-100", "by-id", "walk", "range", "stats")
    (size,) = result.sizes
    assert (size.rows, size.bookmark) == (500, before)
    assert size.snapshot_bytes > 10_000
    for workload in result.settings.workloads:
        for source in SOURCES:
            it = size.measured(workload, source)
            assert it is not None
            assert (it.requests, it.errors) == (3, {})
            assert it.client_ms is not None
            assert it.server_ms is not None
            assert it.client_ms.p50 > it.server_ms.p50 > 0
            assert "query" in it.phases_ms
            by_rate = size.measured(workload, source, "open")
            assert (by_rate is None) == (workload == "walk")
            assert by_rate is None or (by_rate.rate_per_s, by_rate.requests) == (50.0, 3)
    lines = lines_in(tmp_path)
    assert Counter((line["workload"], line["source"], line["loop"]) for line in lines) == kinds(size)
    stem = next(tmp_path.glob("*.json")).with_suffix("")
    assert ran.out.splitlines()[-5:] == [f"{stem}{ending}" for ending in (".json", ".csv", ".md", ".svg", "-cost.svg")]
    assert "newest-100 at 50/s" in ran.out
    last = ran.out.split("\n\n")[-2]  # before the files
    assert " ".join(last.split()) == advise(result.environment, result.sizes).paragraph


@pytest.mark.usefixtures("narrow_bursts")
def test_what_writes_is_left_out_unless_it_is_asked_for(
    loaded: BackgroundStack, run_console: RunConsole, tmp_path: Path
) -> None:
    before = head(loaded)
    ran = run_console(
        "bench", "--url", loaded.url, "--iterations", "1", "--warm-ups", "0", "--out", str(tmp_path / "a")
    )
    assert ran.code == 0
    assert head(loaded) == before
    assert not {"write", "first-after-publish"} & set(result_in(tmp_path / "a").settings.workloads)
    chosen = ("--workloads", "write,first-after-publish")
    ran = run_console("bench", "--url", loaded.url, *FEW, *chosen, "--out", str(tmp_path / "b"), "--json")
    assert ran.code == 0
    written = 3 * (1 + 3) + (1 + 3)
    assert int(head(loaded).partition(".")[2]) == int(before.partition(".")[2]) + written
    result = result_in(tmp_path / "b")
    shown = json.loads(ran.out)
    assert shown.pop("verdict") == advise(result.environment, result.sizes).content()
    assert [it["case"] for it in shown.pop("expected")[0]] == ["first-after-publish"] * 3
    assert shown == json.loads(next((tmp_path / "b").glob("*.json")).read_text())
    expected = {("first-after-publish", source, "closed"): 3 for source in SOURCES} | {("write", "ledger", "closed"): 3}
    assert kinds(result.sizes[0]) == expected


@pytest.mark.usefixtures("narrow_bursts")
def test_writes_is_one_of_the_options(loaded: BackgroundStack, run_console: RunConsole, tmp_path: Path) -> None:
    options = ("--iterations", "1", "--warm-ups", "0", "--writes", "--out", str(tmp_path))
    assert run_console("bench", "--url", loaded.url, *options).code == 0
    assert {"write", "first-after-publish"} <= set(result_in(tmp_path).settings.workloads)


def test_equal_seeds_ask_for_the_same_in_the_same_order(
    loaded: BackgroundStack, faulty: FaultyApi, run_console: RunConsole, tmp_path: Path
) -> None:
    asked: list[list[str]] = []
    for seed in ("1", "1", "2"):
        faulty.seen.clear()
        options = (*FEW, "--workloads", "by-id,range", "--seed", seed, "--out", str(tmp_path / str(len(asked))))
        assert run_console("bench", "--url", faulty.url, *options).code == 0
        asked.append([path for _, path, _ in faulty.seen])
    assert asked[0] == asked[1] != asked[2]


def test_a_local_stack_of_its_own_is_measured_at_several_sizes(run_console: RunConsole, tmp_path: Path) -> None:
    once = ("--iterations", "1", "--warm-ups", "0")  # each first read in a sandbox takes new processes
    ran = run_console("bench", "--local", *once, "--rows", "1100,20", "--out", str(tmp_path))
    assert ran.code == 0
    result = result_in(tmp_path)
    assert result.environment.is_local
    assert [size.rows for size in result.sizes] == [20, 1100]
    for size in result.sizes:
        assert set(kinds(size).values()) == {1}
        assert {kind[0] for kind in kinds(size)} == set(result.settings.workloads)
    assert ran.out.count("expected on AWS, ms") == len(result.sizes)
    assert not re.search(r"^(ms: p50|[a-z-]+: ).*(ddb|ledger)", ran.out, re.MULTILINE)
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".csv", ".md", ".svg"}
    assert len(list(tmp_path.glob("*.svg"))) == 4  # latency by rows, a distribution for each size, costs
    assert "not AWS's" in next(tmp_path.glob("*.md")).read_text(encoding="utf-8")


def test_errors_are_counted_and_nothing_is_sent_twice(
    loaded: BackgroundStack, faulty: FaultyApi, run_console: RunConsole, tmp_path: Path
) -> None:
    seen: list[str] = []

    def step(exchange: Exchange) -> None:
        """Every read of one path is lost, refused or answered in turn."""
        if not exchange.path.startswith("/ddb?"):
            exchange.forward()
            return
        seen.append(exchange.path)
        (passes, drops, answers(503, retry_after="0"), answers(200, "{}"))[len(seen) % 4](exchange)

    faulty.script.extend([step] * 100)
    options = ("--iterations", "8", "--warm-ups", "0", "--workloads", "newest-100", "--out", str(tmp_path))
    assert run_console("bench", "--url", faulty.url, *options).code == 0
    size = result_in(tmp_path).sizes[0]
    it = size.measured("newest-100", "ddb")
    assert it is not None
    assert (it.requests, it.errors) == (2, {"503": 2, "connection": 2, "unreadable": 2})
    assert len(seen) == 8
    assert [size.measured("newest-100", source).requests for source in SOURCES[:2]] == [8, 8]  # pyright: ignore[reportOptionalMemberAccess]


def test_what_cannot_go_on_keeps_what_was_measured(
    loaded: BackgroundStack, faulty: FaultyApi, run_console: RunConsole, tmp_path: Path
) -> None:
    def step(exchange: Exchange) -> None:
        refused = answers(403, {"message": "Forbidden"})
        (refused if exchange.command == "POST" else passes)(exchange)

    faulty.script.extend([step] * 100)
    options = (*FEW, "--workloads", "newest-100,write", "--out", str(tmp_path))
    ran = run_console("bench", "--url", faulty.url, *options)
    assert ran.code == 1
    result = result_in(tmp_path)
    assert not result.complete
    assert kinds(result.sizes[0]) == {("newest-100", source, "closed"): 3 for source in SOURCES}
    error, hint = ran.err.splitlines()[-2:]
    (path,) = tmp_path.glob("*.json")
    assert error.endswith(f"403: Forbidden; what was measured until then is in {path}")
    assert hint == f"Try: {PROGRAM} report {path}"
    assert "Incomplete" in path.with_suffix(".md").read_text(encoding="utf-8")


def test_ctrl_c_keeps_what_was_measured(loaded: BackgroundStack, faulty: FaultyApi, tmp_path: Path) -> None:
    command = ["bench", "--url", faulty.url, "--iterations", "100000", "--out", str(tmp_path)]
    arguments = [sys.executable, "-m", "console", *command]
    pipe = subprocess.PIPE
    with subprocess.Popen(arguments, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:
        until(lambda: any(len(path.read_text().splitlines()) > 30 for path in tmp_path.glob("*.csv")))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode == 130
    error, hint = err.splitlines()[-2:]
    (path,) = tmp_path.glob("*.json")
    assert error == f"Error: interrupted; what was measured until then is in {path}"
    assert hint == f"Try: {PROGRAM} report {path}"
    result = load(path)
    assert not result.complete
    assert sum(kinds(result.sizes[0]).values()) == len(lines_in(tmp_path)) >= 30


def test_a_disk_that_fills_up_keeps_the_figures(
    loaded: BackgroundStack, run_console: RunConsole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Samples.add

    def fill(samples: Samples, *what: Any) -> None:
        add(samples, *what)
        if sum(map(len, samples.by_kind.values())) == 6:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Samples, "add", fill)
    ran = run_console("bench", "--url", loaded.url, *FEW, "--workloads", "stats", "--out", str(tmp_path))
    assert ran.code == 1
    assert "cannot be written: No space left on device; what was measured until then is in" in ran.err
    assert sum(kinds(result_in(tmp_path).sizes[0]).values()) == 6


def test_a_result_that_cannot_be_written_is_an_error(
    loaded: BackgroundStack, run_console: RunConsole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("console.verbs.bench.save", fail)
    ran = run_console("bench", "--url", loaded.url, *FEW, "--workloads", "stats", "--out", str(tmp_path))
    assert ran.code == 1
    assert "-benchmark.json cannot be written: No space left on device" in ran.err
    assert len(lines_in(tmp_path)) == 9


@pytest.mark.parametrize("as_json", [True, False])
def test_where_no_file_can_be_written_to_its_end_the_figures_are_shown(
    loaded: BackgroundStack, tmp_path: Path, as_json: bool
) -> None:
    limited = (
        "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000)); "
        "runpy.run_module('console', run_name='__main__', alter_sys=True)"
    )
    options = ("--workloads", "newest-100", "--out", str(tmp_path), *(["--json"] if as_json else []))
    arguments = [sys.executable, "-c", limited, "bench", "--url", loaded.url, *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(arguments, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:
        out, err = process.communicate()
    assert process.returncode == 1
    assert "Traceback" not in err
    assert "-benchmark.json cannot be written: File too large\nTry: another folder with --out" in err
    (csv_file,) = tmp_path.iterdir()
    assert csv_file.stat().st_size == 3000
    if as_json:
        (size,) = json.loads(out)["sizes"]
        assert sum(it["requests"] for it in size["measurements"]) == len(csv_file.read_text().splitlines()) - 1
    else:
        assert "newest-100" in out
        assert "p50 [interval]" in out


def test_a_folder_that_cannot_be_written_is_found_before_anything_is_asked(
    faulty: FaultyApi, run_console: RunConsole, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    ran = run_console("bench", "--url", faulty.url, "--out", str(tmp_path / "file" / "folder"))
    assert ran.code == 1
    assert "cannot be written: Not a directory\nTry: another folder with --out" in ran.err
    assert faulty.seen == []


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ([answers(403, {"message": "Forbidden"})], ("/health was answered with 403: Forbidden", "AWS credentials")),
        ([passes, answers(200, {"snapshots": []})], ("has no snapshot yet", "console seed")),
        ([passes, EMPTY, EMPTY], ("has no rows to read", "console seed")),
    ],
)
def test_what_cannot_be_measured_at_all_leaves_no_files(
    faulty: FaultyApi, run_console: RunConsole, tmp_path: Path, script: list[Any], said: tuple[str, str]
) -> None:
    faulty.script.extend(script)
    ran = run_console("bench", "--url", faulty.url, "--out", str(tmp_path))
    assert (ran.code, ran.out) == (1, "")
    error, hint = ran.err.splitlines()[-2:]
    assert said[0] in error
    assert said[1] in hint
    assert list(tmp_path.iterdir()) == []


def test_a_rate_that_takes_longer_than_a_path_may_is_refused_before_anything_is_asked(
    faulty: FaultyApi, run_console: RunConsole, tmp_path: Path
) -> None:
    ran = run_console("bench", "--url", faulty.url, "--rate", "0.3", "--iterations", "25", "--out", str(tmp_path))
    assert (ran.code, ran.out) == (1, "")
    error, hint = ran.err.splitlines()[-2:]
    assert error == "Error: 25 requests at 0.3 a second take 84 s, and --limit-s is 60"
    assert hint == "Try: a higher --rate, fewer --iterations, or --limit-s 84"
    assert faulty.seen == []
    assert list(tmp_path.iterdir()) == []


def test_an_api_that_is_not_there_is_said_to_be(run_console: RunConsole, tmp_path: Path) -> None:
    with FaultyApi() as gone:
        url = gone.url
    ran = run_console("bench", "--url", url, "--out", str(tmp_path))
    assert ran.code == 1
    assert f"{url} does not answer" in ran.err


def test_more_rows_than_a_size_is_an_error(loaded: BackgroundStack, run_console: RunConsole, tmp_path: Path) -> None:
    ran = run_console("bench", "--url", loaded.url, "--rows", "100", "--out", str(tmp_path))
    assert ran.code == 1
    assert "more than the 100 asked for" in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("--local", "--url", "http://127.0.0.1:9"),
        ("--workloads", "nap"),
        ("--rows", "many"),
        ("--iterations", "0"),
        *(("--rate", number) for number in ("0", "-1", "inf", "-inf", "nan")),
        *(("--limit-s", number) for number in ("0", "inf", "nan")),
    ],
)
def test_a_wrong_command_line_measures_nothing(
    run_console: RunConsole, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    assert run_console("bench", *arguments, "--out", str(tmp_path)).code == 2
    assert list(tmp_path.iterdir()) == []
