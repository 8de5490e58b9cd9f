"""The verb `ledger`: its histories, a new one, and going back to a point of one."""

from __future__ import annotations

import os
import shlex
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from console import terminal
from console.client.client import Client
from console.client.target import JsonOption, UrlOption, api_url
from console.data.adoption import adopt
from console.data.branches import Restored, begin_epoch, find_target, head_of, histories, read_prefix, restore
from console.data.ledger import open_store
from console.paths import PROGRAM

ToOption = Annotated[str, typer.Option(help="A bookmark of any of its histories, or a time (RFC 3339).")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")]


def show(*, as_json: JsonOption = False) -> None:
    """Show the histories of the ledger in TABLE_NAME, the one that is written to first."""
    with open_store(os.environ) as store:
        found = histories(store.ledger)
    if as_json:
        terminal.print_json({"histories": [asdict(each) for each in found]})
        return
    table = Table("newest bookmark", "content hash", "went on from", "left at", title_justify="left")
    for each in found:
        table.add_row(each.bookmark, each.hash, str(each.parent or "-"), each.left_at or "is written to")
    terminal.results().print(table)


def new_epoch(url: UrlOption = "", *, as_json: JsonOption = False) -> None:
    """Make the ledger at hand the newest history, whatever is published; old bookmarks get 409 from then on."""
    with Client(api_url(url)) as client:
        bookmark = begin_epoch(client)
    if as_json:
        terminal.print_json({"bookmark": bookmark})
    else:
        terminal.results().print(f"The ledger goes on at {bookmark}; readers move over by their next look.")


def restore_to(
    to: ToOption, *, dry_run: DryRunOption = False, url: UrlOption = "", as_json: JsonOption = False
) -> None:
    """Go back to a point: a new history with the rows up to it. Needs TABLE_NAME, AWS credentials and the API."""
    with open_store(os.environ) as store:
        target = find_target(store.ledger, to)
        with terminal.progress("read", target.last) as advance:
            at = read_prefix(store.ledger, target, advance)
        left = head_of(store.ledger)
        outcome, address = Restored(str(left.bookmark), at.seq, at.stats.last), api_url(url)
        if not dry_run:
            with Client(address) as client:
                outcome = restore(store.ledger, client, at)
    if as_json:
        terminal.print_json(asdict(outcome))
    else:
        terminal.results().print(_words(outcome, address), soft_wrap=True)


def _words(outcome: Restored, url: str) -> str:
    last = f", the last one created at {outcome.last_created_at}" if outcome.last_created_at else ""
    kept = f"{outcome.kept_rows:,} rows{last}"
    if outcome.bookmark is None:
        return f"Would leave {outcome.left} and go on with {kept}. Nothing was changed."
    undo = f"{PROGRAM} ledger restore --to {outcome.left} --url {shlex.quote(url)}"
    return f"Left {outcome.left}; goes on at {outcome.bookmark} with {kept}.\nTo undo it: {undo}"


def adopt_columns(
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Go back to the columns that those replace.")] = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """End a change of columns: the head stands for its rows by those declared here. Needs TABLE_NAME, credentials."""
    with open_store(os.environ) as store, terminal.progress("read", head_of(store.ledger).seq) as advance:
        outcome = adopt(store.ledger, advance, undo=undo, dry_run=dry_run)
    if as_json:
        terminal.print_json(asdict(outcome))
        return
    whose = "that handlers/rows.py replaces" if undo else "of handlers/rows.py"
    said = f"{outcome.rows:,} rows by the columns {whose}: {outcome.hash}"
    if outcome.is_changed:
        words = f"Now the head {outcome.bookmark} stands for {said}."
    elif dry_run:
        words = f"The head {outcome.bookmark} would stand for {said}. Nothing was changed."
    else:
        words = f"The head {outcome.bookmark} stands for {said}. It did so before."
    terminal.results().print(words, soft_wrap=True)


COMMANDS = {"show": show, "new-epoch": new_epoch, "restore": restore_to, "adopt": adopt_columns}
