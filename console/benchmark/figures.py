"""From samples to figures: percentiles, their confidence intervals, and the whole distribution as a histogram.

Percentiles are samples themselves, by nearest rank; the histogram holds the same values to three digits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import compress
from statistics import fmean
from typing import NamedTuple, Protocol, cast

from hdrh.histogram import HdrHistogram  # pyright: ignore[reportMissingTypeStubs] - it has none

from console.benchmark.open_loop import Pace
from console.benchmark.probe import Numbers
from console.benchmark.samples import Kind, Sample
from console.errors import ConsoleError
from console.results.result import Distribution, Measurement, Temperature, expect_temperature
from handlers.domain.bounds import bounds
from handlers.domain.percentiles import nearest_rank

LONGEST_US = 3_600_000_000
DIGITS = 3


class Histogram(Protocol):
    """The part of an HdrHistogram that is used."""

    def record_value(self, value: int) -> bool: ...
    def encode(self) -> bytes: ...
    def get_value_from_index(self, index: int) -> int: ...
    def get_highest_equivalent_value(self, value: int) -> int: ...
    @property
    def counts(self) -> Iterable[int]: ...


class Remark(NamedTuple):
    """A remark of the measuring itself on a kind: a note, and of an open loop its pace."""

    note: str | None = None
    pace: Pace | None = None


NO_REMARK = Remark()


def measurements(kind: Kind, samples: Sequence[Sample], remark: Remark = NO_REMARK) -> list[Measurement]:
    """Return the figures of one kind: those that the workload is about, and stray first requests of sandboxes apart."""
    about = expect_temperature(kind.workload)
    failed = [sample for sample in samples if sample.error is not None]
    made = [_measurement((kind, about), [*_good(samples, about), *failed], remark)]
    stray = _good(samples, "cold") if about == "warm" else []
    return [*made, _measurement((kind, "cold"), stray, remark._replace(note=None))] if stray else made


def make_distribution(values_ms: Sequence[float]) -> Distribution:
    """Make the distribution of at least one value."""
    ranked = sorted(values_ms)
    p50, p90, p99 = (nearest_rank(ranked, percent) for percent in (50, 90, 99))
    p50_interval, p99_interval = bounds(values_ms, 50), bounds(values_ms, 99)
    return Distribution(p50, p90, p99, ranked[-1], fmean(values_ms), p50_interval, p99_interval, encoded(values_ms))


def encoded(values_ms: Sequence[float]) -> str:
    """Encode the values as an HdrHistogram of whole microseconds, in base64."""
    histogram = cast("Histogram", HdrHistogram(1, LONGEST_US, DIGITS))
    for value_ms in values_ms:
        histogram.record_value(min(max(round(value_ms * 1000), 1), LONGEST_US))
    return histogram.encode().decode()


@lru_cache(maxsize=256)  # a report asks for each several times
def decoded(histogram: str) -> tuple[float, ...]:
    """Decode a histogram into its values in milliseconds, in order. Raises ConsoleError for another text."""
    try:
        held = cast("Histogram", HdrHistogram.decode(histogram))  # pyright: ignore[reportUnknownMemberType] - no stubs
    except Exception as error:  # the library raises what comes: binascii's, zlib's and its own
        raise ConsoleError("a histogram in the result cannot be read", "run `bench` again") from error
    # The library's own iterator takes ten times as long: it looks at each of the 23,552 counts in Python.
    counts = list(held.counts)
    return tuple(
        held.get_highest_equivalent_value(held.get_value_from_index(index)) / 1000
        for index in compress(range(len(counts)), counts)
        for _ in range(counts[index])
    )


def _good(samples: Sequence[Sample], temperature: Temperature) -> list[Sample]:
    return [sample for sample in samples if sample.error is None and sample.temperature == temperature]


def _measurement(what: tuple[Kind, Temperature], samples: Sequence[Sample], remark: Remark) -> Measurement:
    (kind, temperature), (note, pace) = what, remark
    good = [sample for sample in samples if sample.error is None]
    server_ms = [sample.server_ms for sample in good if sample.server_ms is not None]
    if not good and note is None:
        note = "no request was answered" if temperature == "warm" else "no answer was the first of a new sandbox"
    is_shown = pace is None or pace.is_held
    return Measurement(
        *kind,
        temperature,
        pace.asked_per_s if pace else None,
        pace.achieved_per_s if pace else None,
        len(good),
        dict(sorted(Counter(sample.error for sample in samples if sample.error is not None).items())),
        make_distribution([sample.client_ms for sample in good]) if good and is_shown else None,
        make_distribution(server_ms) if server_ms and is_shown else None,
        _by_name(_median, [sample.phases_ms for sample in good]),
        _by_name(fmean, [sample.consumed for sample in good]),
        note,
    )


def _median(values: list[float]) -> float:
    return nearest_rank(sorted(values), 50)


def _by_name(summary: Callable[[list[float]], float], each: Sequence[Numbers]) -> Numbers:
    """Sum up each number, over those samples that have it."""
    names = dict.fromkeys(name for numbers in each for name in numbers)
    return {name: summary([numbers[name] for numbers in each if name in numbers]) for name in names}
