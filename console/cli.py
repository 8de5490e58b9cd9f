"""The command line: one verb a module, and one way to report an error."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperCommand
from typer.exceptions import TyperException

from console.errors import INTERRUPTED, ConsoleError
from console.paths import PROGRAM, pasted
from console.verbs import ledger
from console.verbs.bench import bench
from console.verbs.cost import cost
from console.verbs.delivery.changed import changed
from console.verbs.delivery.rollback import rollback
from console.verbs.delivery.rollout import rollout
from console.verbs.demo import demo
from console.verbs.files.export import export
from console.verbs.files.import_file import import_rows
from console.verbs.files.model import model
from console.verbs.init import init
from console.verbs.migrate.copy import copy_tables
from console.verbs.migrate.export import export_files
from console.verbs.migrate.plan import plan_move
from console.verbs.migrate.schema import migrate_schema
from console.verbs.migrate.verify import verify_move
from console.verbs.operations import access, jobs, lake
from console.verbs.operations.drill import drill_disasters
from console.verbs.package import package
from console.verbs.report import report
from console.verbs.seed import seed
from console.verbs.serve import serve
from console.verbs.soak import soak_stack
from console.verbs.sql import sql
from console.verbs.verify import verify
from handlers.telemetry.runtime import VERSION

MIGRATE: dict[str, Callable[..., None]] = {
    "plan": plan_move,
    "copy": copy_tables,
    "verify": verify_move,
    "export": export_files,
    "schema": migrate_schema,
}
PLACEHOLDERS = {"int": "x", "int range": "x", "float": "x", "float range": "x", "str": "text", "path": "path"}
# What typer says of a value, and the same in plain words.
PLAIN_WORDS = (
    (r"^Invalid value: ", ""),
    (r"is not a valid int( range)?\.", "is no whole number"),
    (r"is not a valid float( range)?\.", "is no number"),
)


class Verb(TyperCommand):
    """A verb whose help has short names for what its options take, and so has room for words."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - what typer gives
        super().__init__(*arguments, **options)
        for parameter in self.params:
            choices = getattr(parameter.type, "choices", ())
            shown = " | ".join(choices) or PLACEHOLDERS.get(parameter.type.name)
            parameter.metavar = parameter.metavar or shown


app = typer.Typer(
    help="Run, fill and measure lambda-sqlite.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _verb in (
    *(init, seed, serve, demo, verify, sql, model, export, package, bench, report, cost),
    *(changed, rollout, rollback),
):
    app.command(cls=Verb)(_verb)
app.command(name="drill", cls=Verb)(drill_disasters)
app.command(name="soak", cls=Verb)(soak_stack)
app.command(name="import", cls=Verb)(import_rows)
for _name, _help, _commands in (
    ("ledger", "Show the ledger's histories, begin a new one, or go back to a point of one.", ledger.COMMANDS),
    ("lake", "Fill the data lake, or hold it against the ledger.", lake.COMMANDS),
    ("access", "Make, list and take back access codes and sessions, and rotate keys.", access.COMMANDS),
    ("migrate", "Move an application's SQLite file to PostgreSQL, with proof.", MIGRATE),
    ("jobs", "List the API's jobs, watch one, cancel it, or let one that failed go on.", jobs.COMMANDS),
):
    _group = typer.Typer(help=_help)
    for _verb_name, _command in _commands.items():
        _group.command(_verb_name, cls=Verb)(_command)
    app.add_typer(_group, name=_name)


def _show_version(is_asked: bool) -> None:
    if is_asked:
        print(f"lambda-sqlite {VERSION}")
        raise typer.Exit


@app.callback()
def _global_options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take the options before a verb."""


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
        context: Any = getattr(error, "ctx", None)
        command = context.command_path if context else PROGRAM
        return _report(_in_plain_words(error.format_message()), f"{command} --help", error.exit_code)
    if code == INTERRUPTED:
        return _report("interrupted", f"{PROGRAM} {pasted(sys.argv[1:])}", code)
    return code


def _in_plain_words(message: str) -> str:
    for said, plain in PLAIN_WORDS:
        message = re.sub(said, plain, message)
    return message


def _report(message: str, hint: str, code: int) -> int:
    print(f"Error: {message}\nTry: {hint}", file=sys.stderr)
    return code
