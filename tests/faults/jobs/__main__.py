"""`make simulate SEEDS=n` runs so many histories of imports too, and says which failed; `SEED=x` this one."""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import os
import sys
import traceback

os.environ.setdefault("TABLE_NAME", "unused")  # the functions read their environment on import
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

import pytest

from tests.faults.jobs.histories import History


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.jobs", description="Run histories of imports.")
    parser.add_argument("--seeds", type=int, default=1000, help="how many histories")
    parser.add_argument("--seed", type=int, help="this one alone")
    options = parser.parse_args()
    numbers = range(options.seeds) if options.seed is None else [options.seed]
    logging.disable()
    failed = [number for number in numbers if not is_right(number)]
    print(f"{len(numbers)} histories of imports, {len(failed)} failed" + (f": --seed {failed[0]}" if failed else ""))
    sys.exit(1 if failed else 0)


def is_right(number: int) -> bool:
    """Run one history; tells whether all held, and prints what did not."""
    try:
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
            History(patch, number).run()
    except Exception:  # noqa: BLE001 - whatever it is
        traceback.print_exc()
        return False
    return True


if __name__ == "__main__":
    main()
