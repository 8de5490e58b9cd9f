"""The reading of the ledger's pages, as a build does it, from an emulator: what this side of the wire takes."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

from console.local.emulator import Emulator
from handlers.aws.dynamodb import Deadline, make_client
from handlers.aws.table import PAGE_ROWS, create_table_arguments
from handlers.ledger.ledger import Ledger, Range
from handlers.snapshots.maker import BATCH_ROWS
from tests.perf.subjects.building import row_of
from tests.support.meddling import EPOCH, put_rows

ROUNDS = 5


def page_processor_ms() -> float:
    """Return what a page takes of this processor: most of it boto3's, making items of JSON."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Emulator(Path(folder)) as emulator,
        patch.dict(os.environ, emulator.environment),
    ):
        client = make_client("")
        client.create_table(**create_table_arguments("pages"))  # type: ignore[arg-type]
        ledger = Ledger(client, "pages")
        head = put_rows(ledger, [row_of(seq) for seq in range(1, BATCH_ROWS + 1)], EPOCH)
        span = Range(head.roots, 1, BATCH_ROWS)
        start_s = time.process_time()
        for _ in range(ROUNDS):
            assert sum(len(page) for page in ledger.rows(span, Deadline(limit_s=60.0))) == BATCH_ROWS
        return (time.process_time() - start_s) / (ROUNDS * BATCH_ROWS / PAGE_ROWS) * 1000
