"""The first request for `/ddb` in a sandbox, part by part: for `sdk.py`, in a process of its own."""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import tempfile
import time

from handlers.aws.dynamodb import Deadline
from handlers.settings import Settings
from tests.perf.subjects.measured_part import Figures, spent_ms

LATER = 50


def main() -> Figures:
    """Load what that request loads, in an order that tells the parts apart. Returns milliseconds."""
    importlib.import_module("handlers.query")
    gc.disable()  # as the function does meanwhile
    figures: Figures = {"`import boto3`": spent_ms(lambda: importlib.import_module("boto3"))}
    with tempfile.TemporaryDirectory() as nothing:
        sys.pycache_prefix = nothing  # an archive has the byte code of what a start loads, and these come later
        figures["our modules, compiled"] = spent_ms(lambda: importlib.import_module("handlers.reads.fresh"))
        sys.pycache_prefix = None
    ddb = importlib.import_module("handlers.reads.ddb")
    start_s = time.perf_counter()
    ledger = ddb.ledger_of(Settings(os.environ))
    figures["making the client"] = (time.perf_counter() - start_s) * 1000
    figures["these three"] = sum(figures.values())
    gc.enable()
    figures["the first call, with its connection"] = spent_ms(lambda: ledger.head(Deadline()))
    figures["every later call (the emulator's time included)"] = (
        spent_ms(lambda: [ledger.head(Deadline()) for _ in range(LATER)]) / LATER
    )
    return figures


if __name__ == "__main__":
    print(json.dumps(main()))
