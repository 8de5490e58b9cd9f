"""The data set that is measured: how large it is, and what of it the workloads need to know."""

from __future__ import annotations

import json
import secrets
import shlex
from collections.abc import Container, Iterator
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from console.client.client import Client
from console.client.pages import Page, Walk
from console.client.snapshots import ListedSnapshot, newest_snapshot
from console.costs.row_size import shown_row_bytes
from console.data.loading import Loaded, LoadPlan, load
from console.data.writers import ApiWriter
from console.errors import ConsoleError
from console.paths import PROGRAM
from console.results.result import Size, Workload
from console.terminal import Advance
from handlers.domain.paging import MAX_LIMIT
from handlers.routes import MAX_INSERT_ROWS
from handlers.rows import MODEL

QUICKEST = "sqlite-efs"  # what is asked where any path would do


@dataclass(frozen=True)
class BenchData:
    """The data that the workloads ask for.

    Args:
        row_bytes: of a row in the ledger, the mean of the newest.
        ids: of all rows, oldest first; empty where no workload needs them.
        values: of all rows, those of the column that ranges are asked for of, each once and in order; empty where no
            workload needs them.
    """

    published: ListedSnapshot
    row_bytes: float
    ids: tuple[str, ...] = ()
    values: tuple[Any, ...] = ()


def inspect_data(client: Client, workloads: Container[Workload]) -> BenchData:
    """Look at the newest snapshot, and at its rows as far as the workloads need them.

    Raises ConsoleError where it holds nothing.
    """
    published = newest_snapshot(client)
    if not published.bookmark.seq:
        raise ConsoleError(
            f"{client.url} has no rows to read", f"{PROGRAM} seed --url {shlex.quote(client.url)} --count 10000"
        )
    ids: list[str] = []
    values: set[Any] = set()
    if "by-id" in workloads or "range" in workloads:
        for row in _rows(client, published):
            ids.append(row["id"])
            values.add(row[MODEL.range[0]])
    return BenchData(published, _row_bytes(client, published), tuple(ids), tuple(sorted(values)))


def look_at(client: Client) -> Size:
    """Return how large the rows of an API are, without a measurement. Raises ConsoleError where there are none."""
    data = inspect_data(client, ())
    published = data.published
    return Size(published.bookmark.seq, published.size_bytes, str(published.bookmark), (), data.row_bytes)


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


def _rows(client: Client, published: ListedSnapshot) -> Iterator[dict[str, Any]]:
    for texts in Walk(client, QUICKEST, published.bookmark).pages():
        yield from map(json.loads, texts)


def _row_bytes(client: Client, published: ListedSnapshot) -> float:
    """Return the mean size of the newest rows in the ledger."""
    newest = Page(client.get(f"/{QUICKEST}", {"limit": str(MAX_LIMIT), "as_of": str(published.bookmark)}))
    return fmean(shown_row_bytes(json.loads(text), published.bookmark) for text in newest.texts)
