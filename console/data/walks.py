"""The read paths walked side by side, so that the first row in which they differ can be named.

How far that is can be kept in a file, from which another run goes on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import combinations, zip_longest
from pathlib import Path
from typing import Any, cast

from console.client.client import Client
from console.client.pages import Walk
from console.client.snapshots import ListedSnapshot
from console.errors import ConsoleError
from console.terminal import Advance
from handlers.domain.bookmark import Bookmark
from handlers.domain.hashes import content_hash, hash_text

Differences = dict[frozenset[str], int]  # by each two paths, the seq of the first row that is not the same


@dataclass(frozen=True)
class Passed:
    """The part of a path that was walked."""

    rows: int
    hash: str
    cursor: str | None
    seconds: float


class HashingWalk(Walk):
    """A walk that counts and hashes what it passes."""

    def __init__(self, client: Client, source: str, upto: Bookmark, advance: Advance = lambda _: None) -> None:
        super().__init__(client, source, upto)
        self.rows = 0
        self._sum = 0
        self._advance = advance

    @property
    def hash(self) -> str:
        """Return the content hash of what was passed."""
        return hash_text(self._sum)

    @property
    def passed(self) -> Passed:
        """Return what was passed, to be continued by `go_on`; whole pages of it."""
        return Passed(self.rows, self.hash, self.cursor, self.seconds)

    def go_on(self, passed: Passed) -> None:
        """Begin after what another walk has passed."""
        self.rows, self._sum = passed.rows, int(passed.hash, 16)
        self.cursor, self.seconds = passed.cursor, passed.seconds
        self._advance(passed.rows)

    def texts(self) -> Iterator[str]:
        """Yield the rows' JSON texts, one by one."""
        if self.rows and self.cursor is None:
            return
        for texts in self.pages():
            seqs = list(range(self.rows + 1, self.rows + len(texts) + 1))
            self._sum = content_hash(self._sum, seqs, texts)
            self.rows += len(texts)
            self._advance(len(texts))
            yield from texts


class SideBySide:
    """All paths, walked to the end of one snapshot.

    Args:
        published: the snapshot.
        advance: is told of rows, of each path.
        state: the file that says how far it is; None keeps nothing.

    Attributes:
        walks: one a path.
        differences: what was found so far.
    """

    def __init__(self, client: Client, published: ListedSnapshot, advance: Advance, state: Path | None = None) -> None:
        self.walks = [HashingWalk(client, source, published.bookmark, advance) for source in client.homes()]
        self.differences: Differences = {}
        self._state = state
        self._of = {
            "url": client.url,
            "bookmark": str(published.bookmark),
            "hash": published.hash,
            "size_bytes": published.size_bytes,
            "homes": list(client.homes()),
        }

    def run(self) -> None:
        """Walk on, from where the state says. Raises ConsoleError."""
        begun = self._load()
        for seq, texts in enumerate(zip_longest(*(walk.texts() for walk in self.walks)), begun + 1):
            self._compare(seq, texts)
            if all(walk.rows == seq for walk in self.walks):
                self._save()
        if self._state is not None:
            self._state.unlink(missing_ok=True)

    def _compare(self, seq: int, texts: tuple[str | None, ...]) -> None:
        if len(set(texts)) > 1:
            for (one, its), (other, others) in combinations(zip(self.walks, texts, strict=True), 2):
                if its != others:
                    self.differences.setdefault(frozenset((one.source, other.source)), seq)

    def _load(self) -> int:
        """Go on from the state, if it is of the same snapshot and homes. Returns how many rows were compared."""
        found = read_state(self._state) if self._state is not None else None
        if found is None or found["of"] != self._of:
            return 0
        for walk in self.walks:
            walk.go_on(Passed(**found["walks"][walk.source]))
        self.differences = {frozenset(pair): seq for pair, seq in found["differences"]}
        return self.walks[0].rows

    def _save(self) -> None:
        """Keep how far it is; all walks are at the end of a page now."""
        if self._state is None:
            return
        content = {
            "of": self._of,
            "walks": {walk.source: asdict(walk.passed) for walk in self.walks},
            "differences": [[sorted(pair), seq] for pair, seq in self.differences.items()],
        }
        temporary = self._state.with_name(f"{self._state.name}.tmp")
        try:
            temporary.write_text(json.dumps(content))
            os.replace(temporary, self._state)
        except OSError as error:
            raise ConsoleError(f"--state {self._state} cannot be written: {error}", "choose another file") from error


def read_state(state: Path) -> dict[str, Any] | None:
    """Return what a state says; None where there is none. Raises ConsoleError."""
    try:
        found: object = json.loads(state.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ConsoleError(f"--state {state} cannot be read: {error}", "remove it, or choose another file") from error
    if not isinstance(found, dict) or not {"of", "walks", "differences"} <= found.keys():
        raise ConsoleError(f"--state {state} is no state of a verification", "remove it, or choose another file")
    return cast("dict[str, Any]", found)


def snapshot_of(state: Path | None, url: str) -> ListedSnapshot | None:
    """Return the snapshot of an API that a verification with this state is about; None where there is none."""
    found = read_state(state) if state is not None else None
    if found is None or found["of"]["url"] != url:
        return None
    of = found["of"]
    return ListedSnapshot(Bookmark.parse(of["bookmark"]), of["hash"], of["size_bytes"])
