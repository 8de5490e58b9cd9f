"""The import of a file: every row is checked before the first is sent, and a file that is in is not sent again."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from console import terminal
from console.client.client import Client
from console.client.health import ask_health
from console.client.snapshots import ledger_head
from console.data.writers import ApiWriter
from console.imports.checking import Checker
from console.imports.mapping import Mapping
from console.imports.rejects import Rejects
from console.imports.sending import Sending
from console.imports.source import Source
from console.imports.state import ImportState, StateFile, begin_or_go_on, identity_of
from console.terminal import Advance
from console.wording import are, rows
from handlers.model.model import Model

ADVANCED_EVERY = 1000  # rows


@dataclass(frozen=True)
class ImportPlan:
    """The file, and how it is read.

    Attributes:
        rejects: the file for the rows that are refused.
        max_rejects: if more rows are refused, none is sent.
    """

    file: Path
    source: Source
    mapping: Mapping
    model: Model
    rejects: Path
    max_rejects: int = 0


@dataclass(frozen=True)
class Imported:
    """The outcome.

    Attributes:
        rows: how many rows are right; of a file that is in, how many were sent.
        inserted: how many were added now.
        known: how many were in before.
        rejected: how many were refused.
        rejects: the file that has them; None: there are none.
        complaints: the first reasons.
        bookmark: after the last row; None: nothing was sent.
        snapshot: with the last row; None: nothing was published here.
        job: which imported the file, once it was uploaded; None: the rows were sent from here.
    """

    file: str
    rows: int
    inserted: int = 0
    known: int = 0
    rejected: int = 0
    rejects: str | None = None
    complaints: tuple[str, ...] = ()
    bookmark: str | None = None
    snapshot: str | None = None
    seconds: float = 0.0
    job: str | None = None


def check_file(plan: ImportPlan) -> Imported:
    """Check every row, and write those that are refused to their file. Raises ConsoleError."""
    checker = Checker(plan.source, plan.mapping, plan.model)
    progress = terminal.progress("check", plan.source.total, unit=plan.source.counted, is_kept=False)
    with Rejects(plan.rejects, plan.file, plan.source.places) as rejects, progress as advance:
        right = _check_rows(plan.source, checker, rejects, advance)
    written = str(plan.rejects) if rejects.count else None
    return Imported(str(plan.file), right, 0, 0, rejects.count, written, tuple(rejects.shown))


def import_file(plan: ImportPlan, client: Client, command: str, *, again: bool = False) -> Imported:
    """Check a file and send what of it is not in.

    Args:
        command: the command line, which goes on where it was cut short.
        again: send a file that is in once more.

    Raises:
        ConsoleError: it cannot be read, or was cut short.
    """
    head = ledger_head(ask_health(client, "/command/health")).bookmark
    digest = plan.source.digest()
    file = StateFile(digest, client.url)
    identity = identity_of(digest, plan.mapping, plan.model)
    new = ImportState(identity, str(plan.file), client.url, head.epoch, str(head), time.time())
    state = begin_or_go_on(file.load(), new, head, again=again)
    if state.is_complete:
        return known_of(plan, state)
    checked = check_file(plan)
    if checked.rejected > plan.max_rejects or not checked.rows:
        return replace(checked, known=state.rows)
    started_s = time.monotonic()
    state = replace(state, rejected=checked.rejected)
    sending = Sending(ApiWriter(client), file, state, head, checked.rows)
    if state.rows:
        terminal.messages().print(f"goes on after {rows(state.rows)} that {are(state.rows)} in")
    with terminal.progress("import", checked.rows - state.rows) as advance:
        sending.run(plan.source, Checker(plan.source, plan.mapping, plan.model), advance, command)
    return Imported(
        checked.file,
        checked.rows,
        checked.rows - sending.known,
        sending.known,
        checked.rejected,
        checked.rejects,
        checked.complaints,
        sending.state.bookmark,
        sending.snapshot,
        time.monotonic() - started_s,
    )


def known_of(plan: ImportPlan, state: ImportState) -> Imported:
    """Return the outcome for a file that is in: as the first time, with the rows that were refused then."""
    return Imported(
        str(plan.file),
        state.rows,
        known=state.rows,
        rejected=state.rejected,
        rejects=str(plan.rejects) if state.rejected and plan.rejects.exists() else None,
        bookmark=state.bookmark,
        job=state.job or None,
    )


def _check_rows(source: Source, checker: Checker, rejects: Rejects, advance: Advance) -> int:
    """Check every row; returns how many are right."""
    right, told = 0, 0
    for count, checked in enumerate(checker.rows(), 1):
        if checked.draft is None:
            rejects.add(checked)
        else:
            right += 1
        if count % ADVANCED_EVERY == 0:
            advance(source.position - told)
            told = source.position
    return right
