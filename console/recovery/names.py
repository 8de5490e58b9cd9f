"""The names of a stack on AWS that the way back needs, from the stack's outputs and the project's file."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from console.client.pulumi import ask_outputs
from console.client.target import PULUMI_TIMEOUT_S
from console.errors import ConsoleError
from console.paths import ROOT

PROJECT_FILE = ROOT / "Pulumi.yaml"
PROJECT_LINE = re.compile(r"^name: *['\"]?([\w.-]+)", re.MULTILINE)


@dataclass(frozen=True)
class Names:
    """One stack, its region, and its parts.

    Attributes:
        project: the name of the Pulumi project.
        vault, restore_role_arn: empty where it has no backups.
        key_arn: empty where AWS manages the keys.
    """

    project: str
    stack: str
    region: str
    table: str
    table_arn: str
    file_system: str
    api_url: str
    command: str
    projector: str
    vault: str = ""
    restore_role_arn: str = ""
    key_arn: str = ""

    @property
    def restored_table(self) -> str:
        """Return the name of the table that is restored: the vault's role may fill those that begin so."""
        return f"{self.table}-restored"

    @property
    def selection_urn(self) -> str:
        """Return the URN of what names the table to AWS Backup; a restored table replaces it, so it has to let go."""
        kinds = "lambdasqlite:index:BackupComponent$aws:backup/selection:Selection"
        return f"urn:pulumi:{self.stack}::{self.project}::{kinds}::backup-table"


def names_from_outputs(stack: str, outputs: Mapping[str, object]) -> Names:
    """Return the names that a stack's outputs tell. Raises ConsoleError where one is not there."""
    needed = ("table_name", "table_arn", "file_system_id", "api_url", "command_function", "projector_function")
    if missing := [name for name in needed if name not in outputs]:
        message = f"the stack {stack} has no output {missing[0]}"
        raise ConsoleError(message, f"pulumi up --stack {stack}")
    found = {name: str(outputs[name]) for name in needed}
    return Names(
        project=_project(),
        stack=stack,
        region=found["table_arn"].split(":")[3],
        table=found["table_name"],
        table_arn=found["table_arn"],
        file_system=found["file_system_id"],
        api_url=found["api_url"],
        command=found["command_function"],
        projector=found["projector_function"],
        vault=str(outputs.get("backup_vault", "")),
        restore_role_arn=str(outputs.get("restore_role_arn", "")),
        key_arn=str(outputs.get("key_arn", "")),
    )


def _project() -> str:
    found = PROJECT_LINE.search(PROJECT_FILE.read_text(encoding="utf-8"))
    if found is None:
        raise ConsoleError(f"{PROJECT_FILE} has no name", "pulumi stack ls")
    return found[1]


def ask_names(stack: str) -> Names:
    """Return the names of a stack, as `pulumi stack output` tells them. Raises ConsoleError."""
    hint = "pulumi stack ls"
    try:
        answer = ask_outputs("--json", stack=stack, timeout_s=PULUMI_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConsoleError(f"pulumi does not answer: {error}", hint) from error
    if answer is None:
        raise ConsoleError("there is no pulumi on PATH, which knows the stack's names", "install the Pulumi CLI")
    if answer.returncode != 0:
        raise ConsoleError(f"pulumi knows no outputs of {stack}: {answer.stderr.strip()}", hint)
    return names_from_outputs(stack, cast("Mapping[str, object]", json.loads(answer.stdout)))
