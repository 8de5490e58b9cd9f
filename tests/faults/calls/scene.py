"""A table, a file system, sandboxes: what an operation finds, and what is there afterwards."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handlers import query
from handlers.command import make_router
from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.domain.problem import Problem
from handlers.gateway.router import Router
from handlers.ledger.head import Head
from handlers.ledger.ledger import Range
from handlers.projector import Projector
from handlers.routes import COMMAND, QUERY
from handlers.rows import MODEL
from handlers.settings import Settings
from handlers.snapshots.catalog import Catalog
from handlers.upkeep.findings import VerificationError
from tests.faults.calls.table import MemoryTable
from tests.support.api import SOURCES, Answer, Api, Context
from tests.support.files import names_in
from tests.support.meddling import Clock, no_time_limit

A_MONTH_S = 30 * 24 * 3600
REMAINING_S = 40.0  # of an invocation of the projector
WHOLE = "limit=1000&order=asc"
ON_FILES = SOURCES[:2]


class Sandboxes(Api):
    """A sandbox of each function."""

    def __init__(self, functions: dict[str, Router], projector: Projector, tmp: Path) -> None:
        self._functions = functions
        self._projector = projector
        self.tmp = tmp

    def invoke(self, event: dict[str, Any]) -> Answer:
        """Call the projector. Its errors become answers: 500 for a fault that it found, 503 for what it needs."""
        status, headers = 200, {"content-type": "application/json"}
        try:
            content = self._projector(event, Context(REMAINING_S))
        except VerificationError as error:
            status, content = 500, {"error": str(error)}
        except (Problem, OSError, sqlite3.Error) as error:
            status, content = 503, {"error": str(error)}
        return Answer({"statusCode": status, "headers": headers, "body": json.dumps(content)})


@dataclass(frozen=True)
class Seen:
    """What a client sees on one read path: a bookmark, and the rows up to it as JSON text; with 503 neither."""

    status: int
    bookmark: Bookmark = NOTHING
    data: str = ""


class Scene:
    """Everything there is.

    Args:
        folder: gets `efs`, and a `tmp…` for each sandbox.
        table: holds the ledger.
        clock: the clock, which only pauses move.
        environ: variables beside the folders.
    """

    def __init__(self, folder: Path, table: MemoryTable, clock: Clock, environ: dict[str, str]) -> None:
        self.folder = folder
        self.table = table
        self.clock = clock
        self.efs = folder / "efs"
        self.efs.mkdir(parents=True, exist_ok=True)
        self._environ = environ
        self._sandboxes = 0
        self._texts: tuple[str, ...] = ()
        self._texts_at = -1  # how many changes of the table ago

    def sandbox(self, tmp: Path | None = None) -> Sandboxes:
        """Start both functions anew, with a disk of their own, or with one that was in use before."""
        self._sandboxes += 1
        disk = tmp or self.folder / f"tmp-{self._sandboxes}"
        disk.mkdir(exist_ok=True)
        variables = {"TABLE_NAME": "table", "EFS_DIR": str(self.efs), "TMP_DIR": str(disk), "CHECK_INTERVAL_MS": "0"}
        environ = variables | self._environ
        command = make_router(self.table.ledger(), Settings(environ), self.clock, self.clock.deadline)
        projector = Projector(self.table.ledger(), Settings(environ), self.clock)
        return Sandboxes({COMMAND: command, QUERY: query.make_handler(environ)}, projector, disk)

    def head(self) -> Head | None:
        return self.table.ledger().head(no_time_limit())

    def point(self) -> Bookmark:
        """The ledger's newest point."""
        head = self.head()
        return head.bookmark if head else NOTHING

    def visible(self) -> Bookmark:
        """The newest point that is published, by the names that are there."""
        return Catalog(str(self.efs / "snapshots")).look().bookmark

    def texts(self) -> tuple[str, ...]:
        """The ledger's rows as JSON text. Fails where one is missing, or the head stands for other rows."""
        if self._texts_at == self.table.changes:
            return self._texts
        head = self.head()
        if head is None:
            return ()
        pages = self.table.ledger().rows(Range(head.roots, 1, head.seq), no_time_limit())
        found = [row for page in pages for row in page]
        proven = Head.new(head.epoch).plus(found)
        assert (head.seq, head.hash, head.stats.to_text()) == (len(found), proven.hash, proven.stats.to_text())
        self._texts, self._texts_at = tuple(MODEL.json_texts(found)), self.table.changes
        return self._texts

    def data(self, bookmark: Bookmark) -> str:
        """The rows up to a bookmark, as a page shows them."""
        return f"[{','.join(self.texts()[: bookmark.seq])}]"

    def ids(self) -> list[str]:
        return [json.loads(text)["id"] for text in self.texts()]

    def files(self) -> list[str]:
        """Everything on the file system."""
        return [f"{folder}/{name}" for folder in names_in(self.efs) for name in self.names(folder)]

    def names(self, folder: str) -> list[str]:
        return names_in(self.efs / folder)

    def age(self) -> None:
        """Let a month pass for what lies around."""
        long_ago_s = time.time() - A_MONTH_S
        for folder in ("staging", "rebuild"):
            for name in self.names(folder):
                os.utime(self.efs / folder / name, (long_ago_s, long_ago_s))


def seen_by(api: Api, path: str, raw_query: str = WHOLE) -> Seen:
    """What a page shows that holds all rows."""
    answer = api.get(path, raw_query)
    if answer.status != 200:
        assert answer.status == 503, answer.text
        assert "retry-after" in answer.headers
        return Seen(503)
    _, _, rest = answer.text.partition('"bookmark":"')
    bookmark, _, rest = rest.partition('"')
    return Seen(200, Bookmark.parse(bookmark), rest.partition('"data":')[2].partition(',"next":null')[0])
