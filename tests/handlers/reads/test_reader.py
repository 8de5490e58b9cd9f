"""The contract of all read paths: waiting for a bookmark."""

from __future__ import annotations

import pytest

from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem
from handlers.reads.reader import POLL_S, WAIT_S, check_epoch, wait_for


class Placed:
    def __init__(self, bookmark: Bookmark) -> None:
        self.bookmark = bookmark


class Source:
    """What there is to be found, as time goes by: each sleep brings the next."""

    def __init__(self, *bookmarks: Bookmark) -> None:
        self._bookmarks = list(bookmarks)
        self.now_s = 0.0
        self.slept_s: list[float] = []
        self.looked: list[bool] = []

    def newest(self, now: bool) -> Placed:
        self.looked.append(now)
        return Placed(self._bookmarks.pop(0) if len(self._bookmarks) > 1 else self._bookmarks[0])

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now_s += seconds

    def wait_for(self, at_least: Bookmark) -> Bookmark:
        return wait_for(at_least, self.newest, self.sleep, lambda: self.now_s).bookmark


def test_what_is_there_already_is_not_waited_for() -> None:
    source = Source(Bookmark(1, 5))
    assert source.wait_for(Bookmark(1, 5)) == (1, 5)
    assert source.wait_for(NOTHING) == (1, 5)
    assert (source.slept_s, source.looked) == ([], [False, False])


def test_what_is_there_but_not_seen_yet_is_looked_for_at_once() -> None:
    source = Source(Bookmark(1, 4), Bookmark(1, 5))
    assert source.wait_for(Bookmark(1, 5)) == (1, 5)
    assert (sum(source.slept_s), source.looked) == (0, [False, True])


def test_what_comes_within_the_wait_is_waited_for() -> None:
    source = Source(Bookmark(1, 1), Bookmark(1, 2), Bookmark(1, 3), Bookmark(1, 7))
    assert source.wait_for(Bookmark(1, 5)) == (1, 7)
    assert source.slept_s == [0, POLL_S, POLL_S]
    assert source.looked == [False, True, True, True]


@pytest.mark.parametrize("asked", [Bookmark(1, 5), Bookmark(2, 0), Bookmark(10**16 - 1, 10**12 - 1)])
def test_what_does_not_come_within_two_seconds_is_503(asked: Bookmark) -> None:
    source = Source(Bookmark(1, 4))
    with pytest.raises(Problem, match=r"newest bookmark here is 1\.4") as caught:
        source.wait_for(asked)
    assert (caught.value.status, caught.value.kind) == (503, "not-there-yet")
    assert "retry-after" in caught.value.headers
    assert WAIT_S == 2.0
    assert WAIT_S <= source.now_s < WAIT_S + 2 * POLL_S


def test_a_bookmark_of_a_replaced_ledger_is_409_at_once_or_as_soon_as_that_is_seen() -> None:
    for source in (Source(Bookmark(2, 0)), Source(Bookmark(1, 4), Bookmark(2, 0))):
        with pytest.raises(Problem, match="was replaced") as caught:
            source.wait_for(Bookmark(1, 5))
        assert (caught.value.status, caught.value.kind) == (409, "epoch-replaced")
        assert sum(source.slept_s) == 0


def test_the_bookmark_of_nothing_fits_every_ledger() -> None:
    check_epoch(NOTHING, Bookmark(7, 7))
    check_epoch(Bookmark(7, 1), Bookmark(7, 7))
    with pytest.raises(Problem):
        check_epoch(Bookmark(0, 1), Bookmark(7, 7))
