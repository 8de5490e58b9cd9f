from __future__ import annotations

import random
from typing import Any

import pytest
from hdrh.histogram import HdrHistogram  # pyright: ignore[reportMissingTypeStubs] - it has none

from console.benchmark.figures import (
    Remark,
    decoded,
    encoded,
    make_distribution,
    measurements,
)
from console.benchmark.open_loop import Pace
from console.benchmark.samples import Kind, Sample
from console.errors import ConsoleError
from handlers.domain.percentiles import nearest_rank

KIND = Kind("newest-100", "ddb", "closed")
FIRST = Kind("first-in-sandbox", "ddb", "closed")


def sample(client_ms: float = 1.0, error: str | None = None, **consumed: float) -> Sample:
    phases_ms = {} if error else {"query": client_ms / 4, "total": client_ms / 2}
    return Sample(0.0, client_ms, error, 1, phases_ms, consumed)


def test_percentiles_are_those_of_the_values() -> None:
    values = [float(number) for number in range(1, 102)]
    random.Random(1).shuffle(values)
    it = make_distribution(values)
    assert (it.p50, it.p90, it.p99, it.max, it.mean) == (51.0, 91.0, 100.0, 101.0, 51.0)
    assert it.p50_interval == (41.0, 61.0)
    assert make_distribution([1.0, 2.0, 4.0, 8.0]).p50 == 2.0  # one of them, not a number in between
    assert it.p99_interval == (98.0, None)


def test_one_value_is_its_own_distribution() -> None:
    it = make_distribution([7.0])
    assert {it.p50, it.p90, it.p99, it.max, it.mean} == {7.0}
    assert (it.p50_interval, it.p99_interval) == ((0.0, None), (7.0, None))


def test_a_histogram_holds_the_values_to_three_digits() -> None:
    values = [0.0001, 0.5, 1.234, 1.234, 56.78, 910.0, 35_000.0]
    held = decoded(encoded(values))
    assert len(held) == len(values)
    assert held[0] == 0.001  # a microsecond is the least
    assert list(held[1:]) == pytest.approx(values[1:], rel=1e-3)


def test_the_histogram_has_the_same_percentiles() -> None:
    draw = random.Random(1)
    for count in (1, 2, 9, 10, 99, 100, 101, 400):
        values = [draw.lognormvariate(1, 1) for _ in range(count)]
        it, held = make_distribution(values), decoded(encoded(values))
        for percent, shown in ((50, it.p50), (90, it.p90), (99, it.p99)):
            assert nearest_rank(list(held), percent) == pytest.approx(shown, rel=1e-3)


def test_the_values_are_those_that_the_library_iterates_over() -> None:
    draw = random.Random(2)
    held = encoded([draw.lognormvariate(2, 3) for _ in range(300)])
    recorded: Any = HdrHistogram.decode(held)  # pyright: ignore[reportUnknownMemberType] - no stubs
    assert decoded(held) == tuple(
        it.value_iterated_to / 1000
        for it in recorded.get_recorded_iterator()
        for _ in range(it.count_at_value_iterated_to)
    )


def test_what_takes_longer_than_an_hour_is_held_as_one() -> None:
    assert decoded(encoded([9e9])) == pytest.approx([3.6e6], rel=1e-3)


@pytest.mark.parametrize("text", ["", "x", "SElTVEY="])
def test_a_text_that_is_no_histogram_is_refused(text: str) -> None:
    with pytest.raises(ConsoleError, match="histogram"):
        decoded(text)


def test_a_measurement_has_medians_of_phases_and_means_of_what_was_consumed() -> None:
    samples = [sample(1.0, read_units=1.0), sample(2.0, read_units=2.0, efs_reads=5.0), sample(6.0, read_units=6.0)]
    (it,) = measurements(KIND, samples)
    assert (it.workload, it.source, it.loop, it.temperature) == (*KIND, "warm")
    assert (it.requests, it.errors, it.note) == (3, {}, None)
    assert it.phases_ms == {"query": 0.5, "total": 1.0}
    assert it.consumed == {"read_units": 3.0, "efs_reads": 5.0}
    assert it.client_ms is not None
    assert it.server_ms is not None
    assert (it.client_ms.p50, it.server_ms.p50) == (2.0, 1.0)
    assert (it.rate_per_s, it.achieved_per_s) == (None, None)


def test_the_median_of_a_phase_is_that_of_the_same_definition() -> None:
    (it,) = measurements(KIND, [sample(number) for number in (1.0, 2.0, 4.0, 8.0)])
    assert it.server_ms is not None
    assert it.phases_ms == {"query": 0.5, "total": it.server_ms.p50}


def test_errors_are_counted_by_kind_and_are_no_latency() -> None:
    samples = [sample(9000.0, "timeout"), sample(1.0), sample(3.0), sample(2.0, "503"), sample(2.0, "503")]
    (it,) = measurements(KIND, samples)
    assert it.errors == {"503": 2, "timeout": 1}
    assert it.requests == 2
    assert it.client_ms is not None
    assert it.client_ms.max == 3.0


def test_nothing_but_errors_is_no_number() -> None:
    (it,) = measurements(KIND, [sample(2.0, "503")])
    assert (it.client_ms, it.server_ms, it.requests) == (None, None, 0)
    assert it.note == "no request was answered"
    (it,) = measurements(KIND, [sample(2.0, "503")], Remark("given up"))
    assert it.note == "given up"


def test_first_requests_of_sandboxes_are_kept_apart() -> None:
    warm, cold = measurements(KIND, [sample(1.0), sample(90.0, init_ms=80.0), sample(3.0), sample(1.0, "503")])
    assert (warm.temperature, warm.requests, warm.errors) == ("warm", 2, {"503": 1})
    assert (cold.temperature, cold.requests, cold.errors) == ("cold", 1, {})
    assert warm.client_ms is not None
    assert cold.client_ms is not None
    assert (warm.client_ms.max, cold.client_ms.max) == (3.0, 90.0)
    assert cold.consumed == {"init_ms": 80.0}


def test_of_new_sandboxes_only_the_first_request_counts() -> None:
    (it,) = measurements(FIRST, [sample(1.0), sample(90.0, init_ms=80.0), sample(3.0, "429")])
    assert (it.temperature, it.requests, it.errors) == ("cold", 1, {"429": 1})
    (it,) = measurements(FIRST, [sample(1.0)])
    assert (it.client_ms, it.note) == (None, "no answer was the first of a new sandbox")


def test_a_rate_that_was_not_held_has_no_latency() -> None:
    kind = Kind("by-id", "ddb", "open")
    for achieved_per_s, is_shown in ((20.0, True), (19.0, True), (18.9, False)):
        (it,) = measurements(kind, [sample(), sample()], Remark("said", Pace(20.0, achieved_per_s, is_whole=True)))
        assert (it.rate_per_s, it.achieved_per_s, it.requests, it.note) == (20.0, achieved_per_s, 2, "said")
        assert (it.client_ms is not None, it.server_ms is not None) == (is_shown, is_shown)
    (it,) = measurements(kind, [sample()], Remark(None, Pace(20.0, 20.0, is_whole=False)))
    assert it.client_ms is None


def test_what_there_is_to_say_is_said_once() -> None:
    it, stray = measurements(KIND, [sample(), sample(90.0, init_ms=80.0)], Remark("given up"))
    assert (it.note, stray.note) == ("given up", None)
