"""The verb `import`: the rows of a file, checked and sent."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from console import terminal
from console.client.client import Client
from console.client.target import JsonOption, UrlOption, api_url
from console.errors import ConsoleError
from console.imports.files import SUFFIXES, open_source
from console.imports.importing import Imported, ImportPlan, check_file, import_file
from console.imports.mapping import Mapping, Matching, match, parse_maps
from console.imports.rejects import rejects_of
from console.imports.source import Source
from console.jobs.importing import Uploading
from console.paths import PROGRAM, pasted
from console.wording import all_rows, are, joined, rows, three_digits, visible
from handlers.rows import MODEL

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help=f"Its suffix says what it is: {' '.join(SUFFIXES)}.")
]
TableOption = Annotated[str, typer.Option(help="The table of a SQLite file; needed where there are several.")]
DelimiterOption = Annotated[str, typer.Option(help="Between the cells of CSV; default: a comma, a tab in .tsv.")]
MapOption = Annotated[list[str] | None, typer.Option("--map", help="file_column=column; once for each that needs it.")]
IgnoreOption = Annotated[list[str] | None, typer.Option(help="Leave this column of the file out; may be given again.")]
REJECTS_HELP = "The file for wrong rows; default: <file>.rejects.ndjson. Only one of an earlier import is written over."


def import_rows(
    file: FileArgument,
    maps: MapOption = None,
    ignore: IgnoreOption = None,
    *,
    ignore_others: Annotated[
        bool, typer.Option("--ignore-others", help="Leave out all columns of the file that match none.")
    ] = False,
    table: TableOption = "",
    delimiter: DelimiterOption = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check the rows; needs no API.")] = False,
    max_rejects: Annotated[int, typer.Option(min=0, help="If more rows are wrong, none is sent.")] = 0,
    rejects: Annotated[Path | None, typer.Option(help=REJECTS_HELP)] = None,
    again: Annotated[bool, typer.Option("--again", help="Import a file once more that is in already.")] = False,
    via_s3: Annotated[
        bool, typer.Option("--via-s3", help="Upload the rows; a job imports them. Needs `jobs`.")
    ] = False,
    url: UrlOption = "",
    as_json: JsonOption = False,
) -> None:
    """Import the rows of a CSV, NDJSON, JSON or SQLite file.

    Every row is checked before the first one is sent. What was cut short goes on with the same command, and what is in
    is never added twice.
    """
    matching = Matching(parse_maps(maps or ()), tuple(ignore or ()), ignore_others)
    with open_source(file, table, delimiter) as source:
        mapping = match(source, MODEL, matching)
        _announce(source, mapping)
        plan = ImportPlan(file, source, mapping, MODEL, rejects or rejects_of(file), max_rejects)
        if dry_run:
            outcome = check_file(plan)
        else:
            with Client(api_url(url)) as client:
                command = f"{PROGRAM} {pasted(sys.argv[1:])}"
                if via_s3:
                    outcome = Uploading(plan, client, command).run(again=again)
                else:
                    outcome = import_file(plan, client, command, again=again)
    if as_json:
        terminal.print_json(asdict(outcome))
    else:
        terminal.results().print(_words(outcome), soft_wrap=True)
    if outcome.rejected:
        raise _refused(outcome)


def _announce(source: Source, mapping: Mapping) -> None:
    renamed = [
        f"{visible(theirs)} as {column.name}" for theirs, column in mapping.columns.items() if theirs != column.name
    ]
    if renamed:
        terminal.messages().print(f"reads {joined(renamed)}", soft_wrap=True)
    if mapping.passed_over:
        said = f"passes over {joined(list(map(visible, mapping.passed_over)))}: every row gets its own from the ledger"
        terminal.messages().print(said, soft_wrap=True)
    left_out = [
        visible(name) for name in source.names if name not in mapping.columns and name not in mapping.passed_over
    ]
    if left_out:
        terminal.messages().print(f"leaves out {joined(left_out)}", soft_wrap=True)


def _words(outcome: Imported) -> str:
    if outcome.bookmark is None:
        return f"{rows(outcome.rows)} of {outcome.file} {are(outcome.rows)} right; {_unsent(outcome)}"
    if outcome.known == outcome.rows and outcome.rejected:
        known = f"{outcome.known:,} of {rows(outcome.known + outcome.rejected)} {are(outcome.known)} in already"
        return f"{outcome.file}: {known}, {outcome.rejected:,} {are(outcome.rejected)} refused"
    if outcome.known == outcome.rows:
        return f"{outcome.file}: {all_rows(outcome.rows)} in already; --again imports the file once more"
    known = f" ({outcome.known:,} {'was' if outcome.known == 1 else 'were'} in already)" if outcome.known else ""
    took = f"in {three_digits(outcome.seconds)} s ({three_digits(outcome.inserted / outcome.seconds)} rows/s)"
    if outcome.job:
        return f"{rows(outcome.inserted)} added {took} by job {outcome.job}: bookmark {outcome.bookmark}"
    return f"{rows(outcome.inserted)} added{known} {took}: snapshot {outcome.snapshot}"


def _refused(outcome: Imported) -> ConsoleError:
    for complaint in outcome.complaints:
        terminal.messages().print(complaint, soft_wrap=True)
    wrong = f"{outcome.rejected:,} of {rows(outcome.rejected + outcome.rows)} {are(outcome.rejected)} wrong"
    if outcome.bookmark:
        if outcome.rejects is None:
            return ConsoleError(f"{wrong}; the rest is in", "the same command with --dry-run says what is wrong")
        return ConsoleError(f"{wrong}; the rest is in", f"mend them in a file of their own: {_reasons(outcome)}")
    place = "a file of their own" if outcome.known else outcome.file  # another content is another import
    hint = f"mend them in {place}: {_reasons(outcome)}; --max-rejects {outcome.rejected} imports the rest"
    return ConsoleError(f"{wrong}; {_unsent(outcome)}", hint)


def _unsent(outcome: Imported) -> str:
    """Return what is in of a file of which nothing was sent now."""
    if not outcome.known:
        return "nothing was sent"
    return f"nothing more was sent: {rows(outcome.known)} {are(outcome.known)} in already"


def _reasons(outcome: Imported) -> str:
    return f"{outcome.rejects} has every reason"
