"""Tries of addresses, in the emulator's table."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from handlers.access.access_table import AccessTable
from handlers.access.attempts import IN_FLIGHT_S, MOST_TRIES, PAUSES, PERIOD_S, Attempts, Try
from handlers.access.code import key_of
from handlers.aws.dynamodb import Deadline
from handlers.domain.problem import Problem
from tests.support.access.site import NOW_S, AccessSite
from tests.support.meddling import Meddled, first, lose_answer, no_time_limit


def take(site: AccessSite, address: str = "a", sleep: Callable[[float], None] = lambda _: None) -> Try:
    return Attempts(site.table).take(address, site.now(), Deadline(lambda: 0.0, sleep))


def give_back(site: AccessSite, tried: Try) -> None:
    Attempts(site.table).give_back(tried, no_time_limit())


def wait_s(site: AccessSite, address: str = "a") -> int:
    """Take a try that there is not."""
    with pytest.raises(Problem) as raised:
        take(site, address)
    assert raised.value.kind == "too-many-requests"
    return int(raised.value.headers["retry-after"])


def test_after_so_many_tries_an_address_waits_until_the_first_of_them_is_over_and_no_other_does(
    site: AccessSite,
) -> None:
    for _ in range(MOST_TRIES):
        site.now.pass_s(10)
        take(site)
    site.now.pass_s(PERIOD_S - 100.5)
    assert wait_s(site) == 11
    take(site, "b")
    site.now.pass_s(10)
    assert wait_s(site) == 1
    site.now.pass_s(0.5)
    take(site)
    assert wait_s(site) == 10


def test_there_are_never_more_than_so_many_in_any_period(site: AccessSite) -> None:
    """Tries spread so that a window that began with the first of them would let twice as many through."""
    taken: list[float] = []
    for _ in range(5 * MOST_TRIES):
        site.now.pass_s(PERIOD_S / 15.3)
        try:
            take(site)
        except Problem:
            continue
        taken.append(site.now())
    assert len(taken) > 2 * MOST_TRIES
    assert max(sum(0 <= later - start < PERIOD_S for later in taken) for start in taken) == MOST_TRIES


def test_a_try_that_is_given_back_can_be_taken_again(site: AccessSite) -> None:
    for _ in range(MOST_TRIES - 1):
        take(site)
    for _ in range(3):
        give_back(site, take(site))
    take(site)
    assert wait_s(site) == PERIOD_S


def test_a_try_that_is_given_back_lets_no_other_count_for_longer(site: AccessSite) -> None:
    """Nine typos, and then a right code every ten minutes."""
    for _ in range(MOST_TRIES - 1):
        take(site)
    for _ in range(2):
        site.now.pass_s(PERIOD_S / 2)
        give_back(site, take(site))
    for _ in range(MOST_TRIES):
        take(site)
    assert wait_s(site) == PERIOD_S


def test_given_back_twice_is_given_back_once(site: AccessSite) -> None:
    tries = [take(site) for _ in range(MOST_TRIES)]
    for _ in range(2):
        give_back(site, tries[0])
    take(site)
    wait_s(site)


def test_a_try_that_is_given_back_when_the_table_has_forgotten_it_leaves_nothing(site: AccessSite) -> None:
    tried = take(site)
    site.table.client.delete_item(TableName=site.name, Key=tried.key)
    give_back(site, tried)
    assert site.items() == []


@pytest.mark.parametrize("has_tries", [False, True], ids=["no tries", "tries"])
def test_an_item_that_has_no_end_keeps_nobody_out_for_ever(site: AccessSite, has_tries: bool) -> None:
    tries = {"tries": {"SS": [take(site).name for _ in range(MOST_TRIES)]}} if has_tries else {}
    site.table.client.put_item(TableName=site.name, Item={**key_of("ADDRESS", "a"), **tries})
    site.now.pass_s(PERIOD_S)
    take(site)
    (item,) = site.items()
    assert int(item["expiresAt"]["N"]) == site.now() + PERIOD_S


def test_the_table_forgets_an_address_when_its_last_try_is_over(site: AccessSite) -> None:
    take(site)
    site.now.pass_s(10.5)
    take(site)
    (item,) = site.items()
    assert int(item["expiresAt"]["N"]) == site.now() + PERIOD_S + 0.5


def test_whoever_finds_no_room_waits_for_a_try_to_come_back(site: AccessSite) -> None:
    """Many who enter right codes from one office at once: each has its turn."""
    tries = [take(site) for _ in range(MOST_TRIES)]
    slept_s: list[float] = []

    def sleep(pause_s: float) -> None:
        slept_s.append(pause_s)
        if len(slept_s) == PAUSES:
            give_back(site, tries[0])

    take(site, sleep=sleep)
    assert len(slept_s) == PAUSES
    assert len(set(slept_s)) > 1
    wait_s(site)


def test_whoever_finds_no_room_waits_so_often_and_not_for_tries_that_nobody_gives_back_any_more(
    site: AccessSite,
) -> None:
    for _ in range(MOST_TRIES):
        take(site)
    slept_s: list[float] = []
    for age_s, pauses in ((0.0, PAUSES), (IN_FLIGHT_S - 1, PAUSES), (IN_FLIGHT_S, 0)):
        site.now.now_s = NOW_S + age_s
        slept_s.clear()
        with pytest.raises(Problem, match="Too many wrong codes"):
            take(site, sleep=slept_s.append)
        assert len(slept_s) == pauses


def test_a_try_that_comes_back_between_two_looks_is_taken(site: AccessSite) -> None:
    tries = [take(site) for _ in range(MOST_TRIES)]
    client = site.table.client
    come_back = first(lambda: Attempts(AccessTable(client, site.name)).give_back(tries[0], no_time_limit()))
    site.table.client = Meddled(client, {"get_item": [come_back]}, {})  # pyright: ignore[reportAttributeAccessIssue] - a client but for its type
    take(site)
    site.table.client = client
    wait_s(site)


def test_an_answer_that_gets_lost_counts_once(site: AccessSite) -> None:
    client = site.table.client
    for _ in range(MOST_TRIES):
        site.table.client = Meddled(client, {"update_item": [lose_answer]}, {})  # pyright: ignore[reportAttributeAccessIssue]
        take(site)
    wait_s(site)


def test_of_two_who_begin_a_period_at_once_both_count(site: AccessSite) -> None:
    for _ in range(MOST_TRIES):
        take(site)
    site.now.pass_s(PERIOD_S)
    client = site.table.client

    def another() -> None:
        site.table.client = client
        take(site)

    site.table.client = Meddled(client, {"update_item": [None, first(another)]}, {})  # pyright: ignore[reportAttributeAccessIssue]
    take(site)
    (item,) = site.items()
    assert len(item["tries"]["SS"]) == 2


def test_no_address_is_kept_in_clear(site: AccessSite) -> None:
    site.enter("wrong", address="203.0.113.99")
    assert "203.0.113" not in str(site.items())
