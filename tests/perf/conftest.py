from __future__ import annotations

from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from ulid import ULID

from handlers.domain.bookmark import Bookmark
from handlers.domain.timestamps import utc_text
from handlers.gateway.router import Router
from handlers.model.model import Row
from handlers.query import make_handler
from handlers.rows import MODEL
from handlers.snapshots.build import SegmentBuilder
from handlers.snapshots.files import copy_durably
from handlers.snapshots.names import Name
from tests.perf.subjects.measured_part import FIRST_S
from tests.perf.subjects.plain import PlainHandler, make_plain_file

SIZES = (1_000, 10_000, 100_000)


def make_rows(count: int) -> list[Row]:
    """Rows a second apart, so that ids and times differ as they do where a table has grown."""
    random = Random(count)
    times_s = range(FIRST_S, FIRST_S + count)
    return [
        MODEL.row_of(seq, str(ULID.from_timestamp(at_s)), MODEL.random_draft(random), utc_text(at_s))
        for seq, at_s in enumerate(times_s, 1)
    ]


class Published:
    """Rows as a published snapshot under the query function, and as a plain file under the plain handler."""

    def __init__(self, folder: Path, count: int) -> None:
        self.rows = make_rows(count)
        self.handler = self._publish(folder)
        make_plain_file(folder / "plain.db", self.rows)
        self.plain = PlainHandler(folder / "plain.db")

    def _publish(self, folder: Path) -> Router:
        snapshots = folder / "efs" / "snapshots"
        snapshots.mkdir(parents=True)
        (folder / "tmp").mkdir()
        with closing(SegmentBuilder(str(folder / "segment.db"), 1)) as builder:
            builder.add(self.rows)
            builder.finish()
        _, digest = copy_durably(builder.path, str(folder / "built"), 0o600)
        self.path = (folder / "built").rename(snapshots / Name.of(Bookmark(1, len(self.rows)), 1, digest))
        return make_handler({"EFS_DIR": str(folder / "efs"), "TMP_DIR": str(folder / "tmp")})


@pytest.fixture(scope="session", params=SIZES, ids=lambda count: f"{count}-rows")
def published(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Published:
    return Published(tmp_path_factory.mktemp("published"), request.param)


@pytest.fixture(scope="session")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Published:
    return Published(tmp_path_factory.mktemp("thousand"), 1_000)
