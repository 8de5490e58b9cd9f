"""The verb `export`: all rows in one ordinary file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from console import terminal
from console.client.client import Client
from console.client.health import ask_health
from console.client.snapshots import newest_snapshot
from console.client.target import JsonOption, UrlOption, api_url
from console.data.export import export_rows, resumable_bookmark
from console.data.export_formats import SUFFIXES
from console.errors import ConsoleError
from console.wording import megabytes
from handlers.domain.bookmark import Bookmark
from handlers.routes import HOMES, SOURCES

OutOption = Annotated[Path, typer.Option(help=f"The file; its suffix says what it is: {' '.join(SUFFIXES)}.")]
AsOfOption = Annotated[str, typer.Option(help="The bookmark to read at; default: the newest snapshot.")]
SourceOption = Annotated[str, typer.Option(help=f"The path to read from: {', '.join(HOMES)}.")]


def export(
    out: OutOption,
    as_of: AsOfOption = "",
    source: SourceOption = SOURCES[0],
    url: UrlOption = "",
    *,
    as_json: JsonOption = False,
) -> None:
    """Write all rows to one SQLite, CSV or NDJSON file; one that was cut short goes on where it stopped."""
    if out.suffix not in SUFFIXES:
        raise ConsoleError(
            f"--out {out}: this suffix is no kind of file that is known", f"one of {' '.join(SUFFIXES)}", 2
        )
    if source not in HOMES:
        raise ConsoleError(f"--source {source} is no path", f"one of {', '.join(HOMES)}", 2)
    asked = _bookmark(as_of)
    with Client(api_url(url)) as client:
        ask_health(client)
        if source not in client.homes():
            raise ConsoleError(
                f"--source {source}: {client.url} has no such home", f"one of {', '.join(client.homes())}", 2
            )
        bookmark = asked or resumable_bookmark(out, client.url) or newest_snapshot(client).bookmark
        terminal.messages().print(f"{bookmark.seq:,} rows as of {bookmark} from {source}, {client.url}")
        with terminal.progress("export", bookmark.seq) as advance:
            outcome = export_rows(client, out, source, bookmark, advance)
    if as_json:
        terminal.print_json(asdict(outcome))
    else:
        said = f"{outcome.path}: {outcome.rows:,} rows, {megabytes(outcome.bytes)}, proven by {outcome.proven_by}"
        terminal.results().print(said, soft_wrap=True)


def _bookmark(text: str) -> Bookmark | None:
    try:
        return Bookmark.parse(text) if text else None
    except ValueError as error:
        raise ConsoleError(f"--as-of {text} is no bookmark", "give <epoch>.<seq>", 2) from error
