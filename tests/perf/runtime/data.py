"""The same rows for all subjects: published as snapshots, and in a plain file; and newer versions of both."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import Bookmark
from handlers.rows import MODEL
from handlers.settings import Settings
from handlers.snapshots.publish import Publisher
from handlers.telemetry.usage import Usage
from tests.perf.subjects.building import GeneratedLedger, row_of
from tests.perf.subjects.measured_part import settings_of
from tests.perf.subjects.plain import PLAIN_INSERT, SHOWN, make_plain_file
from tests.support.drafts import VALUE


class Versions:
    """So many rows, and one more with each version.

    Args:
        folder: a new one.
        count: how many rows there are to begin with.
    """

    def __init__(self, folder: Path, count: int) -> None:
        (folder / "efs").mkdir(parents=True)
        self._folder = folder
        self._ledger = GeneratedLedger(count)
        self._publisher = Publisher(self._ledger, Settings(settings_of(folder)))
        self.plain = folder / "plain.db"
        self.count = count
        make_plain_file(self.plain, [row_of(seq) for seq in range(1, count + 1)])
        self._publish(Bookmark(1, count))

    def add_row(self) -> None:
        """Publish one row more, and put a plain file with it in the place of the one before."""
        self._ledger.grow(1)
        self.count += 1
        self._publish(self._ledger.head(Deadline()).bookmark)
        made = self._folder / "made.db"
        shutil.copyfile(self.plain, made)
        connection = sqlite3.connect(made)
        with connection:
            connection.execute(PLAIN_INSERT, row_of(self.count))
        connection.close()
        made.replace(self.plain)

    def environ(self, subject: str, disk: Path, **settings: str) -> Mapping[str, str]:
        """Return what a subject's sandbox has to know, with a disk of its own; `settings` are ours."""
        disk.mkdir(parents=True)
        if subject.startswith("ours"):
            return {"EFS_DIR": str(self._folder / "efs"), "TMP_DIR": str(disk), **settings}
        return {"DB": str(self.plain), "TABLE": MODEL.sql_table, "COLUMNS": SHOWN, "VALUE": VALUE}

    def copying_environ(self, disk: Path) -> Mapping[str, str]:
        """Return the same for the plain handler on a copy of its own."""
        environ = self.environ("plain", disk)
        return {**environ, "DB": os.path.join(disk, "copied.db"), "SOURCE": str(self.plain)}

    def _publish(self, at_least: Bookmark) -> None:
        published = self._publisher.publish(at_least, Usage())
        if published.bookmark.seq != self.count:
            raise RuntimeError(f"published {published.bookmark}, wanted {self.count} rows")
