"""The data set that is measured: how large it is, and what of it the workloads need to know."""

from __future__ import annotations

import json
import secrets
import shlex
from collections.abc import Container
from dataclasses import dataclass

from console.client.client import Client
from console.client.pages import Walk, member_text
from console.client.snapshots import ListedSnapshot, newest_snapshot
from console.data.loading import Loaded, LoadPlan, load
from console.data.writers import ApiWriter
from console.errors import ConsoleError
from console.paths import PROGRAM
from console.results.result import Workload
from console.terminal import Advance
from handlers.routes import MAX_INSERT_ROWS

QUICKEST = "sqlite-efs"  # what is asked where any path would do


@dataclass(frozen=True)
class BenchData:
    """The data that the workloads ask for.

    Args:
        ids: of all rows, oldest first; empty where no workload needs them.
        minimum: the smallest value, as `maximum` the largest; 0 where no workload needs them.
    """

    published: ListedSnapshot
    ids: tuple[str, ...]
    minimum: float
    maximum: float


def inspect_data(client: Client, workloads: Container[Workload]) -> BenchData:
    """Look at the newest snapshot. Raises ConsoleError where it holds nothing."""
    published = newest_snapshot(client)
    if not published.bookmark.seq:
        raise ConsoleError(
            f"{client.url} has no rows to read", f"{PROGRAM} seed --url {shlex.quote(client.url)} --count 10000"
        )
    ids = _ids(client, published) if "by-id" in workloads else ()
    minimum, maximum = _extremes(client) if "range" in workloads else (0.0, 0.0)
    return BenchData(published, ids, minimum, maximum)


def grow(client: Client, rows: int, seed: int, advance: Advance) -> Loaded | None:
    """Load rows until there are so many; None where there are already.

    Raises:
        ConsoleError: there are more, and a ledger only grows.
    """
    there = newest_snapshot(client).bookmark.seq
    if there > rows:
        hint = "leave that size out, or measure a new ledger: --local, or another stack"
        raise ConsoleError(f"{client.url} has {there:,} rows already, more than the {rows:,} asked for", hint)
    advance(there)
    if there == rows:
        return None
    plan = LoadPlan(rows - there, seed, there + 1, secrets.token_hex(4), MAX_INSERT_ROWS)
    return load(ApiWriter(client), plan, advance, f"{PROGRAM} seed --url {shlex.quote(client.url)}")


def _ids(client: Client, published: ListedSnapshot) -> tuple[str, ...]:
    pages = Walk(client, QUICKEST, published.bookmark).pages()
    return tuple(json.loads(text)["id"] for texts in pages for text in texts)


def _extremes(client: Client) -> tuple[float, float]:
    stats: dict[str, float] = json.loads(member_text(client.get(f"/{QUICKEST}/stats").text, "stats"))
    return stats["min"], stats["max"]
