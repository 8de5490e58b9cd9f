from __future__ import annotations

import dataclasses
import json
import subprocess

import pytest

from console.errors import ConsoleError
from console.paths import PROGRAM, ROOT
from console.recovery.disaster import Disaster
from console.recovery.names import names_from_outputs
from console.recovery.runbook import Step, runbook
from tests.console.recovery.production import MOMENT, OUTPUTS, PROD
from tests.infra.program import graph
from tests.support.commands import check_command
from tests.support.documents import FENCE

ON_AWS = [disaster for disaster in Disaster if disaster is not Disaster.REGION]
BARE = names_from_outputs("prod", {key: value for key, value in OUTPUTS.items() if "backup" not in key})
DOCUMENT = (ROOT / "docs" / "recovery.md").read_text(encoding="utf-8")
HEADINGS = {
    Disaster.ROWS: "## Rows were written by mistake",
    Disaster.TABLE: "## The table is damaged",
    Disaster.DELETED: "## The table is deleted",
    Disaster.BACKUP: "## Only the vault has it",
    Disaster.FILES: "## The file system is gone",
}


def commands(steps: list[Step]) -> list[str]:
    return [command for step in steps for command in step.commands]


def shown(heading: str) -> list[str]:
    """The commands in a section of the document, as they are typed here."""
    section = DOCUMENT.partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    lines = "\n".join(block for _, block in FENCE.findall(section)).replace("\\\n  ", "").splitlines()
    return [line.replace(".venv/bin/python -m console", PROGRAM) for line in lines]


@pytest.mark.parametrize("disaster", ON_AWS)
def test_the_document_shows_the_commands_that_are_printed(disaster: Disaster) -> None:
    """Whatever a table is restored from, what follows is one section."""
    to = MOMENT if disaster in (Disaster.ROWS, Disaster.TABLE) else ""
    is_table = disaster in (Disaster.TABLE, Disaster.DELETED, Disaster.BACKUP)
    section = shown(HEADINGS[disaster]) + (shown("## A restored table") if is_table else [])
    assert section == commands(runbook(disaster, PROD, to))


@pytest.mark.parametrize("to", ["", MOMENT], ids=["latest", "moment"])
@pytest.mark.parametrize("disaster", ON_AWS)
def test_a_shell_and_the_console_take_every_command(disaster: Disaster, to: str) -> None:
    steps = runbook(disaster, PROD, to or (f"{2**40}.7" if disaster is Disaster.ROWS else ""))
    text = "\n".join(commands(steps))
    assert subprocess.run(["bash", "-n"], input=text, text=True, check=False).returncode == 0
    for command in commands(steps):
        if command.startswith(PROGRAM):
            check_command(command.removeprefix(PROGRAM))
    assert all(step.look for step in steps)


@pytest.mark.parametrize("disaster", ON_AWS)
def test_every_way_back_ends_with_the_proof(disaster: Disaster) -> None:
    last = commands(runbook(disaster, PROD, MOMENT))[-1]
    assert last == f"{PROGRAM} verify --url {PROD.api_url} --function lambda-sqlite-prod-projector"


def test_the_moment_to_go_back_to_is_the_one_that_was_asked_for() -> None:
    for to, said in ((MOMENT, f"--restore-date-time {MOMENT}"), ("", "--use-latest-restorable-time")):
        assert any(said in command for command in commands(runbook(Disaster.TABLE, PROD, to)))


def test_the_state_is_changed_once_however_often_the_command_is_run() -> None:
    (line,) = [each for each in commands(runbook(Disaster.TABLE, PROD)) if "| sed" in each]
    exchange = line.split(" | ")[1]
    policy = json.dumps({"Resource": [OUTPUTS["table_arn"], f"{OUTPUTS['table_arn']}/index/*"]})
    state = json.dumps({"id": PROD.table, "policy": policy, "other": f"{PROD.table}-old"})
    once = subprocess.run(exchange, shell=True, input=state, text=True, capture_output=True, check=True).stdout
    twice = subprocess.run(exchange, shell=True, input=once, text=True, capture_output=True, check=True).stdout
    assert once == twice
    restored = json.loads(once)
    assert (restored["id"], restored["other"]) == (PROD.restored_table, f"{PROD.table}-old")
    arn = f"{OUTPUTS['table_arn']}-restored"
    assert json.loads(restored["policy"])["Resource"] == [arn, f"{arn}/index/*"]


def test_the_selection_that_has_to_let_go_is_the_stacks_own() -> None:
    assert graph("prod").one("Selection").urn == PROD.selection_urn
    assert any(PROD.selection_urn in command for command in commands(runbook(Disaster.TABLE, PROD)))
    assert not any("unprotect" in command for command in commands(runbook(Disaster.TABLE, BARE)))


def test_the_restored_tables_name_is_one_that_the_vaults_role_may_fill() -> None:
    assert PROD.restored_table.startswith(f"{PROD.table}-")


def test_every_name_is_the_stacks_own() -> None:
    other = dataclasses.replace(PROD, stack="shop", region="eu-west-1", table="rows", vault="", restore_role_arn="")
    text = "\n".join(commands(runbook(Disaster.TABLE, other)))
    assert "prod-ledger" not in text
    assert "us-east-1 " not in text
    assert "--stack shop" in text


def test_rows_need_a_point_to_go_back_to() -> None:
    with pytest.raises(ConsoleError, match="--to is missing"):
        runbook(Disaster.ROWS, PROD)


def test_without_a_vault_there_is_nothing_to_restore_from() -> None:
    with pytest.raises(ConsoleError, match="has no vault") as raised:
        runbook(Disaster.BACKUP, BARE)
    check_command(raised.value.hint.removeprefix(PROGRAM))


def test_a_region_that_is_gone_takes_the_ledger_with_it() -> None:
    with pytest.raises(ConsoleError, match="in us-east-1 alone") as raised:
        runbook(Disaster.REGION, PROD)
    assert "## The region is gone" in DOCUMENT
    assert "The region is gone" in raised.value.hint
