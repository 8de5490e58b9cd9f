"""The verb `verify`: every read path held against the newest snapshot."""

from __future__ import annotations

import shlex
from dataclasses import asdict

from rich.table import Table

from console import terminal
from console.client.client import Client
from console.client.snapshots import count_unpublished, newest_snapshot
from console.client.target import JsonOption, UrlOption, api_url
from console.data.verification import Verification, complain, verify_paths
from console.wording import three_digits
from handlers.routes import SOURCES


def verify(url: UrlOption = "", *, as_json: JsonOption = False) -> None:
    """Hold the rows that each read path gives against the newest snapshot's own count and hash."""
    with Client(api_url(url)) as client:
        published = newest_snapshot(client)
        terminal.messages().print(f"{published.bookmark.seq:,} rows at {published.bookmark}, {client.url}")
        with terminal.progress("verify", published.bookmark.seq * len(SOURCES)) as advance:
            outcome = verify_paths(client, published, advance)
        unpublished = count_unpublished(client, published)
    if as_json:
        terminal.print_json(asdict(outcome) | {"unpublished": unpublished})
    else:
        terminal.results().print(_table(outcome))
    complain(outcome)
    if unpublished:
        _tell_unpublished(unpublished, client.url)


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
