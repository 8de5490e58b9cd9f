"""What must hold at every moment: checked at every write to the table, change of a folder, and answer."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, NoReturn

from handlers.aws.table import page_of, rows_key
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.hashes import content_hash
from handlers.domain.problem import Problem
from handlers.domain.stats import Stats
from handlers.ledger.head import Head
from handlers.model.model import Draft, Row
from handlers.rows import MODEL
from handlers.snapshots.chain import Listed
from handlers.snapshots.files import UnprovenError
from handlers.snapshots.names import Name
from handlers.snapshots.published import DivergedError
from tests.simulation.surroundings.calls import connect_to
from tests.simulation.surroundings.disk import MOUNT, Inode
from tests.simulation.surroundings.expressions import Item
from tests.simulation.surroundings.table import Key
from tests.simulation.surroundings.world import BrokenError, World
from tests.support.drafts import value_of

SNAPSHOTS = f"{MOUNT}/snapshots"
HEAD: Key = ("head", 0)
EXPECTED = (Problem, OSError, sqlite3.Error, DivergedError, UnprovenError)  # what handlers may survive
ROWS = f"SELECT seq, json FROM {MODEL.sql_table} ORDER BY seq"


class History:
    """The rows of one epoch.

    Attributes:
        texts: as readers show them.
        hashes: of each prefix.
        places: by id, the seq.
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.texts: list[str] = []
        self.hashes = [0]
        self.places: dict[str, int] = {}

    def add(self, row: Row) -> None:
        self.rows.append(row)
        self.texts.append(MODEL.json_text(row))
        self.hashes.append(content_hash(self.hashes[-1], [row[0]], [self.texts[-1]]))
        self.places[row[1]] = row[0]

    def stats(self, seq: int) -> dict[str, object]:
        """Return what statistics of a prefix are."""
        span = self.rows[:seq]
        return Stats().plus([value_of(row) for row in span], [row[-1] for row in span]).answer()


class Invariants(logging.Handler):
    """Follows the ledger and the published files of a world.

    Attributes:
        histories: by epoch.
        head: of the ledger.
        acknowledged: the newest point that a publisher has said is published.
        bookmarks: all that clients were told.
        is_calm: whether nothing goes wrong, so that nothing is a reason for a 503 to a write.
    """

    def __init__(self, world: World, *, is_calm: bool = False) -> None:
        super().__init__(logging.WARNING)
        self.world = world
        self.is_calm = is_calm
        self.histories: dict[int, History] = {}
        self.head = Head.new(0)
        self.acknowledged = NOTHING
        self.bookmarks: list[Bookmark] = []
        self._proven: dict[int, list[tuple[int, str]]] = {}
        world.table.on_write = self.check_write
        world.server.on_change = self.check_change

    def fail(self, what: str) -> NoReturn:
        """Say what does not hold."""
        self.world.note(f"BROKEN: {what}")
        raise BrokenError(what)

    def check(self, holds: bool, what: str) -> None:
        """Fail, unless something holds."""
        if not holds:
            self.fail(what)

    def emit(self, record: logging.LogRecord) -> None:
        """Fail where handlers log an error that nobody expects: an answer may have hidden it."""
        if record.exc_info and record.exc_info[0] and not issubclass(record.exc_info[0], EXPECTED):
            self.fail(f"unexpected error: {record.exc_info[0].__name__}: {record.exc_info[1]}")

    # The ledger

    def check_write(self, written: dict[Key, tuple[Item | None, Item]]) -> None:
        """Check that rows are appended, densely and once, and that the head stands for them."""
        added = sorted((key for key in written if key[0].startswith("ledger#")), key=lambda key: key[1])
        self.check(all(written[key][0] is None for key in added), "a row was overwritten")
        if HEAD not in written:
            self.check(not added, "rows were put without moving the head")
            return
        before, head = self.head, Head.from_item(written[HEAD][1])
        if head.epoch != before.epoch:
            self.check(not added, "an epoch began with new rows")
            self._check_branch(before, head)
        else:
            records = [(key, record) for key, (record, _) in written.items() if record is not None]
            forgotten = [record for key, record in records if is_of_another_history(key, record, before)]
            self._check_appended(before, head, [(key, written[key][1]) for key in added], forgotten)
        history = self.histories[head.epoch]
        self.check(head.hash == history.hashes[head.seq], f"the head {head.bookmark} has another hash than its rows")
        self.check(head.stats.answer() == history.stats(head.seq), f"the head {head.bookmark} has other statistics")
        self.head = head
        self.world.note(f"head {head.bookmark}")

    def _check_appended(self, before: Head, head: Head, added: list[tuple[Key, Item]], forgotten: list[Item]) -> None:
        history = self.histories[head.epoch]
        self.check(head.roots == before.roots, "roots changed within an epoch")
        self.check(len(history.texts) + len(added) == head.seq, f"{len(added)} rows moved the head to {head.bookmark}")
        known = {value_of(row): row[1] for row in history.rows}
        told = [{row_id["S"] for row_id in record["ids"]["L"]} for record in forgotten]
        for seq, (key, item) in enumerate(added, before.seq + 1):
            row = MODEL.rows_of([key[1]], [item])[0]
            self.check(key == (rows_key(head.root, page_of(seq)), seq), f"row {seq} lies at {key}")
            same = known.get(value_of(row))
            is_new = same is None or any(same not in ids for ids in told)
            self.check(is_new, f"the row {row[1]} is in the ledger twice")
            self.check(row[1] not in history.places, f"the id {row[1]} is in the ledger twice")
            history.add(row)

    def _check_branch(self, before: Head, head: Head) -> None:
        self.check(head.epoch > before.epoch, f"epoch {head.epoch} follows {before.epoch}")
        self.histories[head.epoch] = history = History()
        for row in self.stored(head):
            history.add(row)
        parent = self.histories.get(head.parent) if head.parent else History()
        is_prefix = parent is not None and parent.texts[: head.seq] == history.texts and len(history.texts) == head.seq
        self.check(is_prefix, f"{head.bookmark} is no prefix of the history it goes on from")

    def stored(self, head: Head) -> list[Row]:
        """Return the rows that lie in the table under a head's roots."""
        found: list[Row] = []
        for seq in range(1, head.seq + 1):
            item = self.world.table.get((rows_key(head.root_of(seq), page_of(seq)), seq))
            self.check(item is not None, f"row {seq} of {head.bookmark} is missing")
            found.append(MODEL.rows_of([seq], [item or {}])[0])
        return found

    # The files

    def check_change(self, path: str, is_new: bool) -> None:
        """Check that a published segment holds its rows, and that nothing acknowledged becomes unreachable."""
        folder, _, text = path.rpartition("/")
        if folder != SNAPSHOTS or (name := Name.parse(text)) is None:
            return
        inode = self.world.server.find(path)
        if is_new and inode is not None:
            self.check_segment(name, inode)
        self.check_reachable()

    def check_segment(self, name: Name, inode: Inode) -> None:
        """Check a segment's rows and bytes."""
        history = self.histories.get(name.epoch, History())
        if inode.number not in self._proven:
            digest = blake2b(Path(inode.content).read_bytes()).hexdigest()[:16]
            self.check(digest == name.digest, f"the bytes of {name} have another digest")
            connection = connect_to(inode.content)
            self._proven[inode.number] = connection.execute(ROWS).fetchall()
            connection.close()
        expected = [*enumerate(history.texts[name.first - 1 : name.last], name.first)]
        is_right = self._proven[inode.number] == expected and len(expected) == name.rows
        self.check(is_right, f"{name} was published with other rows than the ledger's")

    def listed(self) -> Listed:
        """Return what a listing of the published files shows now."""
        folder = self.world.server.find(SNAPSHOTS)
        return Listed([name for text in sorted(folder.entries if folder else ()) if (name := Name.parse(text))])

    def check_reachable(self) -> None:
        """Check that what was acknowledged can be reached."""
        newest = self.listed().bookmark
        self.check(newest >= self.acknowledged, f"{self.acknowledged} was published, and {newest} is reachable")

    def acknowledge(self, bookmark: Bookmark) -> None:
        """Take note of a point that a publisher says is published."""
        self.check_point(bookmark)
        self.acknowledged = max(self.acknowledged, bookmark)
        self.check_reachable()

    def check_point(self, bookmark: Bookmark) -> History:
        """Return the history of a bookmark; it must be a point of it."""
        history = self.histories.get(bookmark.epoch, History())
        self.check(bookmark.seq <= len(history.texts), f"{bookmark} is no point of any history")
        return history

    # At the end

    def check_all(self) -> None:
        """Check that all that was ever appended is still there, and every file published is right."""
        for epoch, history in self.histories.items():
            kept = self.world.table.get(("branch", epoch))
            head = self.head if epoch == self.head.epoch else Head.from_item(kept or {})
            self.check(self.stored(head) == history.rows, f"the rows of epoch {epoch} have changed")
        folder = self.world.server.find(SNAPSHOTS)
        for text, inode in sorted(folder.entries.items() if folder else ()):
            if name := Name.parse(text):
                self._proven.pop(inode.number, None)
                self.check_segment(name, inode)

    # Answers

    def check_inserted(self, content: dict[str, Any], drafts: Sequence[Draft]) -> None:
        """Check that acknowledged rows are in the history at their bookmark, all of them, and what was published."""
        bookmark = Bookmark.parse(content["bookmark"])
        history = self.check_point(bookmark)
        seqs = [history.places.get(row_id, 0) for row_id in content["ids"]]
        self.check(all(seqs) and len(seqs) == len(drafts), f"{content['ids']} are not all in {bookmark.epoch}")
        self.check(seqs[-1] == bookmark.seq, f"the rows end at {seqs[-1]}, the bookmark is {bookmark}")
        found = [value_of(history.rows[seq - 1]) for seq in seqs]
        given = [value_of(MODEL.row_of(0, "", draft, "")) for draft in drafts]
        self.check(found == given, "other rows were acknowledged than were sent")
        self.bookmarks.append(bookmark)
        if content["snapshot"]:
            published = Bookmark.parse(content["snapshot"]["bookmark"])
            self.check(published >= bookmark, f"{bookmark} was inserted, and {published} published")
            self.acknowledge(published)

    def check_ids(self, ids: Sequence[str]) -> None:
        """Check that rows which are said to be in are in some history."""
        for row_id in ids:
            self.check(any(row_id in history.places for history in self.histories.values()), f"{row_id} is not in")

    def check_snapshot(self, snapshot: dict[str, Any], *, is_news: bool = True) -> None:
        """Check a published snapshot's hash."""
        bookmark = Bookmark.parse(snapshot["bookmark"])
        history = self.check_point(bookmark)
        said = int(snapshot["hash"], 16)
        self.check(said == history.hashes[bookmark.seq], f"the snapshot {bookmark} has another hash than the ledger")
        if is_news:
            self.acknowledge(bookmark)


def is_of_another_history(key: Key, record: Item, head: Head) -> bool:
    """Tell whether an item is the record of a call that was last sent in another history than a head's.

    It tells of that one alone: rows of the call that came back with an older history it does not know.
    """
    if not key[0].startswith("idempotency#"):
        return False
    parts: list[tuple[int, int, int]] = json.loads(record["parts"]["S"])
    return any(head.root_of(last_seq) != root for _, root, last_seq in parts)
