"""The open loop against services made of arithmetic: no thread, no clock of this machine."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import Any

import pytest

from console.benchmark.open_loop import MAX_UNANSWERED, Block, Pace, Schedule, SendOnce, Timed
from console.benchmark.probe import Exchange


class Service:
    """Answers one request after the other, each in `service_s`, but is away from `stall_s` on for `stalled_s`.

    It is its own clock and its own pool of threads: time passes while the schedule sleeps, and a request is not done
    before its answer's time.
    """

    def __init__(
        self, service_s: float, *, stall_s: float = 0.0, stalled_s: float = 0.0, error: str | None = None
    ) -> None:
        self.now_s = 100.0
        self._free_s = self.now_s
        self._service_s = service_s
        self._stall = (100.0 + stall_s, 100.0 + stall_s + stalled_s)
        self._error = error

    def clock(self) -> float:
        return self.now_s

    def sleep(self, pause_s: float) -> None:
        self.now_s += pause_s

    def answer(self) -> Exchange:
        begin_s = max(self.now_s, self._free_s)
        if self._stall[0] <= begin_s < self._stall[1]:
            begin_s = self._stall[1]
        self._free_s = begin_s + self._service_s
        return Exchange(self.now_s, self.now_s, self._free_s, self._error, {})


class Pool(Executor):
    """Futures that are done when the service's clock says so."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        service, exchange = self._service, fn(*args, **kwargs)

        class Later(Future[Any]):
            def done(self) -> bool:
                return service.now_s >= exchange.ended_s

            def result(self, timeout: float | None = None) -> Any:
                service.now_s = max(service.now_s, exchange.ended_s)
                return super().result(timeout)

        future = Later()
        future.set_result(exchange)
        return future


def carried_out(schedule: Schedule, requests: Sequence[SendOnce]) -> Block:
    kept: list[Block] = []
    schedule.run(requests, kept.append)
    (block,) = kept
    return block


def run(service: Service, rate_per_s: float, requests: int) -> Block:
    schedule = Schedule(rate_per_s, Pool(service), service.clock, service.sleep)
    return carried_out(schedule, [service.answer] * requests)


def latencies_ms(block: Block) -> list[float]:
    return [round(each.latency_s * 1000, 6) for each in block.timed]


def test_requests_are_due_at_equal_distances_whatever_the_answers_do() -> None:
    for service in (Service(0.001), Service(0.09), Service(0.001, stall_s=0.2, stalled_s=0.5)):
        block = run(service, 10.0, 8)
        assert [round(each.due_s - 100.0, 9) for each in block.timed] == [number / 10 for number in range(8)]
        assert [each.exchange.started_s for each in block.timed] == [each.due_s for each in block.timed]


def test_a_stall_is_counted_for_everyone_who_would_have_waited() -> None:
    """A closed loop would have seen one slow request; at 100 a second, 100 were due while the service was away."""
    block = run(Service(0.001, stall_s=1.0, stalled_s=1.0), 100.0, 400)
    slow = [latency_ms for latency_ms in latencies_ms(block) if latency_ms > 1.5]
    assert len(block.timed) == 164  # the schedule is broken off: too many are without an answer
    assert not block.is_whole
    assert len(slow) == 64
    assert slow == sorted(slow, reverse=True)
    assert slow[0] == 1001.0
    assert slow[-1] == pytest.approx(1001 - 63 * 9)


def test_a_short_stall_raises_the_times_of_all_that_were_due_and_then_is_over() -> None:
    block = run(Service(0.001, stall_s=1.0, stalled_s=0.5), 100.0, 400)
    times_ms = latencies_ms(block)
    assert times_ms[99] == 1.0
    assert times_ms[100:103] == [501.0, 492.0, 483.0]  # each was due 10 ms later, and waited for one of 1 ms more
    assert sum(latency_ms > 1.5 for latency_ms in times_ms) == 56
    assert times_ms[-1] == 1.0
    assert Pace.from_blocks([block], 100.0).is_held


def test_a_request_that_is_sent_late_counts_from_when_it_was_due() -> None:
    service = Service(0.001)

    def slow_to_send() -> Exchange:
        service.now_s += 0.25  # the client itself is held up
        return service.answer()

    schedule = Schedule(10.0, Pool(service), service.clock, service.sleep)
    block = carried_out(schedule, [slow_to_send] * 4)
    assert latencies_ms(block) == [251.0, 401.0, 551.0, 701.0]
    pace = Pace.from_blocks([block], 10.0)
    assert not pace.is_held
    assert pace.achieved_per_s < 5


def test_a_rate_that_the_service_keeps_up_with_is_held() -> None:
    pace = Pace.from_blocks([run(Service(0.02), 40.0, 60)], 40.0)
    assert pace.is_held
    assert pace.complaint is None
    assert pace.achieved_per_s == pytest.approx(40.0)


def test_a_rate_above_what_the_service_can_do_is_not_held_and_what_it_can_is_found() -> None:
    pace = Pace.from_blocks([run(Service(0.1), 20.0, 60)], 20.0)
    assert pace.is_whole
    assert not pace.is_held
    assert pace.achieved_per_s == pytest.approx(10.0)
    assert pace.complaint == "20 a second could not be held: 10.0 is what it came to"


def test_blocks_are_judged_together_each_from_its_own_beginning() -> None:
    service = Service(0.1)
    first = run(service, 20.0, 40)
    service.now_s += 100.0
    second = run(service, 20.0, 40)
    assert Pace.from_blocks([first, second], 20.0).achieved_per_s == pytest.approx(10.0)


def test_too_many_without_an_answer_end_the_schedule() -> None:
    block = run(Service(10.0), 100.0, 400)
    assert len(block.timed) == MAX_UNANSWERED
    pace = Pace.from_blocks([block], 100.0)
    assert not pace.is_whole
    assert not pace.is_held
    assert pace.complaint == "100 a second could not be held: too many were without an answer"


def test_what_was_answered_when_the_schedule_is_cut_short_is_kept() -> None:
    service, kept = Service(0.15), list[Block]()

    def sleep(pause_s: float) -> None:
        if service.now_s > 100.45:
            raise KeyboardInterrupt
        service.sleep(pause_s)

    schedule = Schedule(10.0, Pool(service), service.clock, sleep)
    with pytest.raises(KeyboardInterrupt):
        schedule.run([service.answer] * 60, kept.append)
    (block,) = kept
    assert latencies_ms(block) == [150.0, 200.0, 250.0]
    assert block.is_whole  # the service held nothing up


def test_what_was_answered_when_the_waiting_is_cut_short_is_kept() -> None:
    service, kept = Service(0.001), list[Block]()

    class Endless(Future[Any]):
        def result(self, timeout: float | None = None) -> Any:
            raise KeyboardInterrupt

    class Interrupted(Pool):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            return super().submit(fn, *args, **kwargs) if service.now_s < 100.35 else Endless()

    with pytest.raises(KeyboardInterrupt):
        Schedule(10.0, Interrupted(service), service.clock, service.sleep).run([service.answer] * 6, kept.append)
    assert [len(block.timed) for block in kept] == [4]


def test_cut_short_before_any_answer_there_is_no_block() -> None:
    service, kept = Service(0.001), list[Block]()

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Schedule(10.0, Pool(service), service.clock, interrupt).run([service.answer], kept.append)
    assert kept == []


def test_quick_failures_do_not_hold_a_rate() -> None:
    pace = Pace.from_blocks([run(Service(0.001, error="503"), 10.0, 20)], 10.0)
    assert pace.achieved_per_s == 0.0
    assert not pace.is_held


def test_a_single_request_says_nothing_against_a_rate() -> None:
    pace = Pace.from_blocks([run(Service(0.1), 5.0, 1)], 5.0)
    assert pace.is_held
    assert pace.achieved_per_s == 5.0


def test_a_rate_is_held_from_95_percent_on() -> None:
    assert Pace(100.0, 95.0, True).is_held
    assert not Pace(100.0, 94.9, True).is_held
    assert not Pace(100.0, 100.0, False).is_held


def block_of(latencies_s: Sequence[float], rate_per_s: float) -> Block:
    due_s = [number / rate_per_s for number in range(len(latencies_s))]
    pairs = zip(due_s, latencies_s, strict=True)
    return Block([Timed(at_s, Exchange(at_s, at_s, at_s + taken_s, None, {})) for at_s, taken_s in pairs], True)


def test_latency_that_grows_is_taken_off_the_rate_and_latency_that_falls_adds_nothing() -> None:
    rising = block_of([0.01] * 25 + [0.11] * 35, 100.0)  # 0.1 s more from the first third to the last, 0.4 s later
    assert Pace.from_blocks([rising], 100.0).achieved_per_s == pytest.approx(100.0 / 1.25)
    falling = block_of([0.11] * 25 + [0.01] * 35, 100.0)
    assert Pace.from_blocks([falling], 100.0).achieved_per_s == pytest.approx(100.0)


def test_a_third_of_a_tiny_block_is_a_request() -> None:
    assert not Pace.from_blocks([block_of([0.01, 0.51], 100.0)] * 8, 100.0).is_held


def queued_s(services_s: Sequence[float], rate_per_s: float) -> list[float]:
    """Latencies behind a single server."""
    free_s, latencies_s = 0.0, list[float]()
    for number, service_s in enumerate(services_s):
        due_s = number / rate_per_s
        free_s = max(free_s, due_s) + service_s
        latencies_s.append(free_s - due_s)
    return latencies_s


def test_times_that_only_vary_do_not_speak_against_a_rate() -> None:
    draw, lost = random.Random(6), 0
    for _ in range(1000):
        latencies_s = [draw.lognormvariate(math.log(0.03), 0.5) for _ in range(60)]
        lost += not Pace.from_blocks([block_of(latencies_s, 100.0)], 100.0).is_held
    assert lost <= 15  # two intervals of 95 % that do not overlap: less than one in a hundred


def test_times_that_vary_do_not_hide_a_queue_that_grows() -> None:
    draw = random.Random(7)
    for _ in range(200):
        services_s = [draw.lognormvariate(math.log(0.013), 0.5) for _ in range(60)]  # 15 ms in the mean: 68 a second
        assert not Pace.from_blocks([block_of(queued_s(services_s, 100.0), 100.0)], 100.0).is_held
