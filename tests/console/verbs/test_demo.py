from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.paths import PROGRAM, ROOT
from tests.console.conftest import RunConsole
from tests.support.local.processes import children, gone, until

SMALL = ("demo", "--count", "20", "--reads", "2")


@pytest.fixture(autouse=True)
def no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a step takes here, it says nothing before its end: what it says is tested with the terminal."""
    monkeypatch.setattr("console.terminal.STEP_INTERVAL_S", math.inf)


def test_it_compares_proves_and_leaves_nothing(
    run_console: RunConsole, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ran = run_console("demo", "--count", "1200", "--reads", "5")
    assert (ran.code, ran.err) == (0, "")
    for said in (
        r"^The main job on this machine, from nothing to three read paths compared:$",
        r"^ *\d+\.\d s  start the local stack",
        r"^ *\d+\.\d s  insert 1,200 rows through the API: [\d,.]+ rows/s, snapshot published in",
        r"^ *\d+\.\d s  ask all three paths the same: \d+ queries, [\d,]+ bytes, alike to the byte$",
        r"^ *\d+\.\d s  verify each path against the snapshot: 1,200 rows each, count and content hash agree$",
        r"^ *\d+\.\d s  stop the local stack$",
        r"^ *\d+\.\d s  publish a row and read it first on each path, 3 times$",
        r"^What to expect on AWS, the newest 100 of 1,200 rows:$",
        r"^expected on AWS, ms +sqlite-efs +sqlite-tmp +ddb$",
        r"^≈ is a model: operations counted here, ",
        r"^For 1,200 rows, 1 million reads and 1,000 publishes a month: read by ",
        r"measure on AWS before you rely on it\.$",
    ):
        assert re.search(said, ran.out, re.MULTILINE), said
    assert max(len(line) for line in ran.out.splitlines() if not line.startswith(PROGRAM)) <= 100
    assert all(line == line.rstrip() and "\x1b" not in line for line in ran.out.splitlines())
    table = ran.out.partition("──\n")[2].partition("\n\n")[0]
    assert [re.split(" {2,}", line)[0] for line in table.splitlines()] == [
        f"{case}, {which}"
        for case in ("warm read", "first read in a new sandbox", "first read after a publish")
        for which in ("p50", "slow")
    ]
    assert all(len(re.findall("≈ ", line)) == 3 for line in table.splitlines())
    assert not re.search(r"\btimes as (long|fast)", ran.out)
    assert list(tmp_path.iterdir()) == []
    check_that_its_commands_work_when_pasted(*ran.out.splitlines()[-2:])


def test_postgresql_is_a_fourth_home(run_console: RunConsole) -> None:
    ran = run_console("demo", "--postgres", "--count", "600", "--reads", "4")
    assert (ran.code, ran.err) == (0, "")
    for said in (
        r"^The main job on this machine, from nothing to four read paths compared:$",
        r"^ *\d+\.\d s  start the local stack: an emulated DynamoDB, a PostgreSQL, three functions, a gateway$",
        r"^ *\d+\.\d s  ask all four paths the same: \d+ queries, [\d,]+ bytes, alike to the byte$",
        r"^ *\d+\.\d s  verify each path against the snapshot: 600 rows each, count and content hash agree$",
        r"^ *\d+\.\d s  publish a row and read it first on each path, 3 times$",
        r"^expected on AWS, ms +sqlite-efs +sqlite-tmp +ddb +postgres$",
    ):
        assert re.search(said, ran.out, re.MULTILINE), said


def check_that_its_commands_work_when_pasted(cost: str, serve: str) -> None:
    printed = subprocess.run(cost, cwd=ROOT, shell=True, check=True, capture_output=True, text=True).stdout
    assert "USD a month" in printed
    assert serve == "make serve"
    subprocess.run(["make", "--dry-run", "serve"], cwd=ROOT, check=True, capture_output=True)


def test_its_json_stands_alone_on_standard_output(run_console: RunConsole) -> None:
    ran = run_console(*SMALL, "--json")
    assert ran.code == 0
    result = json.loads(ran.out)
    assert (result["rows"], result["reads"], result["seed"]) == (20, 2, 1)
    assert [path["source"] for path in result["paths"]] == ["sqlite-efs", "sqlite-tmp", "ddb"]
    assert result["verification"]["is_right"] is True
    assert result["sentence"].startswith("On this machine a warm read takes the function ")
    assert result["verdict"]["paragraph"].startswith("For 20 rows, ")
    assert [(it["case"], it["is_measured"]) for it in result["expected"]][::3] == [
        ("newest-100", False),
        ("first-in-sandbox", False),
        ("first-after-publish", False),
    ]
    assert "s  stop the local stack" in ran.err
    assert result["seconds"] > 0


def test_what_goes_wrong_on_the_way_stops_the_stack_too(
    run_console: RunConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ConsoleError("the paths differ", "nothing")

    monkeypatch.setattr("console.benchmark.demo.compare_answers", fail)
    ran = run_console(*SMALL)
    assert ran.code == 1
    assert ran.out.splitlines()[-1].endswith("stop the local stack")
    assert ran.err == "Error: the paths differ\nTry: nothing\n"


@pytest.mark.parametrize("arguments", [["--count", "1"], ["--reads", "1"]])
def test_too_little_to_compare_is_a_wrong_command_line(run_console: RunConsole, arguments: list[str]) -> None:
    assert run_console("demo", *arguments).code == 2


@pytest.mark.usefixtures("measured_children")
def test_ctrl_c_stops_everything(tmp_path: Path) -> None:
    command = [sys.executable, "-u", "-m", "console", "demo", "--count", "1000000"]
    pipe = subprocess.PIPE
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=pipe, stderr=pipe, text=True) as process:
        until(lambda: len(children(process.pid)) == 2)  # the emulator, and the function that inserts
        running = children(process.pid)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode == 130
    assert err.splitlines()[-2].startswith("Error: interrupted")
    assert err.splitlines()[-1] == f"Try: {PROGRAM} demo"
    assert all(gone(pid) for pid in running)
    assert list(tmp_path.iterdir()) == []
