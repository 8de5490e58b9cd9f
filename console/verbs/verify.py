"""The verb `verify`: the newest snapshot held against the ledger, and every read path against the snapshot."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from console import terminal
from console.client.client import Client
from console.client.snapshots import ListedSnapshot, count_unpublished, ledger_head, newest_snapshot
from console.client.target import JsonOption, UrlOption, api_url
from console.data.verification import Verification, compare_hashes, complain, verify_paths
from console.wording import three_digits
from handlers.routes import SOURCES


class Level(StrEnum):
    """The thoroughness of a verification."""

    QUICK = "quick"
    FULL = "full"


LevelOption = Annotated[
    Level, typer.Option(help="quick: the snapshot's hash against the ledger's; full: also all rows of every path.")
]


def verify(level: LevelOption = Level.FULL, url: UrlOption = "", *, as_json: JsonOption = False) -> None:
    """Hold the newest snapshot against the ledger by content hash, and each read path's rows against it."""
    with Client(api_url(url)) as client:
        published, head = newest_snapshot(client), ledger_head(client.get("/command/health"))
        unpublished = count_unpublished(head, published)
        terminal.messages().print(f"{published.bookmark.seq:,} rows at {published.bookmark}, {client.url}")
        compare_hashes(head, published)
        outcome = _verify_paths(client, published) if level is Level.FULL else None
    if as_json:
        terminal.print_json(_content(published, outcome, unpublished))
    elif outcome is not None:
        terminal.results().print(_table(outcome))
    elif not unpublished:
        terminal.results().print(f"The snapshot's hash is the ledger's: {published.hash}")
    if outcome is not None:
        complain(outcome)
    if unpublished:
        _tell_unpublished(unpublished, client.url)


def _verify_paths(client: Client, published: ListedSnapshot) -> Verification:
    with terminal.progress("verify", published.bookmark.seq * len(SOURCES)) as advance:
        return verify_paths(client, published, advance)


def _content(published: ListedSnapshot, outcome: Verification | None, unpublished: int) -> dict[str, object]:
    """Return the result for other programs. `is_right` is None where nothing could be compared."""
    if outcome is not None:
        return {**asdict(outcome), "unpublished": unpublished}
    bookmark = published.bookmark
    return {
        "bookmark": str(bookmark),
        "rows": bookmark.seq,
        "hash": published.hash,
        "is_right": None if unpublished else True,
        "paths": [],
        "unpublished": unpublished,
    }


def _tell_unpublished(count: int, url: str) -> None:
    """Say that there are rows that were not looked at, and how to publish them."""
    rows, them = ("row is", "it") if count == 1 else ("rows are", "them")
    said = f"{count:,} newer {rows} in no snapshot yet. The next insert publishes {them}, or:"
    terminal.messages().print(f"{said}\ncurl -X POST {shlex.quote(url)}/snapshots", soft_wrap=True)


def _table(outcome: Verification) -> Table:
    """Return the outcome for people."""
    table = Table("path", "rows", "content hash", "rows/s", "", title_justify="left")
    for check in outcome.paths:
        verdict = "pass" if check.is_right else "FAIL"
        table.add_row(check.source, f"{check.rows:,}", check.hash, three_digits(check.rows / check.seconds), verdict)
    return table
