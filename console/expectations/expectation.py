"""Times to expect of AWS: a model until there is a measurement.

The model adds up what a read does, one thing after the other: the gateway, a sandbox's start, round trips and bytes at
published latencies, and the function's own time as measured here. p50 takes each figure's typical value, the slow case
each one's slow value, all at once, and is no percentile. Where a result was measured on AWS, its p50 and p99 stand in
their place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from console.expectations.latencies import LatencyFigure, LatencyFigures, latencies
from console.expectations.operations import CASES, Operations, count_operations
from console.results.result import Distribution, Environment, Measurement, Size, Workload
from handlers.routes import POSTGRES

MIB = 2**20


class TimePart(NamedTuple):
    """One thing that a read spends time on, in milliseconds.

    Args:
        times: how often, or how many MiB; the slow case may have more.
    """

    name: str
    times: float
    low_ms: float
    typical_ms: float
    slow_ms: float

    @classmethod
    def from_figure(cls, name: str, times: float, figure: LatencyFigure, slow_times: float | None = None) -> Self:
        """Take so many times what a figure says."""
        slow_ms = (times if slow_times is None else slow_times) * figure.slow
        return cls(name, times, times * figure.low, times * figure.typical, slow_ms)


@dataclass(frozen=True)
class Expectation:
    """The time to expect of one kind of read on one path.

    Args:
        case: the workload that it is measured by.
        is_measured: on AWS; then `slow_ms` is the p99, and there are no parts.
        low_ms: where every figure is as low as was published.
    """

    source: str
    case: Workload
    is_measured: bool
    low_ms: float
    p50_ms: float
    slow_ms: float
    parts: tuple[TimePart, ...] = ()


def expect(environment: Environment, size: Size) -> list[Expectation]:
    """Return what to expect of every case that was asked, path by path.

    A result from AWS tells it itself, and what it lacks is left out; the model starts from one of this machine.
    """
    asked = [size.measured(case, source) for case in CASES for source in size.homes]
    answered = [(it, it.client_ms, it.server_ms) for it in asked if it]
    if not environment.is_local:
        return [_measured(it, client_ms) for it, client_ms, _ in answered if client_ms]
    figures = latencies().figures
    return [_modelled(it, server_ms, size, figures) for it, _, server_ms in answered if server_ms]


def _measured(it: Measurement, times_ms: Distribution) -> Expectation:
    low_ms = times_ms.p50_interval[0]
    return Expectation(it.source, it.workload, True, low_ms, times_ms.p50, times_ms.p99)


def _modelled(it: Measurement, own_ms: Distribution, size: Size, figures: LatencyFigures) -> Expectation:
    operations = count_operations(it, size)
    parts = [TimePart.from_figure("HTTP API", 1, figures.gateway), *_remote(operations, figures)]
    parts += _sdk(operations, figures) if it.source == "ddb" else [_own(own_ms, figures.function_speed)]
    if it.source == POSTGRES:
        loading = TimePart.from_figure("loading psycopg", operations.starts, figures.driver_first_use)
        parts.append(_slowed(loading, figures.function_speed))
    used = tuple(part for part in parts if part.slow_ms)
    low_ms, p50_ms, slow_ms = (math.fsum(times) for times in zip(*(part[2:] for part in used), strict=True))
    return Expectation(it.source, it.workload, False, low_ms, p50_ms, slow_ms, used)


def _remote(operations: Operations, figures: LatencyFigures) -> Sequence[TimePart]:
    """Count what is elsewhere: a slow read on EFS looks for a newer snapshot at least, one of PostgreSQL for a home."""
    asked = operations.database_round_trips
    on_efs = not operations.dynamodb_calls and not asked
    trips, size_mib = operations.efs_round_trips, operations.efs_bytes / MIB
    waits = f"DynamoDB round trips, {operations.dynamodb_calls} calls of {operations.read_units:g} units"
    return [
        TimePart.from_figure("sandbox start", operations.starts, figures.sandbox_start),
        TimePart.from_figure("EFS round trips", trips, figures.efs_round_trip, max(math.ceil(trips), int(on_efs))),
        TimePart.from_figure("MiB from EFS", size_mib, figures.efs_transfer),
        TimePart.from_figure(waits, operations.dynamodb_round_trips, figures.dynamodb_round_trip),
        TimePart.from_figure("connections to PostgreSQL", operations.database_connections, figures.database_connection),
        TimePart.from_figure("PostgreSQL round trips", asked, figures.database_round_trip, max(asked, 2 * bool(asked))),
    ]


def _sdk(operations: Operations, figures: LatencyFigures) -> Sequence[TimePart]:
    """Return boto3's part: what a local run says of `ddb` is the emulator's time."""
    speed = figures.function_speed
    return [
        _slowed(TimePart.from_figure("loading boto3", operations.starts, figures.sdk_first_use), speed),
        _slowed(TimePart.from_figure("boto3", 1, figures.sdk_read), speed),
    ]


def _own(own_ms: Distribution, speed: LatencyFigure) -> TimePart:
    return _slowed(TimePart("function", 1, own_ms.p50_interval[0], own_ms.p50, own_ms.p99), speed)


def _slowed(part: TimePart, speed: LatencyFigure) -> TimePart:
    """Return what is work and not waiting on the share of a processor that a function has."""
    return part._replace(slow_ms=part.slow_ms * speed.slow)
