"""The progress of a copy to DynamoDB, in `.local/migrations/`: the same command goes on after the items that are in.

Items are written in the order of their keys, so a number of rows says which ones. They are the same rows as long as the
file, the rules and the time that `:now` stands for are the same.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b, file_digest
from pathlib import Path

from console.errors import ConsoleError
from console.migration.plan import PlannedTable
from console.paths import local_dir

FOLDER = "migrations"
DIGEST_BYTES = 16


@dataclass(frozen=True)
class CopyState:
    """The progress.

    Attributes:
        now: what `:now` stands for.
        content: digest of the source.
        form: digest of what the plan makes of it; empty: nothing is written yet.
        rows: how many of each table are in, by DynamoDB's names.
        identities: of these tables: of one that was made anew, none is in.
    """

    file: str
    target: str
    now: str = ""
    content: str = ""
    form: str = ""
    rows: dict[str, int] = field(default_factory=dict[str, int])
    identities: dict[str, str] = field(default_factory=dict[str, str])

    def within(self, name: str, identity: str) -> CopyState:
        """Return the state once a table is known to be there: with its items, if it is the one that they went to."""
        rows = self.rows.get(name, 0) if self.identities.get(name) == identity else 0
        return replace(self, rows=self.rows | {name: rows}, identities=self.identities | {name: identity})

    def after(self, name: str, count: int) -> CopyState:
        """Return the state once further items are in."""
        return replace(self, rows=self.rows | {name: self.rows[name] + count})


class CopyStateFile:
    """The file that holds the state of one file's copy to one place.

    Args:
        file: the source.
        target: where it goes: account or endpoint, region, prefix.
    """

    def __init__(self, file: Path, target: str) -> None:
        self._new = CopyState(str(file.resolve()), target)
        name = blake2b(f"{self._new.file} {target}".encode(), digest_size=DIGEST_BYTES).hexdigest()
        self.path = local_dir() / FOLDER / f"{name}.json"

    def load(self) -> CopyState:
        """Return the state; a new one where there is none. Raises ConsoleError."""
        try:
            return CopyState(**json.loads(self.path.read_text()))
        except FileNotFoundError:
            return self._new
        except (OSError, ValueError, TypeError) as error:
            message = f"{self.path} cannot be read: {error}"
            raise ConsoleError(message, "remove it, and write all items anew with --replace") from error

    def save(self, state: CopyState) -> CopyState:
        """Write the state; returns it. Raises ConsoleError."""
        temporary = self.path.with_name(f"{self.path.name}.tmp")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(asdict(state), indent=2) + "\n")
            os.replace(temporary, self.path)
        except OSError as error:
            raise ConsoleError(f"{self.path} cannot be written: {error}", "name another folder in LOCAL_DIR") from error
        return state

    def begin_or_go_on(self, now: str, content: str, tables: Sequence[PlannedTable], *, anew: bool) -> CopyState:
        """Return the state to go on from, or that of a beginning.

        Raises ConsoleError where items are in of what the source or the rules are no more.
        """
        found, form = self.load(), _digest(repr(tables))
        new = replace(self._new, now=now, content=content, form=form)
        if anew or not found.form:
            return self.save(new)
        if (found.content, found.form, found.now) == (content, form, now):
            return found
        changed = (
            "the file has" if found.content != content else "the rules have" if found.form != form else "--now has"
        )
        count = sum(found.rows.values())
        message = f"{found.file}: {changed} changed since {count:,} items of it were written to {found.target}"
        raise ConsoleError(message, "write all items anew with --replace")


def digest_of(copy: Path) -> str:
    """Return the digest of a copy of the source."""
    with copy.open("rb") as file:
        return file_digest(file, lambda: blake2b(digest_size=DIGEST_BYTES)).hexdigest()


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=DIGEST_BYTES).hexdigest()
