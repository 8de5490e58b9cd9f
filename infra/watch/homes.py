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

REQUEST_USD = LAMBDA_REQUEST_USD + HTTP_API_REQUEST_USD
EFS, TMP, DDB = SOURCES
MS_A_SECOND, MB_A_GB, MILLION = 1000, 1024, 10**6


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
                lines=[
                    *_each(of, EFS_BYTES, EFS, TMP),
                    *_each(of, COPIED_BYTES, TMP),
                    *_each(of, READ_UNITS, DDB, right=True),
                ],
            ),
            Graph(title="A million requests cost", unit="USD", lines=[_usd(of, path, memory_mb) for path in SOURCES]),
        ),
    )


Of = Callable[..., Metric]


def _latencies(of: Of) -> list[Line]:
    return [line(f"{path} {statistic}", of(LATENCY, path, statistic)) for path in SOURCES for statistic in (P50, P99)]


def _each(of: Of, name: str, *paths: str, right: bool = False) -> list[Line]:
    """Return the mean a request of each of these paths."""
    return [
        Line(
            label=f"{path} {name}",
            metrics={"sum": of(name, path), "requests": of(LATENCY, path, SAMPLES)},
            expression="FILL({sum}, 0) / {requests}",
            right=right,
        )
        for path in paths
    ]


def _usd(of: Of, path: str, memory_mb: int) -> Line:
    """Return what a million requests cost: gateway, Lambda's requests and time, and what the path reads from."""
    name, usd = (READ_UNITS, READ_UNIT_USD) if path == DDB else (EFS_BYTES, EFS_READ_USD / GB)
    second_usd = LAMBDA_GB_SECOND_USD * memory_mb / MB_A_GB
    return Line(
        label=path,
        metrics={"requests": of(LATENCY, path, SAMPLES), "time": of(LATENCY, path), "used": of(name, path)},
        expression=(
            f"{_decimal(REQUEST_USD * MILLION)} + ({{time}} * {_decimal(second_usd / MS_A_SECOND * MILLION)}"
            f" + FILL({{used}}, 0) * {_decimal(usd * MILLION)}) / {{requests}}"
        ),
    )


def _decimal(number: float) -> str:
    """Return a number without an exponent, which metric math does not promise to understand."""
    return f"{number:.12f}".rstrip("0").rstrip(".")
