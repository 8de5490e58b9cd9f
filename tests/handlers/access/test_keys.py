from __future__ import annotations

import hashlib
import hmac

import pytest

from handlers.access.keys import Keys, keyed_id
from handlers.aws.sdk import ServiceError
from handlers.domain.problem import Problem
from tests.support.meddling import Clock


class Reads:
    """A secret that counts how often it is read."""

    def __init__(self, *versions: str) -> None:
        self.versions = versions
        self.count = 0
        self.is_away = False

    def __call__(self) -> tuple[str, ...]:
        self.count += 1
        if self.is_away:
            raise ServiceError("away")
        return self.versions


def test_an_id_is_a_keyed_hash_of_what_it_is_for() -> None:
    digest = hmac.new(b"key", b"CODE:ABCD", hashlib.sha256).hexdigest()
    assert keyed_id("key", "CODE", "ABCD") == digest[:32]
    assert len({keyed_id(key, kind, "ABCD") for key in ("key", "other") for kind in ("CODE", "SESSION")}) == 4


def test_a_lone_half_of_a_surrogate_pair_has_an_id_too() -> None:
    assert keyed_id("key", "CODE", "\ud800") != keyed_id("key", "CODE", "")


def test_versions_are_kept_for_five_minutes() -> None:
    clock, reads = Clock(), Reads("current", "previous")
    keys = Keys(reads, clock)
    assert keys.versions() == ("current", "previous")
    clock.pass_s(299.9)
    keys.versions()
    assert reads.count == 1
    clock.pass_s(0.1)
    reads.versions = ("new", "current")
    assert keys.versions() == ("new", "current")
    assert reads.count == 2


def test_what_is_new_has_an_id_by_the_current_version_and_is_looked_for_by_each() -> None:
    keys = Keys(Reads("current", "previous"))
    assert keys.current_id("CODE", "A") == keyed_id("current", "CODE", "A")
    assert keys.ids("CODE", "A") == [keyed_id("current", "CODE", "A"), keyed_id("previous", "CODE", "A")]


def test_a_miss_reads_them_again_but_not_more_often_than_every_five_seconds() -> None:
    clock, reads = Clock(), Reads("old")
    keys = Keys(reads, clock)
    keys.versions()
    reads.versions = ("new", "old")
    clock.pass_s(4.9)
    assert (keys.have_changed(), reads.count) == (False, 1)
    clock.pass_s(0.1)
    assert (keys.have_changed(), reads.count) == (True, 2)
    clock.pass_s(5)
    assert (keys.have_changed(), reads.count) == (False, 3)
    assert (keys.have_changed(), reads.count) == (False, 3)


def test_keys_that_were_never_read_are_a_503_and_are_asked_for_with_each_request() -> None:
    reads = Reads("old")
    reads.is_away = True
    keys = Keys(reads, Clock())
    for _ in range(2):
        with pytest.raises(Problem) as raised:
            keys.versions()
        assert (raised.value.status, raised.value.headers) == (503, {"retry-after": "2"})
        assert "away" in raised.value.detail
    assert reads.count == 2
    reads.is_away = False
    assert keys.versions() == ("old",)


def test_keys_that_are_away_are_as_they_were_read_last_and_asked_for_once_a_minute() -> None:
    clock, reads = Clock(), Reads("old")
    keys = Keys(reads, clock)
    keys.versions()
    reads.versions, reads.is_away = ("new", "old"), True
    clock.pass_s(300)
    assert (keys.versions(), keys.have_changed(), reads.count) == (("old",), False, 2)
    clock.pass_s(59.9)
    assert (keys.versions(), keys.have_changed(), reads.count) == (("old",), False, 2)
    clock.pass_s(0.1)
    assert (keys.have_changed(), keys.versions(), reads.count) == (False, ("old",), 3)
    reads.is_away = False
    clock.pass_s(60)
    assert (keys.have_changed(), keys.versions(), reads.count) == (True, ("new", "old"), 4)


def test_keys_that_are_away_for_hours_are_a_503_until_they_are_back() -> None:
    clock, reads = Clock(), Reads("old")
    keys = Keys(reads, clock)
    keys.versions()
    reads.is_away = True
    clock.pass_s(4 * 3600 - 1)
    assert keys.versions() == ("old",)
    clock.pass_s(1)
    with pytest.raises(Problem):
        keys.versions()
    reads.is_away = False
    assert keys.versions() == ("old",)
