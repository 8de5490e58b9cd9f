"""The homes side by side on the dashboard: how fast they answer, what they move, and what a request costs."""

from __future__ import annotations

from collections.abc import Callable

from handlers.routes import SOURCES
from handlers.telemetry.metrics import COPIED_BYTES, EFS_BYTES, LATENCY, READ_UNITS
from infra.watch.metric import P50, P99, SAMPLES, SUM, Metric, Text, own
from infra.watch.prices import (
    EFS_READ_USD,
    GB,
    HTTP_API_REQUEST_USD,
    LAMBDA_GB_SECOND_USD,
    LAMBDA_REQUEST_USD,
    READ_UNIT_USD,
)
from infra.watch.widgets import Graph, Line, Section, line

# What a request costs whatever it does, and what the rest of it costs by the metrics of its path.
REQUEST_USD = LAMBDA_REQUEST_USD + HTTP_API_REQUEST_USD
MS_A_SECOND, MB_A_GB = 1000, 1024


def homes(query_name: Text, memory_mb: int) -> Section:
    """Return the section of the read paths, by the own metrics of the query function with this memory."""

    def of(name: str, path: str, statistic: str = SUM) -> Metric:
        return own(name, query_name, statistic, path)

    return Section(
        headline="The homes side by side",
        graphs=(
            Graph(title="Latency in the function", unit="ms", lines=[*_latencies(of)]),
            Graph(
                title="Bytes and units a request",
                unit="bytes",
                right_unit="read units",
                lines=[*_each(of, EFS_BYTES), *_each(of, READ_UNITS, right=True), *_each(of, COPIED_BYTES)],
            ),
            Graph(title="A million requests cost", unit="USD", lines=[_usd(of, path, memory_mb) for path in SOURCES]),
        ),
    )


Of = Callable[..., Metric]


def _latencies(of: Of) -> list[Line]:
    return [line(f"{path} {statistic}", of(LATENCY, path, statistic)) for path in SOURCES for statistic in (P50, P99)]


def _each(of: Of, name: str, *, right: bool = False) -> list[Line]:
    """Return the mean a request of each path. A metric that has no data on a path has no line there."""
    return [
        Line(
            label=f"{path} {name}",
            metrics={"sum": of(name, path), "requests": of(LATENCY, path, SAMPLES)},
            expression="{sum} / {requests}",
            right=right,
        )
        for path in SOURCES
    ]


def _usd(of: Of, path: str, memory_mb: int) -> Line:
    """Return what a million requests cost: gateway, Lambda's time, bytes from EFS, read units; no logs, no traffic."""
    time_usd = LAMBDA_GB_SECOND_USD * memory_mb / MB_A_GB / MS_A_SECOND
    return Line(
        label=path,
        metrics={
            "requests": of(LATENCY, path, SAMPLES),
            "time": of(LATENCY, path),
            "bytes": of(EFS_BYTES, path),
            "units": of(READ_UNITS, path),
        },
        expression=(
            f"1000000 * ({REQUEST_USD:.9g} + ({{time}} * {time_usd:.9g} + FILL({{bytes}}, 0) * {EFS_READ_USD / GB:.9g}"
            f" + FILL({{units}}, 0) * {READ_UNIT_USD:.9g}) / {{requests}})"
        ),
    )
