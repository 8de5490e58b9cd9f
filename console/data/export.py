"""One file for people: all rows as of a bookmark, through the API, in order, and proven at the end.

What is done so far is in `<file>.part`, and how far that is in `<file>.part.json`; so an export that was cut short goes
on where it stopped. The file gets its name when all rows are in it and have proven to be the right ones.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Generator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from console.client.client import Client
from console.client.pages import Walk
from console.client.snapshots import hash_at
from console.data.export_formats import RowFile, row_file
from console.data.walks import HashingWalk
from console.errors import ConsoleError
from console.terminal import Advance
from handlers.domain.bookmark import Bookmark
from handlers.domain.hashes import content_hash, hash_text
from handlers.routes import SOURCES


@dataclass(frozen=True)
class Progress:
    """The progress of an export.

    Attributes:
        rows: how many rows are in the file.
        hash: their content hash.
        size_bytes: of the file.
        cursor: where the next page begins; None: nowhere, unless there are no rows yet.
    """

    url: str
    source: str
    as_of: str
    rows: int = 0
    hash: str = hash_text(0)
    size_bytes: int = 0
    cursor: str | None = None


@dataclass(frozen=True)
class Exported:
    """The outcome.

    Attributes:
        resumed_at: how many rows were in the file already.
        proven_by: what was held against the rows: at a bookmark that no snapshot has, another path's.
    """

    path: str
    bookmark: str
    rows: int
    bytes: int
    hash: str
    resumed_at: int
    proven_by: str


def export_rows(client: Client, path: Path, source: str, as_of: Bookmark, advance: Advance) -> Exported:
    """Write all rows of a path as of a bookmark to a file.

    Raises ConsoleError where that cannot be, or the rows are not the right ones.
    """
    part, note = part_of(path), note_of(path)
    begun = read_progress(note, Progress(client.url, source, str(as_of)))
    advance(begun.rows)
    done = begun
    with _writable(path), row_file(path.suffix, part, begun.rows, begun.size_bytes) as writer:
        walk = Walk(client, source, as_of, begun.cursor)
        if not begun.rows or begun.cursor:
            for texts in walk.pages():
                done = _add(writer, done, texts, walk.cursor)
                _write(note, done)
                advance(len(texts))
        writer.finish()
    proven_by = prove(client, done)
    os.replace(part, path)
    note.unlink()
    return Exported(str(path), done.as_of, done.rows, path.stat().st_size, done.hash, begun.rows, proven_by)


@contextlib.contextmanager
def _writable(path: Path) -> Generator[None]:
    """Raise what the disk complains about as a ConsoleError."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise ConsoleError(f"--out {path} cannot be written: {error}", "choose another file with --out") from error


def part_of(path: Path) -> Path:
    """Return the file for what is done so far."""
    return path.with_name(f"{path.name}.part")


def note_of(path: Path) -> Path:
    """Return the file that says how far that is."""
    return path.with_name(f"{path.name}.part.json")


def read_progress(note: Path, wanted: Progress) -> Progress:
    """Return how far an export of the same rows is; `wanted`, at its beginning, where there is none."""
    try:
        found = Progress(**json.loads(note.read_text()))
    except FileNotFoundError:
        return wanted
    except (ValueError, TypeError) as error:
        raise ConsoleError(f"{note} cannot be read: {error}", f"remove it and {note.with_suffix('')}") from error
    is_same = (found.url, found.source, found.as_of) == (wanted.url, wanted.source, wanted.as_of)
    part = note.with_suffix("")
    is_whole = part.exists() and part.stat().st_size >= found.size_bytes
    return found if is_same and is_whole else wanted


def resumable_bookmark(path: Path, url: str) -> Bookmark | None:
    """Return the bookmark of an export to this file that was cut short; None where there is none."""
    try:
        found = json.loads(note_of(path).read_text())
        return Bookmark.parse(found["as_of"]) if found["url"] == url else None
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def prove(client: Client, done: Progress) -> str:
    """Hold what was written against what the API says of that bookmark. Returns by what; raises ConsoleError."""
    as_of = Bookmark.parse(done.as_of)
    hint = f"remove the .part files and export again; see also verify --url {client.url}"
    if done.rows != as_of.seq:
        raise ConsoleError(f"{done.rows:,} rows came, {as_of.seq:,} are in {as_of}", hint)
    expected, proven_by = hash_at(client, as_of), "count and content hash"
    if expected is None:
        other = next(source for source in reversed(SOURCES) if source != done.source)
        expected, proven_by = hash_of(HashingWalk(client, other, as_of)), f"count and the content hash of {other}"
    if expected != done.hash:
        raise ConsoleError(f"the content hash is {done.hash}, that of {as_of} is {expected}", hint)
    return proven_by


def hash_of(walk: HashingWalk) -> str:
    """Return the content hash of all rows of a walk."""
    for _ in walk.texts():
        pass
    return walk.hash


def _add(writer: RowFile, done: Progress, texts: list[str], cursor: str | None) -> Progress:
    seqs = list(range(done.rows + 1, done.rows + len(texts) + 1))
    size_bytes = writer.add(seqs, texts)
    total = content_hash(int(done.hash, 16), seqs, texts)
    return replace(done, rows=done.rows + len(texts), hash=hash_text(total), size_bytes=size_bytes, cursor=cursor)


def _write(note: Path, done: Progress) -> None:
    temporary = note.with_name(f"{note.name}.tmp")
    temporary.write_text(json.dumps(asdict(done)))
    os.replace(temporary, note)
