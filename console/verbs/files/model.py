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
from console.proposals.proposal import Proposal, propose_model, write_model

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help=f"Its suffix says what it is: {' '.join(SUFFIXES)}.")
]
TableOption = Annotated[str, typer.Option(help="The table of a SQLite file; needed where there are several.")]
DelimiterOption = Annotated[str, typer.Option(help="Between the cells of CSV; default: a comma, a tab in .tsv.")]


def model(
    file: FileArgument,
    name: Annotated[str, typer.Option(help="The table's name; default: the file's, or its table's.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="Write it to this file, such as handlers/rows.py; default: standard output.")
    ] = None,
    *,
    table: TableOption = "",
    delimiter: DelimiterOption = "",
    as_json: JsonOption = False,
) -> None:
    """Propose a rows.py for a CSV, NDJSON, JSON or SQLite file; a person then edits it."""
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


def _say_next(file: Path, options: list[str], proposal: Proposal, out: Path | None) -> None:
    if out is not None:
        terminal.messages().print(f"{out}: proposed for {proposal.rows:,} rows; read and edit it", soft_wrap=True)
    if proposal.faulty:
        rows = "1 row" if proposal.faulty == 1 else f"{proposal.faulty:,} rows"
        terminal.messages().print(f"{rows} could not be read; `import` says why")
    for theirs, ours in proposal.maps.items():
        options += ["--map", f"{theirs}={ours}"]
    for name in proposal.left_out:
        options += ["--ignore", name]
    command = f"{PROGRAM} {shlex.join(['import', str(file), *options])}"
    terminal.messages().print(f"then, where the API runs with it: {command}", soft_wrap=True)
