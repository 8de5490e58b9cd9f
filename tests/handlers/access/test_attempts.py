"""Tries of addresses, in the emulator's table."""

from __future__ import annotations

import pytest

from handlers.access.attempts import MOST_TRIES, PERIOD_S, Attempts, Try
from handlers.access.code import key_of
from handlers.domain.problem import Problem
from tests.support.access.site import AccessSite
from tests.support.meddling import Meddled, first, lose_answer, no_time_limit


def take(site: AccessSite, address: str = "a") -> Try:
    return Attempts(site.table).take(address, site.now(), no_time_limit())


def wait_s(site: AccessSite, address: str = "a") -> int:
    """Take a try that there is not."""
    with pytest.raises(Problem) as raised:
        take(site, address)
    assert raised.value.kind == "too-many-requests"
    return int(raised.value.headers["retry-after"])


def test_after_so_many_tries_an_address_waits_from_the_last_of_them_and_no_other_does(site: AccessSite) -> None:
    for _ in range(MOST_TRIES):
        site.now.pass_s(10)
        take(site)
    site.now.pass_s(100.5)
    assert wait_s(site) == 800
    take(site, "b")
    site.now.pass_s(799)
    assert wait_s(site) == 1
    site.now.pass_s(1)
    take(site)


def test_there_are_never_more_than_so_many_in_any_period(site: AccessSite) -> None:
    """Tries spread so that a window that began with the first of them would let twice as many through."""
    taken: list[float] = []
    for _ in range(3 * MOST_TRIES):
        site.now.pass_s(PERIOD_S / 15)
        try:
            take(site)
        except Problem:
            continue
        taken.append(site.now())
    assert len(taken) > MOST_TRIES
    assert max(sum(0 <= later - start < PERIOD_S for later in taken) for start in taken) == MOST_TRIES


def test_a_try_that_is_given_back_can_be_taken_again(site: AccessSite) -> None:
    for _ in range(MOST_TRIES - 1):
        take(site)
    for _ in range(3):
        Attempts(site.table).give_back(take(site), no_time_limit())
    take(site)
    assert wait_s(site) == PERIOD_S


def test_given_back_twice_is_given_back_once(site: AccessSite) -> None:
    tries = [take(site) for _ in range(MOST_TRIES)]
    for _ in range(2):
        Attempts(site.table).give_back(tries[0], no_time_limit())
    take(site)
    wait_s(site)


def test_an_answer_that_gets_lost_counts_once(site: AccessSite) -> None:
    client = site.table.client
    for _ in range(MOST_TRIES):
        site.table.client = Meddled(client, {"update_item": [lose_answer]}, {})  # pyright: ignore[reportAttributeAccessIssue] - a client but for its type
        take(site)
    wait_s(site)
    site.now.pass_s(PERIOD_S)
    site.table.client = Meddled(client, {"put_item": [lose_answer]}, {})  # pyright: ignore[reportAttributeAccessIssue]
    take(site)
    site.table.client = client
    for _ in range(MOST_TRIES - 1):
        take(site)
    wait_s(site)


def test_of_two_who_begin_a_period_at_once_both_count(site: AccessSite) -> None:
    take(site)
    site.now.pass_s(PERIOD_S)
    client = site.table.client

    def another() -> None:
        site.table.client = client
        take(site)

    site.table.client = Meddled(client, {"put_item": [first(another)]}, {})  # pyright: ignore[reportAttributeAccessIssue]
    take(site)
    answer = client.get_item(TableName=site.name, Key=key_of("ADDRESS", "a"))
    assert len(answer["Item"]["tries"]["SS"]) == 2  # pyright: ignore[reportTypedDictNotRequiredAccess]


def test_no_address_is_kept_in_clear(site: AccessSite) -> None:
    site.enter("wrong", address="203.0.113.99")
    assert "203.0.113" not in str(site.items())
