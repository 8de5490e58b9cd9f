"""Any history of appends, new epochs, restores and replays, beside a list that says what has to be there."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.domain.bookmark import Bookmark
from handlers.ledger.appender import Appender
from handlers.ledger.branch import branch_off, left_heads
from handlers.ledger.head import Head
from handlers.ledger.idempotency import Call
from handlers.ledger.ledger import Ledger
from tests.support.meddling import all_rows, appender, drafts, head_of, no_time_limit, remove_head

STEPS = st.one_of(
    st.tuples(st.just("append"), st.integers(1, 110)),
    st.tuples(st.just("call with a key"), st.integers(0, 2)),
    st.tuples(st.just("restore"), st.integers(0, 200)),
    st.tuples(st.just("undo"), st.integers(0, 3)),
)


class History:
    """A ledger, with the ids of the rows that it has to hold.

    Args:
        run: tells its idempotency keys from those of other runs on the same table.
    """

    def __init__(self, ledger: Ledger, run: int) -> None:
        self._ledger = ledger
        self._run = run
        self._writers: list[Appender] = [appender(ledger, run * 1000) for _ in range(2)]
        self._turn = 0
        self._called: dict[int, tuple[str, ...]] = {}
        self._points: dict[tuple[int, int], tuple[Head, list[str]]] = {}
        self.ids: list[str] = []
        self.ever: set[str] = set()

    def step(self, kind: str, number: int) -> None:
        self._turn += 1
        if kind == "append":
            self._append(number)
        elif kind == "call with a key":
            self._call(number)
        else:
            head = head_of(self._ledger)
            known = sorted(self._points)
            left = [each.bookmark for each, _ in left_heads(self._ledger, no_time_limit())]
            choice = [point for point in known if kind == "restore" or Bookmark(*point) in left]
            if choice:
                at, self.ids = self._points[choice[number % len(choice)]]
                branch_off(self._ledger, head, at, head.epoch + 1, no_time_limit())
        self._check()

    def _append(self, count: int, call: Call | None = None) -> tuple[tuple[str, ...], bool]:
        """By two writers in turn, neither of which knows of what the other one did."""
        made = self._writers[self._turn % 2].append(drafts(count), no_time_limit(), call)
        if not made.is_replay:
            self.ids = [*self.ids, *made.ids]
        return made.ids, made.is_replay

    def _call(self, number: int) -> None:
        before = self._called.get(number, ())
        ids, is_replay = self._append(99 + number, Call(f"{self._run} {number}", "hash"))
        assert is_replay == (before[-1:] != () and before[-1] in self.ids)
        assert not is_replay or ids == before
        self._called[number] = ids

    def _check(self) -> None:
        head = head_of(self._ledger)
        assert [row[1] for row in all_rows(self._ledger)] == self.ids
        self.ever.update(self.ids)
        for row_id in [*self.ids[-2:], *sorted(self.ever)[:: max(1, len(self.ever) // 5)]]:
            found = self._ledger.row_by_id(head, row_id, no_time_limit())
            assert (found is not None) == (row_id in self.ids)
        self._points[head.epoch, head.seq] = head, self.ids


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, min_size=2, max_size=10))
def test_whatever_was_restored_the_ledger_holds_its_history_and_nothing_else(
    ledger: Ledger, steps: list[tuple[str, int]]
) -> None:
    before = ledger.head(no_time_limit())
    run = (before.epoch // 1000 if before else 0) + 1
    if before:
        remove_head(ledger)
    appender(ledger, run * 1000).head(no_time_limit())
    history = History(ledger, run)
    for kind, number in steps:
        history.step(kind, number)
