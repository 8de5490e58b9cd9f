"""The verb `verify`: the newest snapshot held against the ledger, and every read path against the snapshot."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from console import terminal
from console.client.client import Client
from console.client.health import ask_health
from console.client.snapshots import LedgerHead, ListedSnapshot, count_unpublished, ledger_head, newest_snapshot
from console.client.target import JsonOption, UrlOption, api_url
from console.data.inside import Inside, complain_of_inside, look_inside, way_inside
from console.data.verification import Verification, compare_hashes, complain, verify_paths
from console.data.walks import snapshot_of
from console.wording import three_digits

CHANGING = "Nothing was compared: the ledger's columns are being changed. --level full reads all of it"


class Level(StrEnum):
    """The thoroughness of a verification."""

    QUICK = "quick"
    FULL = "full"


LevelOption = Annotated[
    Level,
    typer.Option(
        help="quick: the snapshot's hash against the ledger's; full: also all rows of every path, the whole ledger, "
        "and every segment."
    ),
]
StateOption = Annotated[
    Path | None, typer.Option(help="Keep in this file how far the paths are, and go on from what it says.")
]
FunctionOption = Annotated[
    str,
    typer.Option(
        help="The projector function, which looks inside; default: PROJECTOR_FUNCTION, or the stack's output."
    ),
]


def verify(
    level: LevelOption = Level.FULL,
    url: UrlOption = "",
    state: StateOption = None,
    function: FunctionOption = "",
    *,
    as_json: JsonOption = False,
) -> None:
    """Hold the newest snapshot against the ledger by content hash, and each read path's rows against it.

    Where the ledger's table and the segments can be reached too, all of them are read: in a local stack, where
    TABLE_NAME and EFS_DIR say where they are, or by the projector function.
    """
    with Client(api_url(url)) as client:
        published = snapshot_of(state, client.url) or newest_snapshot(client)
        head = ledger_head(ask_health(client, "/command/health"))
        unpublished = count_unpublished(head, published)
        terminal.messages().print(f"{published.bookmark.seq:,} rows at {published.bookmark}, {client.url}")
        compare_hashes(head, published)
        outcome = inside = None
        if level is Level.FULL:
            outcome = _verify_paths(client, published, state)
            inside = _look_inside(client.url, head, function)
    if as_json:
        is_compared = not unpublished and head.hash is not None
        terminal.print_json(_content(published, outcome, inside, unpublished, is_compared=is_compared))
    elif outcome is not None:
        terminal.results().print(_table(outcome))
        terminal.results().print(_inside_words(inside), soft_wrap=True)
    elif not unpublished and head.hash is None:
        terminal.results().print(CHANGING, soft_wrap=True)
    elif not unpublished:
        terminal.results().print(f"The snapshot's hash is the ledger's: {published.hash}")
    if outcome is not None:
        complain(outcome)
        complain_of_inside(inside)
    if unpublished:
        _tell_unpublished(unpublished, client.url)


def _verify_paths(client: Client, published: ListedSnapshot, state: Path | None) -> Verification:
    with terminal.progress("verify", published.bookmark.seq * len(client.homes())) as advance:
        return verify_paths(client, published, advance, state)


def _look_inside(url: str, head: LedgerHead, function: str) -> Inside | None:
    way = way_inside(url, function)
    if way is None:
        return None
    with way as step, terminal.progress("ledger", head.bookmark.seq) as advance:
        return look_inside(step, head.bookmark, advance)


def _inside_words(inside: Inside | None) -> str:
    if inside is None:
        return "The ledger and the segments themselves were not read: no table, no file system, no --function."
    return "The whole ledger and every segment in use: " + (
        "pass" if inside["is_right"] else f"FAIL, {inside['fault']}"
    )


def _content(
    published: ListedSnapshot,
    outcome: Verification | None,
    inside: Inside | None,
    unpublished: int,
    *,
    is_compared: bool,
) -> dict[str, object]:
    """Return the result for other programs. `is_right` is None where nothing could be compared."""
    if outcome is not None:
        is_right = outcome.is_right and (inside is None or inside["is_right"] is True)
        return {**asdict(outcome), "is_right": is_right, "inside": inside, "unpublished": unpublished}
    bookmark = published.bookmark
    return {
        "bookmark": str(bookmark),
        "rows": bookmark.seq,
        "hash": published.hash,
        "is_right": True if is_compared else None,
        "paths": [],
        "inside": None,
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
