"""The ledger's histories: which there are, and going back to a point of one of them.

Going back writes the head alone: a new epoch that holds the rows up to that point. No row is copied or deleted, and
the head that is left is kept, so going back is undone by going back to that one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from console.client.client import Client, read_members
from console.client.failures import refused, unreachable
from console.client.health import ask_health
from console.client.retry import Retry
from console.client.snapshots import ledger_head, published_bookmark
from console.errors import ConsoleError
from console.terminal import Advance
from handlers.aws.dynamodb import Deadline
from handlers.aws.table import PAGE_ROWS
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.hashes import hash_text
from handlers.domain.problem import Problem, shown
from handlers.domain.stats import Stats
from handlers.domain.timestamps import TIME_ALLOWED, parse_time
from handlers.ledger.branch import branch_off, left_heads
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger, Range
from handlers.model.column import Column
from handlers.model.model import Row
from handlers.rows import MODEL

BRANCH_WITHIN_S = 20.0
BATCH_ROWS = 8 * PAGE_ROWS  # read in parallel


@dataclass(frozen=True)
class History:
    """One history of the ledger.

    Attributes:
        bookmark: its newest point.
        hash: the content hash of its rows.
        parent: the epoch that it went on from; 0: none.
        left_at: when it was left; None: it is the one that is written to.
    """

    bookmark: str
    rows: int
    hash: str
    parent: int
    left_at: str | None


@dataclass(frozen=True)
class Restored:
    """The outcome of going back.

    Attributes:
        left: the newest point of the history that was written to until now.
        kept_rows: how many rows the new history begins with.
        last_created_at: when the newest of them was created; None where there is none.
        bookmark: the new history's first point; None where nothing was changed.
        snapshot: what readers see now; None where nothing was changed.
    """

    left: str
    kept_rows: int
    last_created_at: str | None
    bookmark: str | None = None
    snapshot: str | None = None


def histories(ledger: Ledger) -> list[History]:
    """Return all histories, the one that is written to first. Raises ConsoleError where there is no ledger."""
    head = head_of(ledger)
    left = left_heads(ledger, Deadline())
    return [_history(head, None), *(_history(each, at) for each, at in left)]


def head_of(ledger: Ledger) -> Head:
    """Return the ledger's head. Raises ConsoleError where there is none."""
    head = ledger.any_head(Deadline())
    if head is None:
        raise ConsoleError(f"there is no ledger in the table {ledger.table_name}", "write to it first")
    return head


@dataclass(frozen=True)
class RestorePoint:
    """A point to go back to.

    Attributes:
        history: the head of the history that it is in.
        last: its last row, at most.
        until: no row of it was created later; None: that does not matter.
    """

    history: Head
    last: int
    until: str | None


def find_target(ledger: Ledger, to: str) -> RestorePoint:
    """Return the point that a bookmark or a time names. Raises ConsoleError where there is none."""
    head = head_of(ledger)
    try:
        bookmark = Bookmark.parse(to)
    except ValueError:
        return RestorePoint(head, head.seq, _time(to))
    known = {each.epoch: each for each in (head, *(each for each, _ in left_heads(ledger, Deadline())))}
    history = known.get(bookmark.epoch)
    if history is None or bookmark.seq > history.seq:
        points = ", ".join(str(each.bookmark) for each in known.values())
        raise ConsoleError(
            f"--to {to} is no point of this ledger's histories, which reach up to {points}", "choose one"
        )
    return RestorePoint(history, bookmark.seq, None)


def read_prefix(ledger: Ledger, target: RestorePoint, advance: Advance) -> Head:
    """Return the prefix that a target names, with hash and statistics worked out from its rows.

    Raises ConsoleError where the ledger's rows are not what its head says, or do not fit the columns declared now.
    """
    history, columns = target.history, MODEL.rows_version
    if history.has_our_columns:
        columns = history.columns  # in a change of columns code before ours goes on with it, too
    found = Head(history.epoch, 0, 0, Stats(), history.roots, history.parent, columns)
    while found.seq < target.last:
        span = Range(found.roots, found.seq + 1, min(target.last, found.seq + BATCH_ROWS))
        rows = [row for page in ledger.rows(span, Deadline()) for row in page]
        if not target.history.has_our_columns:
            check_columns(rows)
        kept = rows_until(rows, target.until)
        found = found.plus(kept)
        advance(len(kept))
        if len(kept) < len(rows):
            return found
    is_whole = found.seq == target.history.seq and target.history.has_our_columns
    if is_whole and found.hash != target.history.hash:
        said = f"the rows up to {found.bookmark} are not what the ledger's head says: {hash_text(found.hash)}"
        raise ConsoleError(said, "restore the table (docs/recovery.md)")
    return found


def restore(ledger: Ledger, client: Client, at: Head) -> Restored:
    """Make a new epoch that goes on from this prefix, and publish it.

    Rows that are written meanwhile stay in the history that is left.

    Raises ConsoleError where the API serves another ledger or runs with other columns (nothing was changed then), or
    where it was made but not published; Problem where the ledger is written to all the time.
    """
    head = head_of(ledger)
    health = ask_health(client, "/command/health")
    if ledger_head(health).bookmark.epoch != head.epoch:
        said = f"{client.url} serves another ledger than the table {ledger.table_name}, whose head is {head.bookmark}"
        raise ConsoleError(said, "set TABLE_NAME, or --url, so that both are of one stack")
    published = read_members(health).get("snapshot")
    greatest = Bookmark.parse(str(published)) if published else NOTHING
    epoch = max(int(time.time() * 1000), greatest.epoch + 1, head.epoch + 1)
    head, branched = _branch_off(ledger, at, epoch)
    try:
        snapshot = published_bookmark(client.post("/snapshots", {}))
    except ConsoleError as error:
        said = f"the ledger goes on at {branched.bookmark}, but that is not published yet: {error}"
        raise ConsoleError(said, f"curl -X POST {client.url}/snapshots") from error
    return Restored(str(head.bookmark), at.seq, at.stats.last, str(branched.bookmark), snapshot)


def _branch_off(ledger: Ledger, at: Head, epoch: int) -> tuple[Head, Head]:
    """Begin a new epoch, however often the head moves on before. Returns the head that is left, and the new one."""
    retry = Retry(BRANCH_WITHIN_S)
    while True:
        head = head_of(ledger)
        try:
            return head, branch_off(ledger, head, at, max(epoch, head.epoch + 1), Deadline())
        except Problem as problem:
            if problem.kind != "conflict" or not retry.pause():
                raise


def begin_epoch(client: Client) -> str:
    """Make the ledger at hand the newest history, once, and publish it. Returns the bookmark that readers see.

    Raises ConsoleError.
    """
    before = ledger_head(client.get("/command/health")).bookmark
    try:  # once: each time would make another epoch
        response = client.once(client.prepared("POST", "/snapshots", content={"new_epoch": True}))
    except httpx.TransportError as error:
        if ledger_head(client.get("/command/health")).bookmark.epoch == before.epoch:
            raise unreachable(client.url, error, is_doubtful=True) from error
    else:
        if ledger_head(client.get("/command/health")).bookmark.epoch == before.epoch:
            raise refused(response)
    return published_bookmark(client.post("/snapshots", {}))


def check_columns(rows: Sequence[Row]) -> None:
    """Raise ConsoleError where a row, written with other columns, does not fit those that are declared now."""
    for row in rows:
        for column, value in zip(MODEL.columns, row[2:-1], strict=True):
            if not _fits(column, value):
                said = f"row {row[0]} has {shown(value)} as {column.name}, allowed: {column.allowed}"
                raise ConsoleError(said, "allow it in handlers/rows.py, or begin anew (docs/your-data.md)")


def _fits(column: Column, value: object) -> bool:
    if value is None:
        return column.is_nullable
    try:
        return column.check(column.given(value)) == value
    except (ValueError, OverflowError):
        return False


def rows_until(rows: list[Row], until: str | None) -> list[Row]:
    """Return the first rows, up to the first one that was created later."""
    count = next((place for place, row in enumerate(rows) if until is not None and row[-1] > until), None)
    return rows[:count]


def _time(text: str) -> str:
    try:
        return parse_time(text)
    except (ValueError, OverflowError) as error:
        raise ConsoleError(
            f"--to {text} is no bookmark and no time", f"give <epoch>.<seq>, or {TIME_ALLOWED}"
        ) from error


def _history(head: Head, left_at: str | None) -> History:
    return History(str(head.bookmark), head.seq, hash_text(head.hash), head.parent, left_at)
