"""A local stack with toy functions; `python -m tests.console.toy_stack FOLDER PORT` serves it in the foreground."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from console.serve import run
from console.stack import LocalStack


def no_preparation(_: Mapping[str, str]) -> None:
    """The toys need no table."""


def slow_preparation(environ: Mapping[str, str]) -> None:
    """Say that the stack has come this far, then take a while."""
    (Path(environ["EFS_DIR"]) / "preparing").write_text("now")
    time.sleep(0.3)


def toy_stack(
    folder: Path,
    *,
    port: int = 0,
    query: str = "tests.console.toys.web",
    prepare: Callable[[Mapping[str, str]], None] = no_preparation,
) -> LocalStack:
    return LocalStack(
        folder,
        functions={"command": "tests.console.toys.web", "query": query},
        routes={"POST /insert/who": "command"},
        default="query",
        prepare=prepare,
        settings={"CHECK_INTERVAL_MS": "7"},
        port=port,
        sandboxes=2,
        timeout_s=20.0,
    )


if __name__ == "__main__":
    run(toy_stack(Path(sys.argv[1]), prepare=slow_preparation if "--slow" in sys.argv else no_preparation))
