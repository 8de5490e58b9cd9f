from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.paths import PROGRAM
from console.recovery.clocked import Phase
from console.recovery.disaster import Disaster
from console.recovery.disasters import Outcome
from console.recovery.drilled_stack import DrilledStack
from handlers.domain.bookmark import Bookmark
from tests.console.conftest import RunConsole
from tests.console.recovery.production import MOMENT, PROD

DRILL = "console.verbs.operations.drill"


@pytest.fixture(autouse=True)
def no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.terminal.STEP_INTERVAL_S", math.inf)


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Everything that a drill makes is in this folder."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def on_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack `prod` that pulumi knows."""
    monkeypatch.setattr(f"{DRILL}.ask_names", {"prod": PROD}.__getitem__)


def test_every_disaster_is_lived_through_and_nothing_is_left(run_console: RunConsole, temporary: Path) -> None:
    ran = run_console("drill", "--count", "20", "--json")
    assert ran.code == 0, ran.err
    drills = {each["disaster"]: each for each in json.loads(ran.out)["drills"]}
    assert list(drills) == ["rows", "table", "files"]
    points = {
        name: [Bookmark.parse(each["outcome"][when]) for when in ("before", "after")] for name, each in drills.items()
    }
    assert [each["outcome"]["lost_rows"] for each in drills.values()] == [0, 2, 0]
    assert [point.seq for point in points["rows"] + points["table"]] == [22, 20, 22, 20]
    assert all(after.epoch > before.epoch for before, after in (points["rows"], points["table"]))
    assert points["files"][0] == points["files"][1]
    for each in drills.values():
        parts = [step["phase"] for step in each["steps"]]
        assert parts == sorted(parts, key=["before", "way back", "proof"].index)
        assert each["back_s"] == sum(step["seconds"] for step in each["steps"] if step["phase"] == "way back") > 0
    assert "verification has to say so: The ledger lacks 1 of the rows 1 to " in " ".join(ran.err.split())
    assert list(temporary.iterdir()) == []


class EmptyStack:
    """A stack that does nothing."""

    url = "http://127.0.0.1:1"

    def __init__(self, _: object) -> None:
        self.is_running = False

    def start(self) -> None:
        self.is_running = True

    def stop(self) -> None:
        assert self.is_running
        self.is_running = False


def lose_nothing(stack: DrilledStack, count: int) -> Outcome:
    with stack.clocked(Phase.BACK, "nothing"):
        return Outcome(rows=count, lost_rows=0, before="7.20", after="7.20")


def fail(*_: object) -> Outcome:
    raise ConsoleError("the paths differ", "nothing")


def test_the_outcome_for_people_and_the_folder_kept(
    run_console: RunConsole, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.recovery.drill.BackgroundStack", EmptyStack)
    monkeypatch.setattr("console.recovery.drill.DRILLED", {Disaster.FILES: lose_nothing})
    ran = run_console("drill", "--scenario", "files", "--count", "20", "--keep")
    assert ran.code == 0, ran.err
    (folder,) = temporary.iterdir()
    said = "".join(ran.out.split())  # a long path is broken anywhere
    for part in (f"Kept: {folder}", f"start a local stack in {folder}", "│ files │ 20 │ 0 ", "knows no time but now"):
        assert "".join(part.split()) in said, part
    assert "Kept:" not in run_console("drill", "--scenario", "files").out
    assert list(temporary.iterdir()) == [folder]


def test_what_is_not_back_is_an_error_and_nothing_is_left(
    run_console: RunConsole, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.recovery.drill.BackgroundStack", EmptyStack)
    monkeypatch.setattr("console.recovery.drill.DRILLED", {Disaster.FILES: fail})
    ran = run_console("drill", "--scenario", "files", "--count", "2")
    assert (ran.code, ran.err) == (1, "Error: the paths differ\nTry: nothing\n")
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("scenario", ["deleted", "backup", "region"])
def test_what_happens_on_aws_alone_is_not_drilled(run_console: RunConsole, scenario: str) -> None:
    ran = run_console("drill", "--scenario", scenario)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"Error: {scenario} happens on AWS alone; --stack NAME prints the way back\nTry: ")


@pytest.mark.usefixtures("on_aws")
def test_the_way_back_is_printed_so_that_it_can_be_pasted(run_console: RunConsole, temporary: Path) -> None:
    ran = run_console("drill", "--scenario", "rows", "--stack", "prod", "--to", MOMENT)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[:4] == [
        "# 1. See the histories",
        "export TABLE_NAME=lambda-sqlite-prod-ledger AWS_REGION=us-east-1",
        f"{PROGRAM} ledger show",
        "# Before you go on: the first one is the one that is written to",
    ]
    assert f"{PROGRAM} ledger restore --to {MOMENT} --url {PROD.api_url} --dry-run" in lines
    assert list(temporary.iterdir()) == []


@pytest.mark.usefixtures("on_aws")
def test_the_way_back_for_other_programs(run_console: RunConsole) -> None:
    content = json.loads(run_console("drill", "--scenario", "table", "--stack", "prod", "--json").out)
    assert (content["scenario"], content["stack"]) == ("table", "prod")
    assert all({*step} == {"what", "commands", "look"} for step in content["steps"])


@pytest.mark.parametrize(("scenario", "said"), [("region", "in one region alone"), ("rows", "--to is missing")])
def test_what_needs_no_names_is_said_before_pulumi_is_asked(
    run_console: RunConsole, monkeypatch: pytest.MonkeyPatch, scenario: str, said: str
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    ran = run_console("drill", "--scenario", scenario, "--stack", "prod")
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err


@pytest.mark.usefixtures("on_aws")
@pytest.mark.parametrize("chosen", [[], ["--scenario", "rows", "--scenario", "table"]], ids=["none", "two"])
def test_one_way_back_at_a_time(run_console: RunConsole, chosen: list[str]) -> None:
    ran = run_console("drill", *chosen, "--stack", "prod")
    assert ran.code == 1
    assert ran.err.startswith("Error: --stack needs one --scenario: rows, table, deleted, backup, files, region\n")
