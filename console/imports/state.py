"""The progress of an import, in `.local/imports/`: so the same command goes on, and never adds a row twice.

The API takes a batch once for its key, but knows the key for a day alone. Beyond that, this file says which batches are
in, of which file, in which API, and in which epoch of its ledger.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b

from console.errors import ConsoleError
from console.imports.mapping import Mapping
from console.paths import local_dir
from console.wording import are, rows
from handlers.domain.bookmark import Bookmark
from handlers.ledger.idempotency import KEEP_S
from handlers.model.model import Model

FOLDER = "imports"
LOOK_HINT = "look whether its rows are there; --again imports all of them"
SAFE_S = KEEP_S - 3600  # an hour less than the API knows a key: clocks differ, and a batch takes its time


@dataclass(frozen=True)
class ImportState:
    """The progress of an import.

    Attributes:
        identity: tells how the file was read, and as which columns.
        run: part of the keys; another one for a file that is imported again.
        epoch: of the ledger that the rows went to; 0: it had none yet.
        bookmark: after the batches that are in for certain; before the first one, where the ledger was.
        begun_at_s: when the first key was made.
        batches, rows: how many are in for certain.
        sent_at_s: when the next batch was sent for the first time; None: it was not.
        is_complete: all rows are in, and published.
        job: imports the file, which was uploaded; empty: the rows are sent from here.
        rejected: how many rows of the file were refused.
    """

    identity: str
    file: str
    url: str
    epoch: int
    bookmark: str
    begun_at_s: float
    run: str = ""
    batches: int = 0
    rows: int = 0
    sent_at_s: float | None = None
    is_complete: bool = False
    job: str = ""
    rejected: int = 0

    def key(self) -> str:
        """Return the Idempotency-Key of the next batch."""
        return f"import-{self.identity}{self.run}-{self.batches}"

    def sending(self) -> ImportState:
        """Return the state while the next batch is under way."""
        return replace(self, sent_at_s=self.sent_at_s or time.time())

    def after(self, rows: int, bookmark: Bookmark) -> ImportState:
        """Return the state once the next batch is in. The first row of all begins the ledger's first epoch."""
        batches, total = self.batches + 1, self.rows + rows
        return replace(self, epoch=bookmark.epoch, bookmark=str(bookmark), batches=batches, rows=total, sent_at_s=None)


def identity_of(digest: str, mapping: Mapping, model: Model) -> str:
    """Return what tells one import from others: the file's content, and what its columns become."""
    matched = [(theirs, column.name) for theirs, column in mapping.columns.items()]
    columns = [
        (column.name, column.kind, column.is_nullable, column.default, column.allowed) for column in model.columns
    ]
    return blake2b(repr((digest, matched, model.table, columns)).encode(), digest_size=16).hexdigest()


class StateFile:
    """The file that holds the state of one file's import into one API."""

    def __init__(self, digest: str, url: str) -> None:
        folder = local_dir() / FOLDER
        self.path = folder / f"{blake2b(f'{digest} {url}'.encode(), digest_size=16).hexdigest()}.json"

    def load(self) -> ImportState | None:
        """Return the state; None where there is none. Raises ConsoleError."""
        try:
            return ImportState(**json.loads(self.path.read_text()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise ConsoleError(
                f"{self.path} cannot be read: {error}", "remove it, once you know whether rows of the file are in"
            ) from error

    def save(self, state: ImportState) -> ImportState:
        """Write the state; returns it. Raises ConsoleError."""
        temporary = self.path.with_name(f"{self.path.name}.tmp")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(asdict(state), indent=2) + "\n")
            os.replace(temporary, self.path)
        except OSError as error:
            raise ConsoleError(f"{self.path} cannot be written: {error}", "name another folder in LOCAL_DIR") from error
        return state

    def put_back(self, kept: ImportState | None) -> None:
        """Write what was loaded before: nothing has come of what was saved since. Raises ConsoleError."""
        if kept is None:
            self.path.unlink()
        else:
            self.save(kept)


def begin_or_go_on(found: ImportState | None, new: ImportState, head: Bookmark, *, again: bool) -> ImportState:
    """Return the state to go on from.

    Args:
        found: what was kept; None: nothing.
        new: the state of an import that begins at the ledger's head.
        again: a file that is in is imported once more.

    Raises:
        ConsoleError: rows of the file are in, or may be, and it cannot go on from there.
    """
    if found is None:
        return _anew(new) if again else new
    going_on = _going_on(found, new, head)
    if again and (found.is_complete or going_on is None):
        return _anew(new)
    if going_on is None:
        raise undecided(found, new, head)
    return going_on


def undecided(found: ImportState, new: ImportState, head: Bookmark) -> ConsoleError:
    """Make the error for a file of which rows are in, or may be, where nobody can tell which ones."""
    return ConsoleError(_reason(found, new, head), LOOK_HINT)


def _anew(new: ImportState) -> ImportState:
    return replace(new, run=f"-{secrets.token_hex(4)}")


def _going_on(found: ImportState, new: ImportState, head: Bookmark) -> ImportState | None:
    """Return the state to go on from; None where nobody can tell any more which rows are in."""
    if found.identity != new.identity or (found.job and not found.is_complete):
        return None
    if found.epoch != head.epoch:
        if found.job:
            return None
        # The keys tell the API which rows this history still holds, as long as it knows all of them.
        return replace(new, run=found.run, begun_at_s=found.begun_at_s) if _is_known(found.begun_at_s) else None
    is_decided = found.sent_at_s is None or str(head) == found.bookmark
    return found if is_decided or _is_known(found.sent_at_s or 0.0) else None


def _is_known(since_s: float) -> bool:
    """Tell whether the API still knows a key of this time."""
    return time.time() - since_s < SAFE_S


def _reason(found: ImportState, new: ImportState, head: Bookmark) -> str:
    """Return why an import cannot go on."""
    said, others = f"{rows(found.rows)} of {found.file} {are(found.rows)} in already", "the next ones"
    if not found.rows:
        said, others = f"the first rows of {found.file} may be in already", "they"
    if found.identity != new.identity:
        return f"{said}, read as other columns or with other limits"
    if found.job and not found.is_complete:
        return f"{said}: job {found.job} imports it, and --via-s3 goes on with that"
    if found.epoch != head.epoch:
        return f"{said}, but in epoch {found.epoch}; the ledger is at {head}"
    return f"{said}; {others} were sent over a day ago without an answer, and the ledger has grown since"
