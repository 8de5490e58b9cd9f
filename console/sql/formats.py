"""A result set as a table, as CSV and as JSON."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from enum import StrEnum

from rich.table import Table

from console import terminal
from console.sql.session import ResultSet, Value
from console.wording import rows, visible

MOST_WIDTH = 1_000_000  # of a table that is only measured


class Format(StrEnum):
    """The forms in which rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def show(result: ResultSet, form: Format) -> None:
    """Print a result set; how many rows it has, and of which snapshot, goes to standard error."""
    SHOWN[form](result)
    more = ", and more follow: raise --limit, or ask for less" if result.is_truncated else ""
    terminal.messages().print(f"{rows(len(result.rows))} as of {result.bookmark}{more}", soft_wrap=True)


def table_of(result: ResultSet) -> Table:
    """Return a table; numbers stand to the right."""
    table = Table()
    for number, name in enumerate(result.columns):
        values = [row[number] for row in result.rows]
        are_numbers = any(map(_is_number, values)) and all(value is None or _is_number(value) for value in values)
        table.add_column(visible(name), justify="right" if are_numbers else "left", overflow="fold")
    for row in result.rows:
        table.add_row(*map(shown, row))
    return table


def shown(value: Value) -> str:
    """Return a value as a cell of a table."""
    if value is None:
        return "NULL"
    return visible(value) if isinstance(value, str) else repr(value)


def records_of(result: ResultSet) -> str:
    """Return the rows one below the other, a line a column: for more columns than a line holds."""
    names = [visible(name) for name in result.columns]
    width = max(map(len, names))
    lines: list[str] = []
    for number, row in enumerate(result.rows, 1):
        lines.append(f"row {number}")
        lines += [f"  {name:<{width}}  {shown(value)}" for name, value in zip(names, row, strict=True)]
    return "\n".join(lines)


def _show_table(result: ResultSet) -> None:
    output, table = terminal.results(), table_of(result)
    unbounded = output.options.update(width=MOST_WIDTH)
    if result.rows and output.measure(table, options=unbounded).maximum > output.width:
        print(records_of(result))
    else:
        output.print(table)


def _show_csv(result: ResultSet) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(result.columns)
    writer.writerows(result.rows)


def _show_json(result: ResultSet) -> None:
    terminal.print_json(result.content)


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float)


SHOWN: dict[Format, Callable[[ResultSet], None]] = {
    Format.TABLE: _show_table,
    Format.CSV: _show_csv,
    Format.JSON: _show_json,
}
