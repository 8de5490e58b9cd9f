"""All read paths give the same answers, to the byte, at every point of every history."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from handlers.aws import table
from handlers.aws.table import page_of, rows_key
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.stats import Stats
from handlers.ledger import ledger as ledger_module
from handlers.ledger.branch import branch_off
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger
from handlers.model.model import Row
from handlers.reads import ddb_view, sqlite_filter, sqlite_view
from handlers.reads import page as page_module
from handlers.reads.ddb import LedgerReader
from handlers.reads.ddb_view import LedgerView
from handlers.reads.fresh import FreshReader
from handlers.reads.page import PageQuery
from handlers.rows import MODEL
from handlers.snapshots import chain
from handlers.telemetry.usage import Usage
from tests.support.api import SOURCES, Api, spread
from tests.support.drafts import VALUE, value_of, with_value
from tests.support.files import Place, without_flushing
from tests.support.filters import few_drafts, filters, matching
from tests.support.meddling import no_time_limit, set_head

if TYPE_CHECKING:
    from handlers.reads.reader import View

VALUES = [-2.5, -1.25, 0.0, 0.25, 0.1 + 0.2, 1e100]  # few, so that many rows share one
TIMES = [f"2026-01-01T00:00:{second:02d}.000Z" for second in (1, 2, 3, 40)]
WORLDS = itertools.count(1)  # each example has epochs of its own in the one table

Answers = tuple[str, list[str], str, list[str | None]]  # bookmark, pages, statistics, rows by id


@pytest.fixture(autouse=True)
def small_numbers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Chains of many files, and ledgers of many pages, with few rows."""
    for module in (table, ledger_module):
        monkeypatch.setattr(module, "PAGE_ROWS", 16)
    for module in (sqlite_filter, ddb_view):
        monkeypatch.setattr(module, "NEARBY_ROWS", 2)
    monkeypatch.setattr(chain, "SMALL_ROWS", 3)
    monkeypatch.setattr(chain, "GROWTH", 2)
    monkeypatch.setattr(chain, "MERGED_ROWS", 20)
    with without_flushing():
        yield


class World:
    """A ledger with its branches, the sandboxes that publish and read it, and what each history holds by plain Python.

    Attributes:
        snapshots: the readers of the SQLite paths.
        stored: the rows of each epoch; those of a branch that was left stay.
        longest: of how many files the longest chain was.
    """

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        number = next(WORLDS)
        self.place = Place(folder / str(number))
        self.heads = {number * 1000: Head.new(number * 1000)}
        self.stored: dict[int, list[Row]] = {number * 1000: []}
        self.longest = 0
        self._ledger = ledger
        self._random = Random(1)  # an example that fails fails again
        self._publisher = self.place.publisher(ledger)
        self.snapshots = self.place.on_efs(), self.place.in_tmp()
        self._on_ddb = LedgerReader(ledger)
        self._fresh = [FreshReader(reader, ledger) for reader in self.snapshots]
        set_head(ledger, self.head)

    @property
    def head(self) -> Head:
        return self.heads[max(self.heads)]

    def insert(self, count: int) -> None:
        """Ids in no order, times that go back and forth."""
        made = [self._row(seq) for seq in range(self.head.seq + 1, self.head.seq + 1 + count)]
        requests: list[Any] = []
        for row in made:
            key = {"pk": {"S": rows_key(self.head.root, page_of(row[0]))}, "sk": {"N": str(row[0])}}
            requests.append({"PutRequest": {"Item": {**key, **MODEL.to_item(row)}}})
        self._ledger.client.batch_write_item(RequestItems={self._ledger.table_name: requests})
        self.stored[self.head.epoch] += made
        self.heads[self.head.epoch] = self.head.plus(made)
        set_head(self._ledger, self.head)

    def publish(self, *, compact: bool) -> None:
        published = self._publisher.publish(self.head.bookmark, Usage(), compact=compact)
        assert published.bookmark == self.head.bookmark
        self.longest = max(self.longest, len(published.chain))

    def restore(self, epoch: float, seq: float) -> None:
        """Go on from a point of any history that was there."""
        found = self.heads[sorted(self.heads)[int(epoch * (len(self.heads) - 1))]]
        kept = self.stored[found.epoch][: round(seq * found.seq)]
        at = replace(found, seq=0, hash=0, stats=Stats()).plus(kept)
        branched = branch_off(self._ledger, self.head, at, self.head.epoch + 1, no_time_limit())
        self.heads[branched.epoch], self.stored[branched.epoch] = branched, kept

    def ask(self, query: dict[str, str], part: float) -> None:
        """Compare all paths at one point of the snapshot, and of the ledger."""
        bookmarks = [reader.read(NOTHING, Usage(), lambda view: view.bookmark) for reader in self.snapshots]
        assert bookmarks[0] == bookmarks[1]
        if bookmarks[0] != NOTHING:
            self._compare(bookmarks[0].epoch, round(part * bookmarks[0].seq), query)
        self._compare_fresh(round(part * self.head.seq), query)

    def _compare(self, epoch: int, seq: int, query: dict[str, str]) -> None:
        head, point, ids = self.heads[epoch], Bookmark(epoch, seq), self._ids()
        wanted = answers(LedgerView(self._ledger, head, lambda: head, no_time_limit()).at(point), query, ids)
        self._check(wanted, point, query, ids)
        for reader in self.snapshots:
            assert reader.read(point, Usage(), lambda view: answers(view.at(point), query, ids)) == wanted

    def _compare_fresh(self, seq: int, query: dict[str, str]) -> None:
        point, ids = Bookmark(self.head.epoch, seq), self._ids()
        wanted = self._on_ddb.read(NOTHING, Usage(), lambda view: answers(view.at(point), query, ids))
        self._check(wanted, point, query, ids)
        newest = self._on_ddb.read(NOTHING, Usage(), lambda view: answers(view, query, ids))
        self._check(newest, self.head.bookmark, query, ids)
        for reader in self._fresh:
            assert reader.read(point, Usage(), lambda view: answers(view.at(point), query, ids)) == wanted
            assert reader.read(NOTHING, Usage(), lambda view: answers(view, query, ids)) == newest

    def _check(self, found: Answers, point: Bookmark, query: dict[str, str], ids: list[str]) -> None:
        """Compare with plain Python."""
        prefix = self.stored[point.epoch][: point.seq]
        bookmark, pages, stats, by_id = found
        assert bookmark == str(point)
        wanted = MODEL.json_texts(matching(prefix, query))
        assert ",".join(filter(None, pages)) == ",".join(wanted if query["order"] == "asc" else wanted[::-1])
        values, times = [value_of(row) for row in prefix], [row[-1] for row in prefix]
        assert stats == json.dumps(Stats().plus(values, times).answer())
        known = {row[1]: MODEL.json_text(row) for row in prefix}
        assert by_id == [known.get(row_id) for row_id in ids]

    def _ids(self) -> list[str]:
        """Some ids of rows of any history, and one of none."""
        every = sorted({row[1] for stored in self.stored.values() for row in stored})
        return [*self._random.sample(every, min(3, len(every))), "0" * 26]

    def _row(self, seq: int) -> Row:
        row_id = f"{self._random.getrandbits(96):026d}"[-26:]
        made = few_drafts(self._random)
        row = MODEL.row_of(seq, f"{self.head.epoch:09d}{row_id[9:]}", made, self._random.choice(TIMES))
        return with_value(row, self._random.choice(VALUES))


def answers(view: View, query: dict[str, str], ids: list[str]) -> Answers:
    """Everything that can be asked: a walk to its end, statistics, rows by id."""
    pages: list[str] = []
    page = PageQuery(query)
    while True:
        text, count, last_seq = view.page(page)
        assert (count == 0) == (text == "")
        pages.append(text)
        if last_seq is None:
            break
        page = PageQuery(query | {"cursor": page.cursor(view.bookmark_text, last_seq)})
    return view.bookmark_text, pages, view.stats_text(), [view.row(row_id) for row_id in ids]


pages = st.fixed_dictionaries(
    {"limit": st.sampled_from(["4", "15", "100"]), "order": st.sampled_from(["asc", "desc"])},
    optional={"from": st.sampled_from(TIMES[:3]), "to": st.just(TIMES[3])},
)
queries = st.tuples(pages, filters({VALUE: VALUES})).map(lambda both: both[0] | both[1])
parts = st.sampled_from([0.0, 0.3, 0.5, 0.8, 0.95, 1.0])
steps = st.one_of(
    st.tuples(st.just("insert"), st.integers(1, 15)),
    st.tuples(st.just("publish"), st.booleans()),
    st.tuples(st.just("restore"), st.tuples(parts, parts)),
    st.tuples(st.just("ask"), st.tuples(queries, parts)),
)
ALL = {"limit": "4", "order": "asc"}


@settings(max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    history=st.lists(steps, min_size=6, max_size=16),
    most_page_bytes=st.sampled_from([250, 700, 5_000_000]),
    kept_bytes=st.sampled_from([0, 1_000_000]),
)
@example(  # a row of the branch that was left has the seq of one that is asked for
    history=[
        ("insert", 15),
        ("publish", False),
        ("insert", 6),
        ("publish", False),
        ("insert", 1),
        ("publish", False),
        ("ask", (ALL, 1.0)),
        ("restore", (1.0, 0.5)),
        ("ask", (ALL, 0.95)),
        ("insert", 9),
        ("publish", True),
        ("insert", 2),
        ("ask", (ALL, 0.8)),
        ("restore", (0.0, 1.0)),
        ("publish", False),
        ("ask", (ALL, 1.0)),
    ],
    most_page_bytes=250,
    kept_bytes=0,
)
def test_every_path_answers_every_question_as_the_ledger_does_at_every_point_of_every_history(
    ledger: Ledger, tmp_path: Path, history: list[tuple[str, Any]], most_page_bytes: int, kept_bytes: int
) -> None:
    world = World(ledger, tmp_path)
    with (
        mock.patch.object(page_module, "MOST_PAGE_BYTES", most_page_bytes),
        mock.patch.object(sqlite_view, "MOST_PAGE_BYTES", most_page_bytes),
        mock.patch.object(sqlite_view, "KEPT_BYTES", kept_bytes),
    ):
        for step, how in history:
            if step == "insert":
                world.insert(how)
            elif step == "publish":
                world.publish(compact=how)
            elif step == "restore":
                world.restore(*how)
            else:
                world.ask(*how)
        world.publish(compact=False)
        world.ask({"limit": "15", "order": "desc"}, 0.5)
    assert all(reader.retries == 0 for reader in world.snapshots)


def test_these_worlds_have_chains_of_several_files(ledger: Ledger, tmp_path: Path) -> None:
    """The test above would be of little use otherwise."""
    world = World(ledger, tmp_path)
    for count in (15, 6, 1):
        world.insert(count)
        world.publish(compact=False)
    assert world.longest == 3


@pytest.mark.parametrize(
    "query", ["", "limit=3", "order=asc&limit=2", "min_value=0.25&max_value=0.75", "limit=1000", "as_of", "fresh=1"]
)
def test_the_three_paths_give_the_same_bytes_for_a_bookmark_and_query(api: Api, query: str) -> None:
    inserted = api.post("/insert", {"items": spread(120)}).json
    earlier = inserted["bookmark"].replace(".120", ".70")
    wanted = inserted["bookmark"]
    if query == "as_of":
        query, wanted = f"as_of={earlier}", earlier
    pages = [api.get(source, query, min_bookmark=inserted["bookmark"]) for source in SOURCES]
    assert [page.status for page in pages] == [200, 200, 200]
    assert [page.headers["snapshot-bookmark"] for page in pages] == [wanted] * 3
    texts = {page.text.partition('"data":')[2].partition(',"timings_ms"')[0] for page in pages}
    assert len(texts) == 1
