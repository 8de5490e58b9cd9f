"""A proposal: a file looked at, its columns decided on, and the text of a rows.py."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from console import terminal
from console.errors import ConsoleError
from console.imports.csv_source import CsvSource
from console.imports.files import check_target, temporary_for
from console.imports.source import Source
from console.proposals.columns import propose
from console.proposals.model_text import model_text
from console.proposals.names import renamed, table_name
from console.proposals.survey import survey
from handlers.imports.names import likely_delimiter

OPTION = "--out"
SUFFIX = ".py"


@dataclass(frozen=True)
class Proposal:
    """A data model for a file.

    Attributes:
        rows: how many rows were looked at.
        faulty: how many could not be read.
        maps: the file's columns that `import` needs `--map` for, and the model's.
        left_out: the file's columns that the model has not.
        text: of the rows.py.
    """

    rows: int
    faulty: int
    maps: dict[str, str]
    left_out: tuple[str, ...]
    text: str


def propose_model(source: Source, file: Path, name: str) -> Proposal:
    """Look at all rows of a file and propose a model. Raises ConsoleError.

    Args:
        name: for the table; made valid.
    """
    if isinstance(source, CsvSource) and (delimiter := likely_delimiter(source.names)):
        said = f"{file} has one column; if {delimiter!r} stands between the cells, add --delimiter {delimiter!r}"
        terminal.messages().print(said, soft_wrap=True)
    with terminal.progress("read", source.total, unit=source.counted, is_kept=False) as advance:
        surveyed = survey(source, advance)
    columns = propose(surveyed)
    if not columns or not surveyed.rows:
        raise ConsoleError(f"{file} has no rows to learn from", "a model for an empty file is written by hand")
    maps = renamed({column.facts.name: column.name for column in columns})
    kept = {column.facts.name for column in columns}
    left_out = tuple(name for name in source.names if name not in kept)
    text = model_text(file.name, table_name(name), surveyed, columns)
    return Proposal(surveyed.rows, surveyed.faulty, maps, left_out, text)


def check_out(out: Path, file: Path) -> None:
    """Check that a model may be written there: it takes the place of Python alone, and of no data.

    Raises ConsoleError.
    """
    if out.suffix != SUFFIX:
        raise ConsoleError(f"{OPTION} {out} is no name for Python", "such as handlers/rows.py", 2)
    check_target(OPTION, out, file)


def write_model(proposal: Proposal, out: Path) -> None:
    """Write the text to a file, as a whole. Raises ConsoleError."""
    temporary = temporary_for(out)
    try:
        with temporary.open("x", encoding="utf-8") as file:
            file.write(proposal.text)
        os.replace(temporary, out)
    except OSError as error:
        raise ConsoleError(f"{OPTION} {out} cannot be written: {error.strerror}", "choose another file") from error
