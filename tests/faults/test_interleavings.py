"""Publishers, retention, compaction and readers at once: thousands of histories, each of which follows from its seed.

At every call to the file system and to the ledger another actor may go on, time may pass, and a publisher may die. The
merge rule's numbers are small here, so that a few rows make segments that overlap in every way.
"""

from __future__ import annotations

import _sqlite3
import os
import random
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.hashes import content_hash
from handlers.domain.problem import Problem
from handlers.ledger.head import Head
from handlers.ledger.ledger import Range
from handlers.reads.page import PageQuery
from handlers.reads.sqlite_efs import SqliteReader
from handlers.reads.sqlite_view import SqliteView
from handlers.rows import Row, json_text
from handlers.snapshots import chain, maker, publish, retention
from handlers.snapshots.catalog import Catalog
from handlers.snapshots.chain import Listed
from handlers.snapshots.files import copy_proven, remove
from handlers.snapshots.names import Name
from handlers.snapshots.publish import Publisher
from handlers.snapshots.published import DivergedError, Published
from handlers.snapshots.segment import Segment
from handlers.telemetry.usage import Usage
from tests.support.files import ALL, EPOCH, MemoryLedger, Place, names_in, texts_of
from tests.support.turns import Turns

CALLS = ("scandir", "lstat", "open", "link", "unlink", "rename")
OFTEN, MOSTLY = 0.15, 0.7  # how likely an actor is to lose its turn
SMALL_RULE = {"SMALL_ROWS": 2, "GROWTH": 2, "MERGED_ROWS": 6}

linked_s = retention.linked_s
made: dict[tuple[int, int, tuple[tuple[int, int], ...]], tuple[Segment, bytes]] = {}  # over all histories


class KilledError(BaseException):
    """The sandbox is gone in the middle of a call, and nothing that it would still do happens."""


class SharedLedger(MemoryLedger):
    """The ledger of one history. Reading its head takes a while."""

    def __init__(self, history: History) -> None:
        super().__init__()
        self._history = history
        self.of_epoch: dict[int, list[Row]] = {EPOCH: self.stored}

    def branch(self, epoch: int, seq: int) -> None:
        super().branch(epoch, seq)
        self.of_epoch[epoch] = self.stored

    def head(self, deadline: Deadline) -> Head:
        head = super().head(deadline)
        self._history.go_on()
        return head

    def rows(self, span: Range, deadline: Deadline) -> Iterator[list[Row]]:
        """What was written under a root stays there, whatever epoch has begun since."""
        for part in span.parts():
            yield self.of_epoch[part.root][part.first - 1 : part.last]


class QuickMaker(maker.SegmentMaker):
    """Makes each segment only once in all histories, because it is a pure function of its rows."""

    @contextmanager
    def made(
        self, catalog: Catalog, merged: Published | None, first: int, head: Head, *, end_s: float, usage: Usage
    ) -> Generator[tuple[Segment, str]]:
        for name in merged.chain if merged else ():
            copy_proven(catalog.path(name), copied := self.new_path(), name)
            remove(copied)
        key = merged.chain[-1].first if merged else first, min(head.seq, first + maker.RANGE_ROWS - 1), head.roots
        if key not in made:
            with super().made(catalog, merged, first, head, end_s=end_s, usage=usage) as (segment, path):
                made[key] = segment, Path(path).read_bytes()
        segment, content = made[key]
        Path(path := self.new_path()).write_bytes(content)
        yield segment, path
        remove(path)


class History:
    """One history: its actors, its clock, and what was acknowledged.

    Args:
        folder: an empty one.
        seed: all that happens follows from it.
        epochs: how many histories the ledger has one after the other.
    """

    def __init__(self, folder: Path, seed: int, epochs: int = 1) -> None:
        self.luck = random.Random(seed)
        self.turns = Turns(self.luck)
        self.now_s = 1_000_000.0
        self.linked_s: dict[str, float] = {}
        self.calls_to_live: dict[int | None, int] = {}  # of the actors that will die
        self.acknowledged = NOTHING
        self.is_over = False
        self.ledger = SharedLedger(self)
        self.reader = Place(folder / "reader", folder / "efs")
        self.sandboxes = [Sandbox(self, Place(folder / name, folder / "efs", RETAIN_S="0")) for name in "123"]
        self.begins_epoch_at = sorted(self.luck.sample(range(1, 12), epochs - 1))

    def run(self) -> None:
        """Let everything happen, and check that nothing got lost."""
        self.turns.run([*(sandbox.live for sandbox in self.sandboxes), self.read])
        self.is_over = True
        last = self.sandboxes[0].publisher.publish(self.ledger.bookmark, Usage())
        self.check(last)
        self.check_page(self.reader.on_efs(), NOTHING)

    def clock(self) -> float:
        return self.now_s

    def go_on(self, chance: float = OFTEN) -> None:
        """Time passes, mostly a little; this actor dies, if it has to; another one goes on, or this one."""
        if self.is_over:
            return
        lot = self.luck.random()
        self.now_s += 0.01 if lot < 0.9 else self.luck.uniform(0, 10 if lot < 0.98 else 90)
        actor = self.turns.actor
        if actor in self.calls_to_live:
            self.calls_to_live[actor] -= 1
            if self.calls_to_live[actor] <= 0:
                raise KilledError
        self.turns.give_way(chance)

    def pause(self) -> None:
        """Be idle between two requests."""
        self.now_s += self.luck.choice([0, 0, 0, 1, 20, 45, 70])
        self.turns.give_way(MOSTLY)

    def append(self) -> None:
        if self.begins_epoch_at and len(self.ledger.stored) >= self.begins_epoch_at[0]:
            self.begins_epoch_at.pop(0)
            self.ledger.branch(self.ledger.epoch + 1, self.luck.randint(0, len(self.ledger.stored)))
        self.ledger.grow(self.luck.choice([0, 1, 1, 1, 2, 3, 5, 8]))

    def check(self, published: Published) -> None:
        """Check that a snapshot holds the ledger's rows; it is acknowledged."""
        rows = self.ledger.of_epoch[published.bookmark.epoch][: published.bookmark.seq]
        assert published.hash == content_hash(0, [row[0] for row in rows], [json_text(row) for row in rows])
        self.acknowledged = max(self.acknowledged, published.bookmark)
        self.check_reachable()

    def check_reachable(self) -> None:
        """Check that what was acknowledged can be reached, by the names that are there."""
        names = [name for text in names_in(self.reader.snapshots) if (name := Name.parse(text))]
        assert Listed(names).bookmark >= self.acknowledged, sorted(names)

    def read(self) -> None:
        """Read all the time, by a reader that goes on or a new one."""
        reader, seen = self.reader.on_efs(), NOTHING
        for _ in range(6):
            self.pause()
            if self.luck.random() < 0.3:
                reader = self.reader.on_efs()
            try:
                seen = self.check_page(reader, seen)
            except Problem as problem:  # it was asleep while its files went
                assert problem.status == 503

    def check_page(self, reader: SqliteReader, seen: Bookmark) -> Bookmark:
        """Check that a reader gives exactly the rows up to a bookmark that is no older than the last one."""

        def use(view: SqliteView) -> tuple[Bookmark, list[str]]:
            text, count, _ = view.page(PageQuery(ALL))
            return view.bookmark, texts_of(text, count)

        bookmark, texts = reader.read(NOTHING, Usage(), use)
        assert bookmark >= seen
        assert texts == [json_text(row) for row in self.ledger.of_epoch.get(bookmark.epoch, [])[: bookmark.seq]]
        assert len(texts) == bookmark.seq
        return bookmark


class Sandbox:
    """A sandbox of the command function: it appends and publishes, and may be killed and replaced."""

    def __init__(self, history: History, place: Place) -> None:
        self._history = history
        self._place = place
        self.publisher = self.start()

    def start(self) -> Publisher:
        publisher = Publisher(self._history.ledger, self._place.settings, self._history.clock)
        publisher.maker = QuickMaker(self._history.ledger, self._place.settings.tmp_dir, self._history.clock)
        return publisher

    def live(self) -> None:
        history = self._history
        for _ in range(history.luck.randint(2, 5)):
            history.pause()
            if history.luck.random() < 0.1:
                history.calls_to_live[history.turns.actor] = history.luck.randint(1, 30)
            try:
                self.serve()
            except KilledError:
                self.publisher = self.start()
            history.calls_to_live.pop(history.turns.actor, None)
            history.check_reachable()

    def serve(self) -> None:
        history = self._history
        history.append()
        asked = history.ledger.bookmark
        try:
            published = self.publisher.publish(asked, Usage(), compact=history.luck.random() < 0.5)
        except Problem as problem:
            assert problem.status == 503
        except DivergedError:
            assert asked.epoch < history.ledger.epoch
        else:
            assert published.bookmark >= asked
            history.check(published)


@contextmanager
def in_turns(history: History) -> Generator[None]:
    """At each call to the file system something else may happen; the merge rule's numbers are small."""
    root = str(history.reader.efs)

    def wrapped(original: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            if str(arguments[0]).removeprefix("file:").startswith(root):
                history.go_on(MOSTLY if original is unlink else OFTEN)
            return original(*arguments, **options)

        return call

    link, unlink = os.link, os.unlink

    def timed_link(source: str, target: str) -> None:
        history.go_on(MOSTLY)
        link(source, target)
        history.linked_s[target] = history.now_s

    def told_time(path: str) -> float | None:
        return None if linked_s(path) is None else history.linked_s[path]

    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, wrapped(getattr(os, name)))
        patch.setattr(os, "link", timed_link)
        patch.setattr(_sqlite3, "connect", wrapped(_sqlite3.connect))
        patch.setattr(retention, "linked_s", told_time)
        for name, rows in SMALL_RULE.items():
            patch.setattr(chain, name, rows)
        for module in (maker, publish):
            patch.setattr(module, "RANGE_ROWS", 10)
        yield


def live_through(seed: int, epochs: int = 1) -> None:
    """Run one history. The error, if there is one, says which."""
    memory = Path("/dev/shm")  # where there is one: the files are small and many
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        history = History(Path(folder), seed, epochs)
        try:
            with in_turns(history):
                history.run()
        except BaseException as error:
            error.add_note(f"in the history of seed {seed}")
            raise


@pytest.mark.parametrize("epochs", [1, 3])
@pytest.mark.parametrize("part", range(4))
def test_nothing_acknowledged_is_ever_lost_and_readers_see_prefixes_that_grow(part: int, epochs: int) -> None:
    for seed in range(part * 200, (part + 1) * 200):
        live_through(seed, epochs)


def test_these_histories_would_find_a_retention_that_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "NEVER_BEFORE_S", 0)
    with pytest.raises(AssertionError, match="0000000000001000-") as caught:
        for seed in range(800):
            live_through(seed)
    assert caught.value.__notes__[0].startswith("in the history of seed")
