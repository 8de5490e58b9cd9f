"""Benchmark sessions for people and for spreadsheets: a report, a table, the trend over sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from handlers.routes import SOURCES
from handlers.telemetry.usage import RECEIPT_MEMBERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from handlers.benchmark.session import Benchmark, Interval, LaneResult

ALIKE = ("version", "memory_mb", "architecture", "region")  # of the environment; else a change says nothing
FIGURES = ("p50", "p90", "p99", "max", "mean")
CONSUMED = [name for name in RECEIPT_MEMBERS if name != "init_ms"]
COLUMNS = ("workload", "source", "requests", "errors", *(f"{figure}_ms" for figure in FIGURES), *CONSUMED)
NOTHING = "-"
WHAT_IT_IS = (
    "Measured inside the function, by turns, from the event to the finished answer: without gateway, network and "
    "Lambda's own part. Consumed is a request's mean."
)


class Point(TypedDict):
    """One session in a trend; changes are against the session before it: 0.1 is a tenth slower. They are None where
    that one had other rows or another environment. An interval is None in sessions of versions that kept none.
    """

    id: str
    started_at: str
    rows: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    p50_interval: Interval | None
    p99_interval: Interval | None
    p50_change: float | None
    p99_change: float | None


class Trend(TypedDict):
    """One workload on one source over the sessions, oldest first."""

    workload: str
    source: str
    points: list[Point]


def report_of(benchmark: Benchmark) -> str:
    """Return a session as Markdown."""
    settings = benchmark["settings"]
    state = "complete" if benchmark["complete"] else "stopped early, for time"
    parts = [
        f"# Benchmark {benchmark['id']}",
        f"{benchmark['started_at']}, {benchmark['rows']:,} rows at bookmark {benchmark['bookmark']}"
        f"{_later(benchmark)}; up to {settings['iterations']} requests each after {settings['warm_ups']} to warm up, "
        f"in {benchmark['duration_ms'] / 1000:.1f} s: {state}.",
        WHAT_IT_IS,
        *(_section(workload, benchmark["results"]) for workload in settings["workloads"]),
        "## Environment",
        _table(("", ""), [(name, _shown(value)) for name, value in benchmark["environment"].items()]),
    ]
    return "\n\n".join(parts) + "\n"


def csv_of(benchmark: Benchmark) -> str:
    """Return a session's results as CSV (RFC 4180), a line each; what was not measured is empty."""
    lines = [COLUMNS, *(_cells(result) for result in benchmark["results"])]
    return "".join(",".join(line) + "\r\n" for line in lines)


def trends_of(benchmarks: Sequence[Benchmark]) -> list[Trend]:
    """Return how the medians and 99th percentiles went from session to session, which come newest first."""
    trends: dict[tuple[str, str], Trend] = {}
    by_id = {benchmark["id"]: benchmark for benchmark in benchmarks}
    for benchmark in reversed(benchmarks):
        for result in benchmark["results"]:
            key = (result["workload"], result["source"])
            trend = trends.setdefault(key, Trend(workload=key[0], source=key[1], points=[]))
            before = trend["points"][-1] if trend["points"] else None
            if before and not _alike(by_id[before["id"]], benchmark):
                before = None
            trend["points"] += _points(benchmark, result, before)
    return list(trends.values())


def _later(benchmark: Benchmark) -> str:
    """Return the bookmark of the last answers, if rows came in meanwhile."""
    last = benchmark["last_bookmark"]
    return "" if last == benchmark["bookmark"] else f" (at the end {last})"


def _alike(one: Benchmark, other: Benchmark) -> bool:
    """Tell whether the sessions measured the same: as many rows, in the same environment."""
    same = all(one["environment"].get(name) == other["environment"].get(name) for name in ALIKE)
    return same and one["rows"] == other["rows"]


def _points(benchmark: Benchmark, result: LaneResult, before: Point | None) -> list[Point]:
    figures = result["server_ms"]
    if figures is None:
        return []
    return [
        Point(
            id=benchmark["id"],
            started_at=benchmark["started_at"],
            rows=benchmark["rows"],
            p50_ms=figures["p50"],
            p90_ms=figures["p90"],
            p99_ms=figures["p99"],
            p50_interval=figures.get("p50_interval"),
            p99_interval=figures.get("p99_interval"),
            p50_change=_change(figures["p50"], before and before["p50_ms"]),
            p99_change=_change(figures["p99"], before and before["p99_ms"]),
        )
    ]


def _change(now_ms: float, before_ms: float | None) -> float | None:
    return round(now_ms / before_ms - 1, 4) if before_ms else None


def _section(workload: str, results: Iterable[LaneResult]) -> str:
    """Return one workload's table, a line for each source."""
    header = ("source", "requests", "errors", *(f"{figure} ms" for figure in FIGURES), "consumed by a request")
    lines = [
        (*_measured(result), _consumed(result))
        for source in SOURCES
        for result in results
        if (result["workload"], result["source"]) == (workload, source)
    ]
    return f"## {workload}\n\n{_table(header, lines)}"


def _measured(result: LaneResult) -> tuple[str, ...]:
    figures = result["server_ms"]
    shown = [_shown(figures and figures[figure]) for figure in FIGURES]
    return result["source"], str(result["requests"]), _errors(result) or "0", *shown


def _errors(result: LaneResult) -> str:
    """Return every status with how often: "503: 2"."""
    return "; ".join(f"{status}: {count}" for status, count in sorted(result["errors"].items()))


def _consumed(result: LaneResult) -> str:
    """Return what a request used on average, of that which it used at all."""
    means = [
        f"{name} {amount / result['requests']:.4g}"
        for name, amount in result["consumed"].items()
        if isinstance(amount, int | float) and amount
    ]
    return ", ".join(means) or NOTHING


def _cells(result: LaneResult) -> tuple[str, ...]:
    figures = result["server_ms"]
    return (
        result["workload"],
        result["source"],
        str(result["requests"]),
        str(sum(result["errors"].values())),
        *("" if figures is None else str(figures[figure]) for figure in FIGURES),
        *("" if (amount := result["consumed"].get(name)) is None else str(amount) for name in CONSUMED),
    )


def _table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [header, ["---"] * len(header), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _shown(value: object) -> str:
    return NOTHING if value is None else str(value)
