"""The verb `model`: propose a data model for a file."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from console import terminal
from console.client.target import JsonOption
from console.imports.files import SUFFIXES, open_source
from console.paths import PROGRAM
from console.proposals.proposal import Proposal, check_out, propose_model, write_model
from console.wording import rows

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help=f"Its suffix says what it is: {' '.join(SUFFIXES)}.")
]
TableOption = Annotated[str, typer.Option(help="The table of a SQLite file; needed where there are several.")]
DelimiterOption = Annotated[str, typer.Option(help="Between the cells of CSV; default: a comma, a tab in .tsv.")]


def model(
    file: FileArgument,
    name: Annotated[str, typer.Option(help="The table's name; default: the file's, or its table's.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="The file for it, such as handlers/rows.py, of which it takes the place.")
    ] = None,
    *,
    table: TableOption = "",
    delimiter: DelimiterOption = "",
    as_json: JsonOption = False,
) -> None:
    """Propose a rows.py for a CSV, NDJSON, JSON or SQLite file; a person then edits it."""
    if out is not None:
        check_out(out, file)
    with open_source(file, table, delimiter) as source:
        proposal = propose_model(source, file, name or table or file.stem)
    if out is not None:
        write_model(proposal, out)
    if as_json:
        terminal.print_json(asdict(proposal) | {"out": None if out is None else str(out)})
    elif out is None:
        print(proposal.text, end="")
    options = [*(["--table", table] if table else []), *(["--delimiter", delimiter] if delimiter else [])]
    _say_next(file, options, proposal, out)


def typed(argument: str) -> str:
    """Return an argument as a shell takes it, with nothing in it that could steer the terminal."""
    if argument.isprintable():
        return shlex.quote(argument)
    escaped = [each if each.isprintable() and each not in "\\'" else f"\\U{ord(each):08x}" for each in argument]
    return f"$'{''.join(escaped)}'"


def _say_next(file: Path, options: list[str], proposal: Proposal, out: Path | None) -> None:
    if out is not None:
        terminal.messages().print(f"{out}: proposed for {rows(proposal.rows)}; read and edit it", soft_wrap=True)
    if proposal.faulty:
        terminal.messages().print(f"{rows(proposal.faulty)} could not be read; `import` says why")
    for theirs, ours in proposal.maps.items():
        options += ["--map", f"{theirs}={ours}"]
    for name in proposal.left_out:
        options += ["--ignore", name]
    command = f"{PROGRAM} {' '.join(map(typed, ['import', str(file), *options]))}"
    terminal.messages().print(f"then, where the API runs with it: {command}", soft_wrap=True)
