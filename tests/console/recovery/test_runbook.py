from __future__ import annotations

import dataclasses
import json
import shlex
import subprocess

import pytest

from console.errors import ConsoleError
from console.paths import PROGRAM, ROOT
from console.recovery.disaster import Disaster
from console.recovery.names import names_from_outputs
from console.recovery.runbook import MOST_LOOKS, Step, runbook
from tests.console.recovery.production import MOMENT, OUTPUTS, PROD
from tests.infra.program import graph
from tests.infra.watch.commands import check_options
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


def test_no_command_of_the_document_is_broken_within_quotes() -> None:
    """There a backslash does not join lines: it would be part of the argument."""
    for _, block in FENCE.findall(DOCUMENT):
        for line in block.split("\n"):
            if line.endswith("\\"):
                assert line.count("'") % 2 == 0, line


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


AWKWARD = "it's; $HOME"
NAMED = ("table", "table_arn", "file_system", "api_url", "command", "projector", "vault", "restore_role_arn", "key_arn")


@pytest.mark.parametrize("disaster", ON_AWS)
def test_a_shell_sees_each_name_as_it_is(disaster: Disaster) -> None:
    """A name with a blank, a quote and a variable is as many words as any other: one, or part of one."""
    awkward = dataclasses.replace(PROD, project=AWKWARD, stack=AWKWARD, **dict.fromkeys(NAMED, AWKWARD))
    plain, quoted = (commands(runbook(disaster, names, MOMENT)) for names in (PROD, awkward))
    assert [len(shlex.split(command)) for command in quoted] == [len(shlex.split(command)) for command in plain]


@pytest.mark.parametrize("disaster", ON_AWS)
def test_every_command_of_aws_has_options_that_it_knows(disaster: Disaster) -> None:
    for command in commands(runbook(disaster, PROD, MOMENT)):
        check_options(command)


def loop_of(command: str) -> str:
    (loop,) = [each for each in commands(runbook(Disaster.TABLE, PROD)) if command in each and each.startswith("for ")]
    return loop


def looks(states: str) -> tuple[int, str]:
    """How often the loop that waits for the table looks, and what it shows, where `aws` prints these states."""
    fake = f"""
    calls=$(mktemp)
    sleep() {{ :; }}
    aws() {{ echo >> "$calls"; set -- {states}; shift $(($(wc -l < "$calls") - 1)) 2>/dev/null; echo "$1"; }}
    {loop_of("Table.TableStatus")}
    wc -l < "$calls"; rm "$calls"
    """
    done = subprocess.run(["bash", "-c", fake], text=True, capture_output=True, check=True)
    *shown, count = done.stdout.split()
    return int(count), " ".join(shown)


@pytest.mark.parametrize(
    ("states", "seen"),
    [
        ("CREATING CREATING ACTIVE", (3, "CREATING CREATING")),
        ("''", (1, "")),  # a restore that failed leaves no table
        (" ".join(["CREATING"] * 1000), (MOST_LOOKS, " ".join(["CREATING"] * MOST_LOOKS))),
    ],
    ids=["restored", "failed", "endless"],
)
def test_waiting_for_a_table_has_an_end(states: str, seen: tuple[int, str]) -> None:
    assert looks(states) == seen


def test_a_restored_table_has_the_stacks_own_key() -> None:
    for disaster, said in (
        (Disaster.TABLE, f"--sse-specification-override Enabled=true,SSEType=KMS,KMSMasterKeyId={PROD.key_arn}"),
        (Disaster.DELETED, f"--sse-specification-override Enabled=true,SSEType=KMS,KMSMasterKeyId={PROD.key_arn}"),
        (Disaster.BACKUP, f'"encryptionType": "KMS", "kmsMasterKeyArn": "{PROD.key_arn}"'),
    ):
        assert any(said in command for command in commands(runbook(disaster, PROD)))
        without = commands(runbook(disaster, dataclasses.replace(PROD, key_arn="")))
        assert not [command for command in without if "sse-spec" in command or "encryptionType" in command]


def test_the_newest_backup_is_the_one_that_is_restored() -> None:
    for disaster in (Disaster.DELETED, Disaster.BACKUP):
        (found,) = [each for each in commands(runbook(disaster, PROD)) if "[-1]" in each]
        assert "sort_by(" in found


def test_maintenance_is_called_once_however_long_it_takes() -> None:
    (invoke,) = [each for each in commands(runbook(Disaster.FILES, PROD)) if "lambda invoke" in each]
    assert invoke.startswith("AWS_MAX_ATTEMPTS=1 ")
    assert " --cli-read-timeout 0 " in invoke


def test_rows_need_a_point_to_go_back_to() -> None:
    with pytest.raises(ConsoleError, match="--to is missing"):
        runbook(Disaster.ROWS, PROD)


def test_without_a_vault_there_is_nothing_to_restore_from() -> None:
    with pytest.raises(ConsoleError, match="has no vault") as raised:
        runbook(Disaster.BACKUP, BARE)
    check_command(raised.value.hint.removeprefix(PROGRAM))


def test_a_region_that_is_gone_takes_the_ledger_with_it() -> None:
    with pytest.raises(ConsoleError, match="of prod is in one region alone") as raised:
        runbook(Disaster.REGION, PROD)
    assert "## The region is gone" in DOCUMENT
    assert "The region is gone" in raised.value.hint
