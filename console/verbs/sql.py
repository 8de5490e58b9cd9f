"""The verb `sql`: one read-only statement over a snapshot, or a prompt for many."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from console import terminal
from console.client.client import Client
from console.client.target import JsonOption, UrlOption, api_url
from console.errors import ConsoleError
from console.sql.formats import Format, show
from console.sql.prompt import Prompt, history, history_path
from console.sql.session import SqlSession, read_parameters
from handlers.domain.paging import DEFAULT_LIMIT, MAX_LIMIT
from handlers.routes import SQL_SOURCES
from handlers.rows import MODEL

StatementArgument = Annotated[
    str, typer.Argument(help="The statement; without it, standard input, which at a terminal is a prompt.")
]
ParameterOption = Annotated[
    list[str], typer.Option("--parameter", "-p", help="A value for each ?, or name=value for each :name; JSON or text.")
]
SourceOption = Annotated[str, typer.Option(help=f"The path to read from: {', '.join(SQL_SOURCES)}.")]
AsOfOption = Annotated[str, typer.Option(help="The bookmark to read at; default: the newest snapshot.")]
LimitOption = Annotated[int, typer.Option(min=1, max=MAX_LIMIT, help="The most rows to show.")]
FormatOption = Annotated[Format, typer.Option("--format", help="How rows are printed.")]


def sql(
    statement: StatementArgument = "",
    parameter: ParameterOption = [],  # noqa: B006 - typer makes a new one
    *,
    source: SourceOption = SQL_SOURCES[0],
    as_of: AsOfOption = "",
    limit: LimitOption = DEFAULT_LIMIT,
    form: FormatOption = Format.TABLE,
    url: UrlOption = "",
    as_json: JsonOption = False,
) -> None:
    """Run a read-only SQL statement over the snapshot; without one, read statements at a prompt."""
    if source not in SQL_SOURCES:
        raise ConsoleError(f"--source {source} runs no statements", f"one of {', '.join(SQL_SOURCES)}", 2)
    parameters, form = read_parameters(parameter), Format.JSON if as_json else form
    with Client(api_url(url)) as client:
        session = SqlSession(client, source, as_of, limit)
        if statement or not sys.stdin.isatty():
            show(session.run(statement or sys.stdin.read(), parameters), form)
            return
        terminal.messages().print(f"The table {MODEL.table} from {source}, {client.url}; .help says what there is")
        with history(history_path()):
            Prompt(lambda typed: show(session.run(typed, parameters), form)).loop()
