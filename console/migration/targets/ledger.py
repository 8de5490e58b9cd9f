"""The rows of one table, taken to the ledger by the import of files: checked first, added once, gone on with."""

from __future__ import annotations

import tempfile
from pathlib import Path

from console.client.client import Client
from console.errors import ConsoleError
from console.imports.files import open_source
from console.imports.importing import Imported, ImportPlan, import_file
from console.imports.mapping import Mapping, Matching, match
from console.imports.rejects import rejects_of
from console.imports.source import Source
from console.migration.plan import MigrationPlan, PlannedTable
from console.migration.source import SourceFile
from console.migration.targets.values import write_table
from console.wording import are, joined, rows, visible
from handlers.rows import MODEL

MOST_COMPLAINTS = 3
HINT = "rename columns by the rules to those of handlers/rows.py, and skip the others"


def choose_table(plan: MigrationPlan, name: str) -> PlannedTable:
    """Return the table that goes to the ledger.

    Args:
        name: the source's; empty where there is one alone.

    Raises:
        ConsoleError: there is none, or there are several.
    """
    found = [table for table in plan.tables if not name or table.name == name]
    if len(found) == 1:
        return found[0]
    names = joined([visible(table.name) for table in plan.tables]) or "none"
    if name:
        raise ConsoleError(f"--table {name} is no table that moves", f"one of: {names}", 2)
    raise ConsoleError(f"one table goes to the ledger, and there are {names}", "choose one with --table", 2)


def copy_to_ledger(source: SourceFile, table: PlannedTable, file: Path, client: Client, command: str) -> Imported:
    """Import the rows.

    Args:
        command: goes on with it, if it is cut short.

    Raises:
        ConsoleError: the table or a row does not fit the data model, or the import was cut short.
    """
    with tempfile.TemporaryDirectory(prefix="migrate-") as folder:
        path = Path(folder, "rows.sqlite")
        write_table(path, table, source.rows(table))
        with open_source(path) as rows_file:
            plan = ImportPlan(file, rows_file, _matched(rows_file, table), MODEL, rejects_of(file))
            imported = import_file(plan, client, command)
    if imported.rejected:
        shown = "; ".join(imported.complaints[:MOST_COMPLAINTS])
        message = f"{rows(imported.rejected)} of {visible(table.name)} {are(imported.rejected)} wrong: {shown}"
        raise ConsoleError(f"{message}; nothing was sent", f"mend them: {imported.rejects} has every reason")
    return imported


def _matched(rows_file: Source, table: PlannedTable) -> Mapping:
    try:
        return match(rows_file, MODEL, Matching())
    except ConsoleError as error:
        raise ConsoleError(f"table {visible(table.name)}: {error}", HINT) from error
