"""The command line: one verb a module, and one way to report an error."""

from __future__ import annotations

import sys

import typer
from typer.exceptions import TyperException

from console.errors import INTERRUPTED, ConsoleError
from console.verbs.bench import bench
from console.verbs.cost import cost
from console.verbs.demo import demo
from console.verbs.init import init
from console.verbs.package import package
from console.verbs.report import report
from console.verbs.seed import seed
from console.verbs.serve import serve
from console.verbs.verify import verify

PROGRAM = "python -m console"

app = typer.Typer(
    help="Run, fill and measure lambda-sqlite.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _verb in (init, seed, serve, demo, verify, package, bench, report, cost):
    app.command()(_verb)


def main() -> int:
    """Run the command line; returns the exit code.

    An error that the user can put right becomes two lines on standard error and code 1, or 2 where the
    command line itself is wrong.
    """
    try:
        code = app(prog_name=PROGRAM, standalone_mode=False) or 0
    except ConsoleError as error:
        return _report(str(error), error.hint, error.code)
    except TyperException as error:
        return _report(error.format_message(), f"{PROGRAM} --help", error.exit_code)
    if code == INTERRUPTED:
        return _report("interrupted", "the same command starts again from the beginning", code)
    return code


def _report(message: str, hint: str, code: int) -> int:
    print(f"Error: {message}\nTry: {hint}", file=sys.stderr)
    return code
