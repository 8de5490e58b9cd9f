"""The disasters that a local stack can live through, each with its way back."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from console.client.failures import unexpected
from console.client.snapshots import published_bookmark
from console.data.branches import begin_epoch, find_target, read_prefix, restore
from console.data.inside import in_this_process, look_inside
from console.data.ledger import create_table, open_store
from console.errors import ConsoleError
from console.paths import PROGRAM
from console.recovery.clocked import Phase
from console.recovery.drilled_stack import DrilledStack
from handlers.aws.table import PARTITION_KEY, SORT_KEY, page_of, rows_key
from handlers.domain.bookmark import Bookmark

LATER_SHARE = 10  # after the point to go back to comes a tenth of the rows again
RESTORED = "restored"


@dataclass(frozen=True)
class Outcome:
    """The outcome of a way back.

    Attributes:
        rows: how many there were before the disaster.
        lost_rows: how many of them are gone, as the disaster has it.
        before: the newest point before the disaster.
        after: the newest point after it.
    """

    rows: int
    lost_rows: int
    before: str
    after: str


def rows_by_mistake(stack: DrilledStack, count: int) -> Outcome:
    """Write rows by mistake, and go back to the point before them."""
    good = stack.insert(f"insert {count:,} rows", count)
    bad = stack.insert(f"insert {_later(count):,} by mistake", _later(count))
    with open_store(stack.environment) as store:
        target = find_target(store.ledger, str(good))
        with stack.clocked(Phase.BACK, f"read the ledger up to {good}", target.last) as advance:
            prefix = read_prefix(store.ledger, target, advance)
        with stack.clocked(Phase.BACK, "go back: write a new head, and publish"):
            restored = restore(store.ledger, stack.client, prefix)
            stack.clocked.note(f"{restored.kept_rows:,} rows at {restored.bookmark}")
    return _outcome(stack, bad, 0)


def damaged_table(stack: DrilledStack, count: int) -> Outcome:
    """Damage the table past the API, restore it as it was under another name, and adopt that."""
    stack.insert(f"insert {count:,} rows", count)
    backup = _back_up(stack)
    newest = stack.insert(f"insert {_later(count):,} more, which the restore will lose", _later(count))
    _damage(stack, newest)
    _restore(stack, backup)
    with stack.clocked(Phase.BACK, "ask for a publish, which has to be refused: the snapshots tell another history"):
        stack.expect(409, "POST", "/snapshots")
    with stack.clocked(Phase.BACK, "make the restored table the newest history, and publish it"):
        stack.clocked.note(f"readers see {begin_epoch(stack.client)}")
    return _outcome(stack, newest, _later(count))


def lost_files(stack: DrilledStack, count: int) -> Outcome:
    """Delete everything on the file system, and publish the ledger anew."""
    newest = stack.insert(f"insert {count:,} rows", count)
    with stack.clocked(Phase.BEFORE, "delete everything below EFS_DIR, and end all sandboxes"):
        for entry in Path(stack.environment["EFS_DIR"]).iterdir():
            shutil.rmtree(entry)
        stack.local.recycle()
    with stack.clocked(Phase.BEFORE, "read meanwhile at the newest bookmark: DynamoDB answers, SQLite says come again"):
        stack.expect(200, "GET", "/ddb", newest)
        for path in ("/sqlite-efs", "/sqlite-tmp"):
            if "retry-after" not in (response := stack.expect(503, "GET", path, newest)).headers:
                raise unexpected(response, "503 without Retry-After")
    with stack.clocked(Phase.BACK, "POST /snapshots"):
        published = published_bookmark(stack.client.post("/snapshots", {}))
        if published != str(newest):
            raise ConsoleError(f"{published} was published, not {newest}", f"{PROGRAM} drill --keep")
    proven = stack.prove()
    return Outcome(newest.seq, 0, str(newest), str(proven))


def _outcome(stack: DrilledStack, newest: Bookmark, lost_rows: int) -> Outcome:
    proven = stack.prove()
    stack.prove_replaced(newest)
    return Outcome(newest.seq, lost_rows, str(newest), str(proven))


def _later(count: int) -> int:
    return max(1, count // LATER_SHARE)


def _back_up(stack: DrilledStack) -> str:
    """Copy the table. Returns the copy's ARN.

    The emulator restores a table to no time but now, so the moment to go back to is that of a backup.
    """
    with (
        stack.clocked(Phase.BEFORE, "back up the table: the moment to go back to"),
        open_store(stack.environment) as store,
    ):
        made = store.client.create_backup(TableName=store.ledger.table_name, BackupName="drill")
        return made["BackupDetails"]["BackupArn"]


def _damage(stack: DrilledStack, newest: Bookmark) -> None:
    """Delete a row of the ledger past the API, and see that verification says so."""
    with stack.clocked(Phase.BEFORE, "delete a row of the table past the API; verification has to say so"):
        with open_store(stack.environment) as store:
            key = {PARTITION_KEY: {"S": rows_key(newest.epoch, page_of(1))}, SORT_KEY: {"N": "1"}}
            store.client.delete_item(TableName=store.ledger.table_name, Key=key)
        with in_this_process(stack.environment) as step:
            found = look_inside(step, newest, lambda _: None)
        if found["is_right"]:
            raise ConsoleError("a row is missing and verification found nothing", f"{PROGRAM} drill --keep")
        stack.clocked.note(str(found["fault"]))


def _restore(stack: DrilledStack, backup: str) -> None:
    """Restore the backup under another name, give it what a restore leaves out, and turn the functions to it."""
    name = f"{stack.environment['TABLE_NAME']}-{RESTORED}"
    with stack.clocked(Phase.BACK, f"restore the table as {name}"), open_store(stack.environment) as store:
        store.client.restore_table_from_backup(TargetTableName=name, BackupArn=backup)
        create_table(store.client, name)
    with stack.clocked(Phase.BACK, "turn the functions to the restored table"):
        stack.local.configure({"TABLE_NAME": name})
        stack.clocked.note(f"the ledger is at {stack.head()}")
