"""The way back of a stack on AWS: for each disaster the commands in their order, and what to look at after each.

Nothing here runs anything. docs/recovery.md shows the same commands, for a stack `prod`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

from console.errors import ConsoleError
from console.paths import PROGRAM
from console.recovery.disaster import Disaster
from console.recovery.names import Names

LATEST = ""
MOST_LOOKS = 240  # at what takes long, one a minute
MAINTAIN = '{"task": "maintain"}'


@dataclass(frozen=True)
class Step:
    """Something to do: what for, by which commands, and what to look at before going on."""

    what: str
    commands: Sequence[str]
    look: str


def runbook(disaster: Disaster, names: Names, to: str = LATEST) -> list[Step]:
    """Return the steps of the way back.

    Args:
        to: the point to go back to, a time, or for rows a bookmark too; empty: the latest there is.

    Raises ConsoleError where the stack has no such way, or the point is missing.
    """
    check_way(disaster, names.stack, to)
    return WAYS[disaster](names, to)


def check_way(disaster: Disaster, stack: str, to: str) -> None:
    """Check what can be known before the stack's names are. Arguments as of `runbook`. Raises ConsoleError."""
    if disaster is Disaster.REGION:
        said = f"the ledger of {stack} is in one region alone, so with the region it is gone"
        raise ConsoleError(said, "read docs/recovery.md, 'The region is gone'")
    if disaster is Disaster.ROWS and not to:
        raise ConsoleError("--to is missing: a bookmark, or a time before the mistake", f"{PROGRAM} ledger show")


def _rows(names: Names, to: str) -> list[Step]:
    restore = f"{PROGRAM} ledger restore --to {quote(to)} --url {quote(names.api_url)}"
    variables = f"export TABLE_NAME={quote(names.table)} AWS_REGION={names.region}"
    return [
        Step("See the histories", [variables, f"{PROGRAM} ledger show"], "the first one is the one that is written to"),
        Step("See what would stay", [f"{restore} --dry-run"], "the number of rows, and when the newest was created"),
        Step("Go back", [restore], "it prints the command that undoes it"),
        _proof(names),
    ]


def _table(names: Names, to: str) -> list[Step]:
    moment = f"--restore-date-time {quote(to)}" if to else "--use-latest-restorable-time"
    restore = (
        f"aws dynamodb restore-table-to-point-in-time --region {names.region} {moment} "
        f"--source-table-name {quote(names.table)} --target-table-name {quote(names.restored_table)}{_sse(names)}"
    )
    look = "LatestRestorableDateTime is later than the moment to go back to"
    window = f"aws dynamodb describe-continuous-backups --region {names.region} --table-name {quote(names.table)}"
    return [
        _freeze(names),
        Step("See how far back and forth it can go", [window], look),
        _restored("Restore the table under another name", [restore], names),
        *_adopted(names),
    ]


def _deleted(names: Names, _: str) -> list[Step]:
    backup = (
        f"BACKUP=$(aws dynamodb list-backups --region {names.region} --table-name {quote(names.table)} "
        "--backup-type SYSTEM --query 'sort_by(BackupSummaries, &BackupCreationDateTime)[-1].BackupArn' --output text)"
    )
    restore = (
        f"aws dynamodb restore-table-from-backup --region {names.region} "
        f'--target-table-name {quote(names.restored_table)} --backup-arn "$BACKUP"{_sse(names)}'
    )
    look = "an ARN, not None: DynamoDB keeps the last state of a deleted table for 35 days"
    return [
        _freeze(names),
        Step("Find the backup that DynamoDB made", [backup, 'echo "$BACKUP"'], look),
        _restored("Restore it under another name", [restore], names),
        *_adopted(names),
    ]


def _backup(names: Names, _: str) -> list[Step]:
    if not names.vault:
        said = f"the stack {names.stack} has no vault: its setting backup is none"
        raise ConsoleError(said, f"{PROGRAM} drill --scenario table --stack {quote(names.stack)}")
    point = (
        f"POINT=$(aws backup list-recovery-points-by-backup-vault --region {names.region} "
        f"--backup-vault-name {quote(names.vault)} --by-resource-arn {quote(names.table_arn)} "
        "--query 'sort_by(RecoveryPoints, &CreationDate)[-1].RecoveryPointArn' --output text)"
    )
    encryption = {"encryptionType": "KMS", "kmsMasterKeyArn": names.key_arn} if names.key_arn else {}
    metadata = json.dumps({"targetTableName": names.restored_table, **encryption})
    restore = (
        f'JOB=$(aws backup start-restore-job --region {names.region} --recovery-point-arn "$POINT" '
        f"--iam-role-arn {quote(names.restore_role_arn)} --resource-type DynamoDB --metadata {quote(metadata)} "
        "--query RestoreJobId --output text)"
    )
    job = f'aws backup describe-restore-job --region {names.region} --restore-job-id "$JOB"'
    ended = f"{job} --query '[Status, StatusMessage]' --output text"
    return [
        _freeze(names),
        Step("Find the newest backup", [point, 'echo "$POINT"'], "an ARN, not None"),
        Step(
            "Restore it under another name",
            [restore, _while(f"{job} --query Status --output text", "PENDING|RUNNING"), ended],
            "COMPLETED; or else it says why not",
        ),
        _restored("See the table", [], names),
        *_adopted(names),
    ]


def _files(names: Names, _: str) -> list[Step]:
    state = (
        f"aws efs describe-file-systems --region {names.region} --file-system-id {quote(names.file_system)} "
        "--query 'FileSystems[0].LifeCycleState' --output text"
    )
    publish = (  # by itself the CLI gives up after a minute, and invokes again
        f"AWS_MAX_ATTEMPTS=1 aws lambda invoke --region {names.region} --cli-read-timeout 0 "
        f"--function-name {quote(f'{names.projector}:live')} --cli-binary-format raw-in-base64-out "
        f"--payload {quote(MAINTAIN)} /dev/stdout"
    )
    return [
        Step("See whether the file system is there", [state], "available; or else FileSystemNotFound"),
        Step(
            "Make what is missing",
            [f"pulumi up --refresh --stack {quote(names.stack)}"],
            "file system, mount targets and access points are created, or nothing is to do",
        ),
        Step("Publish the ledger", [publish], 'no "errorType"; the next insert does the same'),
        _proof(names),
    ]


def _sse(names: Names) -> str:
    """Return the options that give a restored table the stack's own key; none where AWS manages the keys."""
    if not names.key_arn:
        return ""
    return f" --sse-specification-override {quote(f'Enabled=true,SSEType=KMS,KMSMasterKeyId={names.key_arn}')}"


def _freeze(names: Names) -> Step:
    stop = (
        f"aws lambda put-function-concurrency --region {names.region} --function-name {quote(names.command)} "
        "--reserved-concurrent-executions 0"
    )
    return Step(
        "Stop the writers: what comes now would be lost", [stop], "inserts get 503; `pulumi up` lets them in again"
    )


def _while(command: str, states: str) -> str:
    """Return a loop that ends when the state that a command prints is none of these, or was one for hours."""
    return f"for _ in $(seq {MOST_LOOKS}); do sleep 60; {command} | grep -E {quote(states)} || break; done"


def _restored(what: str, commands: Sequence[str], names: Names) -> Step:
    table = f"aws dynamodb describe-table --region {names.region} --table-name {quote(names.restored_table)}"
    wait = _while(f"{table} --query Table.TableStatus --output text", "CREATING")
    count = f"{table} --query 'Table.[TableStatus, ItemCount]' --output text"
    look = "ACTIVE, and about as many items as rows (AWS counts them every six hours); not found: the restore failed"
    return Step(what, [*commands, wait, count], look)


def _adopted(names: Names) -> list[Step]:
    """Return how a stack takes a restored table, and goes on with it."""
    # A name that ends there: a second run of this line changes nothing.
    exchange = quote(f's#{names.table}\\(["\\/]\\)#{names.restored_table}\\1#g')
    stack = f"--stack {quote(names.stack)}"
    state = f"pulumi stack export {stack} | sed {exchange} | pulumi stack import {stack}"
    setting = f"pulumi config set tableName {quote(names.restored_table)} {stack}"
    let_go = [f"pulumi state unprotect --yes {stack} {quote(names.selection_urn)}"] if names.vault else []
    return [
        Step(
            "Let the stack take the restored table",
            [state, setting, *let_go, f"pulumi up --refresh {stack}"],
            "in the preview no table is created, replaced or deleted",
        ),
        Step(
            "Make it the newest history",
            [f"{PROGRAM} ledger new-epoch --url {quote(names.api_url)}"],
            "it names the bookmark at which the ledger goes on; old ones get 409 from now on",
        ),
        _proof(names),
    ]


def _proof(names: Names) -> Step:
    verify = f"{PROGRAM} verify --url {quote(names.api_url)} --function {quote(names.projector)}"
    return Step("Prove it", [f"export AWS_REGION={names.region}", verify], "every path and the whole ledger: pass")


WAYS: Mapping[Disaster, Callable[[Names, str], list[Step]]] = {
    Disaster.ROWS: _rows,
    Disaster.TABLE: _table,
    Disaster.DELETED: _deleted,
    Disaster.BACKUP: _backup,
    Disaster.FILES: _files,
}
