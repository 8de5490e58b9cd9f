"""The three read paths side by side: how long they take, warm and first, and whether they answer alike."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import median, median_low, quantiles
from typing import TypedDict, cast
from urllib.parse import urlencode

import httpx
from rich.box import SIMPLE_HEAD
from rich.table import Table

from console.benchmark.closed_loop import turns
from console.client.client import Client, members_of, unexpected
from console.client.pages import member_text
from console.errors import ConsoleError
from handlers.routes import SOURCES

WARM_UPS = 5
COLD_READS = 3

Phases = dict[str, float]


@dataclass(frozen=True)
class Sample:
    """One read: the client's time, the function's own, and what it copied."""

    client_ms: float
    phases_ms: Phases
    copied_bytes: int


@dataclass(frozen=True)
class Measured:
    """One path. Phases are medians; the first read is that of a new sandbox."""

    source: str
    p50_ms: float
    p99_ms: float
    phases_ms: Phases
    first_ms: float
    first_phases_ms: Phases
    copied_bytes: int


class _Copy(TypedDict):
    bytes: int


class _Answer(TypedDict):
    timings_ms: Phases
    copy: _Copy | None


def measure(client: Client, reads: int, recycle: Callable[[], None]) -> list[Measured]:
    """Read the newest 100 rows on each path: first of all in new sandboxes, then warm, the paths taking turns.

    Args:
        reads: warm reads on each path.
        recycle: ends all sandboxes, so that the next read is a first one.
    """
    first: dict[str, list[Sample]] = {source: [] for source in SOURCES}
    for _, source in product(range(COLD_READS), SOURCES):
        recycle()
        first[source].append(_read(client, source))
    warm: dict[str, list[Sample]] = {source: [] for source in SOURCES}
    for _, source in turns(SOURCES, WARM_UPS + reads):
        warm[source].append(_read(client, source))
    return [measured(source, warm[source][WARM_UPS:], first[source]) for source in SOURCES]


def measured(source: str, warm: Sequence[Sample], first: Sequence[Sample]) -> Measured:
    """The figures of one path; of several first reads the middle one."""
    times_ms = [sample.client_ms for sample in warm]
    first_ms = median_low([sample.client_ms for sample in first])
    middle = next(sample for sample in first if sample.client_ms == first_ms)
    return Measured(
        source,
        median(times_ms),
        quantiles(times_ms, n=100, method="inclusive")[98],
        {phase: median(sample.phases_ms[phase] for sample in warm) for phase in warm[0].phases_ms},
        first_ms,
        middle.phases_ms,
        middle.copied_bytes,
    )


def comparison_table(paths: Sequence[Measured]) -> Table:
    """The figures for people, in milliseconds where nothing else is said."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("milliseconds", min_width=36)
    for path in paths:
        table.add_column(path.source, justify="right", min_width=12)
    table.add_row("warm read, p50", *(f"{path.p50_ms:.2f}" for path in paths))
    _add_phases(table, [path.phases_ms for path in paths])
    table.add_row("warm read, p99", *(f"{path.p99_ms:.2f}" for path in paths))
    table.add_row("first read in a new sandbox", *(f"{path.first_ms:.2f}" for path in paths))
    _add_phases(table, [path.first_phases_ms for path in paths])
    copied = (f"{path.copied_bytes / 1e6:.2f}" if path.copied_bytes else "-" for path in paths)
    table.add_row("MB copied by the first read", *copied)
    return table


def sentence(paths: Sequence[Measured]) -> str:
    """What the table says."""
    fastest, *others = sorted(paths, key=lambda path: path.p50_ms)
    slower = " and ".join(f"{path.source} {path.p50_ms / fastest.p50_ms:.1f}" for path in others)
    first = min(paths, key=lambda path: path.first_ms)
    copied = sum(path.copied_bytes for path in paths)
    return (
        f"Warm, {fastest.source} gives the newest 100 rows in {fastest.p50_ms:.2f} ms (p50); "
        f"{slower.replace(' ', ' takes ', 1)} times as long. "
        f"The first read in a new sandbox is fastest on {first.source}, {first.first_ms:.0f} ms; "
        f"sqlite-tmp copies {copied / 1e6:.2f} MB before it answers."
    )


def queries(client: Client) -> list[str]:
    """Paths and parameters that ask for the data in every way there is."""
    stats = json.loads(member_text(client.get("/ddb/stats").text, "stats"))
    newest = json.loads(member_text(client.get("/ddb", {"limit": "1"}).text, "data"))
    low, high = stats["min"], (stats["min"] + stats["max"]) / 2
    times = {"from": stats["first_created_at"], "to": stats["last_created_at"]}
    return [
        "",
        "?limit=1000&order=asc",
        f"?{urlencode({'min_value': low, 'max_value': high, 'limit': 1000})}",
        f"?{urlencode(times | {'order': 'asc'})}",
        f"/{newest[0]['id']}",
        "/stats",
    ]


def agreement(client: Client, asked: Sequence[str]) -> int:
    """Ask each path the same and compare the bytes. Returns how many bytes were equal; raises ConsoleError."""
    equal_bytes = 0
    for query in asked:
        answers = {source: _content(client.get(f"/{source}{query}"), query) for source in SOURCES}
        differing = [source for source in SOURCES if answers[source] != answers[SOURCES[0]]]
        if differing:
            message = f"GET /{differing[0]}{query} and GET /{SOURCES[0]}{query} give different bookmarks or data"
            raise ConsoleError(message, "python -m console verify names the first row that differs")
        equal_bytes += len(answers[SOURCES[0]][1])
    return equal_bytes


def _content(response: httpx.Response, query: str) -> tuple[str, bytes]:
    name = "stats" if query == "/stats" else "data"
    try:
        return member_text(response.text, "bookmark"), member_text(response.text, name).encode()
    except ValueError as error:
        raise unexpected(response, f"no {name} in it") from error


def _read(client: Client, source: str) -> Sample:
    start_s = time.perf_counter()
    response = client.get(f"/{source}")
    client_ms = (time.perf_counter() - start_s) * 1000
    try:
        answer = cast("_Answer", members_of(response))
        copy = answer.get("copy")
        return Sample(client_ms, answer["timings_ms"], copy["bytes"] if copy else 0)
    except (KeyError, TypeError, ValueError) as error:
        raise unexpected(response, "no timings in it") from error


def _add_phases(table: Table, paths: Sequence[Phases]) -> None:
    """One line for each phase that any path has, in the order of the path that has most of them."""
    named = max(paths, key=len)
    for phase in [name for name in named if name != "total"] + ["total"]:
        table.add_row(
            f"  in the function: {phase}", *(f"{path[phase]:.2f}" if phase in path else "-" for path in paths)
        )
