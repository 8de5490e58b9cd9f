from __future__ import annotations

from console.client.retry import LONGEST_S, Retry


def test_pauses_grow_with_jitter_up_to_a_bound_and_end_in_time() -> None:
    now_s = 0.0
    pauses: list[float] = []

    def sleep(pause_s: float) -> None:
        nonlocal now_s
        now_s += pause_s
        pauses.append(pause_s)

    retry = Retry(1000.0, sleep=sleep, monotonic=lambda: now_s)
    while retry.pause():
        pass
    assert now_s <= 1000.0
    assert 1000.0 - now_s < LONGEST_S
    assert all(pause_s <= 0.1 * 2**number for number, pause_s in enumerate(pauses, 1))
    assert max(pauses[:3]) < 0.8 < max(pauses) <= LONGEST_S
    assert len(set(pauses)) == len(pauses)


def test_a_pause_is_at_least_as_long_as_asked_for() -> None:
    pauses: list[float] = []
    retry = Retry(60.0, sleep=pauses.append, monotonic=lambda: 0.0)
    assert retry.pause(7.0)
    assert 7.0 <= pauses[0] <= 7.2


def test_a_pause_that_would_end_too_late_is_not_made() -> None:
    pauses: list[float] = []
    assert not Retry(5.0, sleep=pauses.append, monotonic=lambda: 0.0).pause(5.0)
    assert pauses == []


def test_who_polls_waits_no_longer_than_it_says() -> None:
    pauses: list[float] = []
    retry = Retry(1e9, 0.02, sleep=pauses.append, monotonic=lambda: 0.0)
    assert all(retry.pause() for _ in range(50))
    assert max(pauses) <= 0.02 < sum(pauses)
