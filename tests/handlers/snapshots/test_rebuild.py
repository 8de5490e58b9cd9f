from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem
from handlers.domain.timestamps import boottime_s
from handlers.ledger.head import Head
from handlers.ledger.ledger import Range
from handlers.model.model import Row
from handlers.snapshots import maker
from handlers.snapshots.chain import Listed
from handlers.snapshots.maker import INDEXES_S
from handlers.snapshots.names import Name
from handlers.snapshots.publish import BUILD_LIMIT_S, Publisher
from handlers.snapshots.published import DivergedError, Published
from handlers.snapshots.rebuild import Goal, Rebuild, RowSpan, missing_spans
from handlers.telemetry.usage import Usage
from tests.support.drafts import with_value
from tests.support.files import EPOCH, MemoryLedger, Place, contents, count_of, flip_bit, names_in
from tests.support.meddling import Clock

BATCH_S = (BUILD_LIMIT_S - INDEXES_S) / 3


class SlowLedger(MemoryLedger):
    """A ledger that takes a third of a call's time for a batch of ten rows."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.clock = Clock()

    def rows(self, span: Range, deadline: Deadline) -> Iterator[list[Row]]:
        if span.last > span.first:  # more than the one that proves the history
            self.clock.pass_s(BATCH_S)
        return super().rows(span, deadline)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture(autouse=True)
def batches_of_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maker, "BATCH_ROWS", 10)


def go_on(place: Place, ledger: SlowLedger, at_least: Bookmark | None = None) -> Published:
    """One call, in a sandbox of its own."""
    publisher = Publisher(ledger, place.settings, ledger.clock)
    return Rebuild(publisher, place.settings, ledger.clock).go_on(at_least or ledger.bookmark, Usage())


def ranges(published: Published) -> list[tuple[int, int]]:
    return [(name.first, name.last) for name in published.chain]


def test_all_segments_are_made_anew_whatever_is_published(place: Place) -> None:
    ledger = SlowLedger(25)
    place.publish(ledger)
    ledger.spans.clear()
    published = go_on(place, ledger)
    assert [(span.first, span.last) for span in ledger.spans] == [(1, 10), (11, 20), (21, 25)]
    assert (published.build, published.bookmark) == ("full", ledger.bookmark)
    assert published.written_bytes == published.size_bytes
    assert names_in(place.efs / "rebuild") == names_in(place.staging) == []
    assert count_of(place.on_efs()) == 25


def test_a_rebuild_of_an_empty_ledger_is_its_empty_segment(place: Place) -> None:
    assert ranges(go_on(place, SlowLedger(0))) == [(1, 0)]


def test_it_is_continued_by_the_next_call_in_any_sandbox_and_no_row_is_read_twice(place: Place) -> None:
    ledger = SlowLedger(95)
    before = place.publish(ledger)
    ledger.spans.clear()
    for reached in (40, 80):
        with pytest.raises(Problem, match=rf"rebuilt up to 1000\.{reached} of 1000\.95") as caught:
            go_on(place, ledger)
        assert caught.value.status == 503
        assert names_in(place.snapshots) == list(before.chain)
    published = go_on(place, ledger)
    assert published.bookmark.seq == 95
    firsts = [span.first for span in ledger.spans]
    assert firsts == list(range(1, 95, 10))
    assert names_in(place.efs / "rebuild") == []
    assert count_of(place.in_tmp()) == 95


def test_rows_that_are_appended_meanwhile_are_published_too(place: Place) -> None:
    ledger = SlowLedger(95)
    with pytest.raises(Problem):
        go_on(place, ledger)
    asked = ledger.bookmark
    ledger.grow(5)
    assert go_on_until_done(place, ledger, asked).bookmark.seq == 100
    assert count_of(place.on_efs()) == 100


def go_on_until_done(place: Place, ledger: SlowLedger, at_least: Bookmark) -> Published:
    for _ in range(9):
        try:
            return go_on(place, ledger, at_least)
        except Problem as problem:
            assert problem.status == 503
    raise AssertionError("it does not end")


def test_a_range_has_250_000_rows_at_most(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maker, "RANGE_ROWS", 5)
    monkeypatch.setattr(maker, "COMPACTED_ROWS", 0)
    published = go_on(place, SlowLedger(12))
    assert ranges(published) == [(11, 12), (6, 10), (1, 5)]


def test_an_older_chain_with_fewer_files_stays_in_use_only_if_all_its_bytes_are_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, VERIFY_MAX_BYTES="0")
    ledger = SlowLedger(300)
    whole = place.path(place.publish(ledger))
    flip_bit(whole, 8 * 20_000)
    monkeypatch.setattr(maker, "COMPACTED_ROWS", 0)
    for _ in range(50):
        try:
            published = go_on(place, ledger)
        except Problem:  # not done yet
            continue
        break
    else:
        raise AssertionError("it does not end")
    assert whole.name not in published.chain
    assert not whole.exists()
    assert count_of(place.on_efs()) == 300


def test_damaged_files_are_replaced(place: Place) -> None:
    ledger = SlowLedger(25)
    damaged = place.path(place.publish(ledger))
    content = damaged.read_bytes()
    flip_bit(damaged, 8 * 20_000)
    published = go_on(place, ledger)
    assert damaged.read_bytes() == content
    assert len(names_in(place.quarantine)) == 1
    assert len(contents(place.path(published))[0]) == 25


def others(ledger: MemoryLedger, first: int) -> None:
    """From here on the ledger holds other rows."""
    ledger.stored[first - 1 :] = [with_value(row, 0.125) for row in ledger.stored[first - 1 :]]


def test_what_was_done_for_another_history_is_forgotten(place: Place) -> None:
    ledger = SlowLedger(95)
    with pytest.raises(Problem):
        go_on(place, ledger)
    others(ledger, 31)
    with pytest.raises(DivergedError, match="does not hold the ledger's rows"):
        go_on_until_done(place, ledger, ledger.bookmark)
    assert names_in(place.snapshots) == names_in(place.efs / "rebuild") == []
    assert go_on_until_done(place, ledger, ledger.bookmark).bookmark.seq == 95


def test_what_reaches_beyond_the_head_is_forgotten(place: Place) -> None:
    ledger = SlowLedger(95)
    with pytest.raises(Problem):
        go_on(place, ledger)
    ledger.stored = ledger.stored[:30]
    with pytest.raises(DivergedError, match="beyond the ledger's head"):
        go_on(place, ledger)
    assert names_in(place.efs / "rebuild") == []
    assert go_on(place, ledger).bookmark.seq == 30


@pytest.mark.parametrize("is_same", [True, False])
def test_what_another_call_took_further_is_proven_against_the_later_head(place: Place, is_same: bool) -> None:
    """The head is read, then others append, and their rebuild goes further."""
    ledger = SlowLedger(95)

    class Overtaken(SlowLedger):
        def head(self, deadline: Deadline) -> Head:
            head = super().head(deadline)
            if len(self.stored) == 20:
                self.stored = list(ledger.stored)
                self.grow(5)
            return head

    with pytest.raises(Problem):
        go_on(place, ledger)  # 40 rows are done
    if not is_same:
        others(ledger, 11)
    late = Overtaken(20)
    if is_same:
        assert go_on_until_done(place, late, Bookmark(EPOCH, 20)).bookmark.seq == 100
    else:
        with pytest.raises(DivergedError):
            go_on_until_done(place, late, Bookmark(EPOCH, 20))
        assert names_in(place.snapshots) == []


def test_only_what_was_done_in_this_epoch_counts(place: Place) -> None:
    ledger = SlowLedger(95)
    with pytest.raises(Problem):
        go_on(place, ledger)
    ledger.branch(EPOCH + 1, 50)
    ledger.spans.clear()
    assert go_on_until_done(place, ledger, ledger.bookmark).bookmark == (EPOCH + 1, 50)
    assert ledger.spans[0].first == 1


def test_a_rebuild_of_which_another_call_has_just_linked_all_fails_and_can_be_asked_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = SlowLedger(5)
    link = os.link

    def late(source: str, target: str) -> None:
        if os.path.basename(os.path.dirname(target)) == "snapshots":
            monkeypatch.setattr(os, "link", link)
            place.rebuild(ledger)
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    with pytest.raises(FileNotFoundError):
        go_on(place, ledger)
    assert count_of(place.on_efs()) == 5
    assert go_on(place, ledger).bookmark.seq == 5


# By steps, as a job does


def name(first: int, last: int, digest: str = "0123456789abcdef") -> Name:
    return Name.of(Bookmark(EPOCH, last), first, digest)


@pytest.mark.parametrize(
    ("held", "missing"),
    [
        ([], [(1, 20), (21, 40), (41, 45)]),
        ([(1, 20), (21, 40), (41, 45)], []),
        ([(21, 40)], [(1, 20), (41, 45)]),
        ([(21, 25)], [(1, 20), (26, 45)]),
        ([(31, 45)], [(1, 20), (21, 30)]),
        ([(1, 5), (1, 7)], [(8, 27), (28, 45)]),
        ([(1, 20), (11, 40)], [(21, 40), (41, 45)]),
        ([(1, 45)], []),
    ],
    ids=str,
)
def test_what_no_segment_holds_is_missing(held: list[tuple[int, int]], missing: list[tuple[int, int]]) -> None:
    assert missing_spans([name(*span) for span in held], 45, 20) == missing


def test_of_no_rows_none_is_missing() -> None:
    assert missing_spans([], 0, 20) == []


@given(
    spans=st.lists(st.tuples(st.integers(1, 60), st.integers(0, 30)), max_size=12),
    last=st.integers(0, 60),
    most_rows=st.integers(1, 25),
)
def test_with_what_is_missing_a_chain_reaches_the_last_row(
    spans: list[tuple[int, int]], last: int, most_rows: int
) -> None:
    held = [name(first, first + more) for first, more in spans if first + more <= last]
    missing = missing_spans(held, last, most_rows)
    assert all(0 < end - first + 1 <= most_rows for first, end in missing)
    chain = Listed([*held, *(name(*span) for span in missing)]).chain_of(EPOCH, last)
    assert (chain[0].last if chain else 0) == last
    assert {first for first, _ in missing} & {each.first for each in held} == set()


def rebuild(place: Place, ledger: MemoryLedger) -> Rebuild:
    """In a sandbox of its own."""
    clock = ledger.clock if isinstance(ledger, SlowLedger) else boottime_s
    return Rebuild(Publisher(ledger, place.settings, clock), place.settings, clock)


def build_all(place: Place, ledger: MemoryLedger, range_rows: int = 20) -> Goal:
    """Each range in a sandbox of its own, the last one first. Returns the goal."""
    goal, missing = rebuild(place, ledger).plan(None, range_rows)
    for span in reversed(missing):
        assert rebuild(place, ledger).build(goal, span, 60.0, Usage()) == span.last
    return goal


def published(place: Place, ledger: MemoryLedger, goal: Goal) -> Published:
    """What a publish that finds all ranges makes."""
    done = rebuild(place, ledger).publish(goal, 60.0, Usage())
    assert done is not None
    return done


def test_ranges_that_are_built_in_any_order_are_published_together(place: Place) -> None:
    ledger = MemoryLedger(45)
    goal = build_all(place, ledger)
    assert Goal.from_json(json.loads(json.dumps(goal.to_json()))) == goal
    assert names_in(place.snapshots) == []
    assert rebuild(place, ledger).rows_done(goal) == 45
    ledger.grow(3)
    done = published(place, ledger, goal)
    assert (done.bookmark.seq, count_of(place.on_efs())) == (48, 48)
    rebuild(place, ledger).forget()
    assert names_in(place.efs / "rebuild") == names_in(place.staging) == []


def test_a_segment_is_the_same_whoever_builds_it(place: Place, tmp_path: Path) -> None:
    ledger = MemoryLedger(45)
    build_all(place, ledger)
    other = Place(tmp_path / "other")
    build_all(other, MemoryLedger(60))
    assert set(names_in(place.efs / "rebuild")) - set(names_in(other.efs / "rebuild")) == {
        max(names_in(place.efs / "rebuild"))  # which reaches up to another head
    }


def test_a_range_that_is_there_is_not_built_again(place: Place) -> None:
    ledger = MemoryLedger(45)
    goal = build_all(place, ledger)
    ledger.spans.clear()
    assert rebuild(place, ledger).build(goal, RowSpan(21, 40), 60.0, Usage()) == 40
    assert rebuild(place, ledger).plan(None, 20) == (goal, [])
    assert ledger.spans == []


def test_a_range_that_is_damaged_is(place: Place) -> None:
    ledger = MemoryLedger(45)
    goal = build_all(place, ledger)
    damaged = place.efs / "rebuild" / names_in(place.efs / "rebuild")[1]
    os.truncate(damaged, 50)
    assert rebuild(place, ledger).build(goal, RowSpan(21, 40), 60.0, Usage()) == 40
    assert damaged.stat().st_size > 50
    assert len(names_in(place.quarantine)) == 1


def test_a_range_for_which_the_time_does_not_suffice_is_shorter_and_the_next_plan_has_the_rest(place: Place) -> None:
    ledger = SlowLedger(95)
    steps = rebuild(place, ledger)
    goal, missing = steps.plan(None, 60)
    assert missing == [(1, 60), (61, 95)]
    assert steps.build(goal, missing[0], BUILD_LIMIT_S, Usage()) == 30
    assert steps.rows_done(goal) == 30
    assert steps.publish(goal, 60.0, Usage()) is None
    assert steps.plan(goal, 60) == (goal, [(31, 90), (91, 95)])


def test_a_plan_goes_on_for_the_goal_that_it_is_given(place: Place) -> None:
    ledger = MemoryLedger(45)
    goal = build_all(place, ledger)
    ledger.grow(20)
    assert rebuild(place, ledger).plan(goal, 20) == (goal, [])
    newer, missing = rebuild(place, ledger).plan(None, 20)
    assert (newer.bookmark.seq, missing) == (65, [(46, 65)])


def test_damage_that_shows_in_the_bytes_alone_shows_before_anything_is_published(tmp_path: Path) -> None:
    place, ledger = Place(tmp_path, VERIFY_MAX_BYTES="0"), MemoryLedger(45)
    goal = build_all(place, ledger)
    flip_bit(place.efs / "rebuild" / names_in(place.efs / "rebuild")[1], 8 * 20_000)
    assert rebuild(place, ledger).publish(goal, 60.0, Usage()) is None
    assert names_in(place.snapshots) == []
    assert rebuild(place, ledger).plan(goal, 20)[1] == [(21, 40)]


def test_what_is_not_the_ledgers_is_forgotten_and_not_published(place: Place) -> None:
    ledger = MemoryLedger(45)
    goal = build_all(place, ledger)
    others(ledger, 31)
    newer, _ = rebuild(place, ledger).plan(None, 20)
    with pytest.raises(DivergedError, match="do not have the hash"):
        rebuild(place, ledger).publish(newer, 60.0, Usage())
    assert names_in(place.snapshots) == names_in(place.efs / "rebuild") == []
    assert rebuild(place, ledger).publish(goal, 60.0, Usage()) is None


def test_a_publish_may_come_twice_and_what_it_has_linked_already_harms_nothing(place: Place) -> None:
    ledger = MemoryLedger(45)
    goal = build_all(place, ledger)
    assert [published(place, ledger, goal).bookmark.seq for _ in range(2)] == [45, 45]
    assert count_of(place.on_efs()) == 45


def test_a_chain_of_fewer_files_stays_in_use_if_all_its_bytes_are_right_and_else_goes_to_quarantine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maker, "COMPACTED_ROWS", 0)
    place, ledger = Place(tmp_path, VERIFY_MAX_BYTES="0"), MemoryLedger(300)
    whole = place.path(place.publish(ledger))
    goal = build_all(place, ledger, 200)
    assert ranges(published(place, ledger, goal)) == [(1, 300)]
    flip_bit(whole, 8 * 20_000)
    assert ranges(published(place, ledger, goal)) == [(201, 300), (1, 200)]
    assert not whole.exists()


def test_an_empty_ledger_is_rebuilt_by_its_empty_segment(place: Place) -> None:
    ledger = MemoryLedger(0)
    assert ranges(published(place, ledger, build_all(place, ledger))) == [(1, 0)]
    done = rebuild(place, ledger).proven(0, 60.0, Usage())
    assert done is not None
    assert done.bookmark == ledger.bookmark


@pytest.mark.parametrize("step", ["plan", "build", "publish"])
def test_nothing_is_done_for_an_epoch_that_was_left(place: Place, step: str) -> None:
    ledger = MemoryLedger(45)
    goal = build_all(place, ledger)
    ledger.branch(EPOCH + 1, 30)
    steps = rebuild(place, ledger)
    with pytest.raises(DivergedError, match="has left the epoch"):
        if step == "plan":
            steps.plan(goal, 20)
        elif step == "build":
            steps.build(goal, RowSpan(1, 20), 60.0, Usage())
        else:
            steps.publish(goal, 60.0, Usage())


class Nothing(MemoryLedger):
    """A table without a ledger."""

    def head(self, deadline: Deadline) -> None:  # type: ignore[override]
        del deadline


def test_a_table_without_a_ledger_cannot_be_rebuilt(place: Place) -> None:
    with pytest.raises(DivergedError, match="no ledger"):
        rebuild(place, Nothing()).plan(None, 20)


def test_what_is_published_and_whole_is_proven_with_the_few_rows_that_it_lacks(place: Place) -> None:
    ledger = MemoryLedger(45)
    steps = rebuild(place, ledger)
    assert steps.proven(20, 60.0, Usage()) is None  # nothing is published
    place.publish(ledger)
    ledger.grow(20)
    assert steps.proven(19, 60.0, Usage()) is None
    done = steps.proven(20, 60.0, Usage())
    assert done is not None
    assert (done.bookmark.seq, count_of(place.on_efs())) == (65, 65)


def test_what_is_published_and_damaged_is_not(tmp_path: Path) -> None:
    place, ledger = Place(tmp_path, VERIFY_MAX_BYTES="0"), MemoryLedger(300)
    damaged = place.path(place.publish(ledger))
    flip_bit(damaged, 8 * 20_000)
    assert rebuild(place, ledger).proven(20, 60.0, Usage()) is None
    assert not damaged.exists()
