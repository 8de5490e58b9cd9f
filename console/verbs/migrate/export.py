"""The verb `migrate export`: the tables of a SQLite file as files of text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console import terminal
from console.client.target import JsonOption
from console.errors import ConsoleError
from console.migration.export.files import check_export, export_tables
from console.migration.export.formats import FORMATS
from console.migration.opening import BackupOption, NowOption, RulesOption, check_fits, open_planned
from console.wording import counted, rows

FileArgument = Annotated[Path | None, typer.Argument(metavar="FILE", help="The application's SQLite file.")]
FormatOption = Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMATS)}.")]
ToOption = Annotated[Path | None, typer.Option(help="The folder; it is there when all of it is.")]
CheckOption = Annotated[Path | None, typer.Option(help="Hold this folder against its manifest, and export nothing.")]


def export_files(
    file: FileArgument = None,
    to: ToOption = None,
    *,
    form: FormatOption = FORMATS[0],
    rules: RulesOption = None,
    backup: BackupOption = None,
    now: NowOption = "",
    check: CheckOption = None,
    gzip: Annotated[bool, typer.Option("--gzip", help="Compress the files.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the tables of a SQLite file as CSV or NDJSON, with a manifest of counts and hashes; or check such files."""
    if check is not None:
        with terminal.progress("check", 0) as advance:
            manifest = check_export(check, advance)
    elif file is None or to is None:
        raise ConsoleError("nothing to export", "give FILE and --to FOLDER, or --check FOLDER", 2)
    elif form not in FORMATS:
        raise ConsoleError(f"--format {form} is none", f"one of {', '.join(FORMATS)}", 2)
    else:
        with open_planned(file, rules, backup, now) as (source, plan):
            check_fits(plan, file, rules)
            with terminal.progress("export", sum(table.rows for table in plan.tables)) as advance:
                manifest = export_tables(source, plan, to, form, is_zipped=gzip, advance=advance)
    if as_json:
        terminal.print_json(manifest)
    else:
        count = sum(table["rows"] for table in manifest["tables"])
        said = f"{check or to}: {counted(len(manifest['tables']), 'table')} with {rows(count)}"
        terminal.results().print(f"{said}{' as the manifest says' if check else ''}", soft_wrap=True)
