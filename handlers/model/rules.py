"""The rules that a declaration of columns has to keep: broken ones are named when the project is loaded."""

from __future__ import annotations

from handlers.model.column import Column, ModelError
from handlers.model.columns import Number, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_NAME_CHARACTERS = 63
# Columns that every row has, attributes of every item, members of an insert's body, parameters of a page; rowid and oid
# mean seq in SQLite.
TAKEN = frozenset(
    (
        *("seq", "id", "created_at", "json", "pk", "sk", "expires_at", "count", "items", "rowid", "oid"),
        *("limit", "cursor", "order", "from", "to", "as_of", "fresh", "refresh"),
    )
)
TAKEN_TABLES = ("segment", "source", "json_each", "json_tree")
MOST_COLUMNS = 100
MOST_FILTERS = 10  # each is an index, which every publish makes anew
MOST_ROW_BYTES = 390_000  # of all columns together: a DynamoDB item ends at 400 KB


def check_model(table: str, columns: Sequence[Column]) -> None:
    """Raise ModelError, which names every rule that a declaration breaks."""
    for column in columns:
        if not isinstance(column, Column):  # pyright: ignore[reportUnnecessaryIsInstance] - nobody checks a declaration
            raise ModelError(f"{column!r} is no column: Text, Number, Integer, Boolean, Timestamp and Json make one")
    wrong = [*_wrong_table(table), *_wrong_names(columns), *_wrong_columns(columns), *_wrong_filters(columns)]
    if wrong:
        raise ModelError("; ".join(wrong))


def _wrong_table(table: str) -> Iterable[str]:
    if not is_name(table) or table.lower() in TAKEN_TABLES or table.lower().startswith("sqlite_"):
        yield f"the table {table!r} needs a name of letters, digits and _ that SQLite does not take itself"


def _wrong_names(columns: Sequence[Column]) -> Iterable[str]:
    seen: set[str] = set()
    for column in columns:
        name = column.name.lower()  # SQLite does not tell A from a
        if not is_name(name):
            allowed = f"letters, digits and _, a letter first, {MOST_NAME_CHARACTERS} at most"
            yield f"the column {column.name!r} needs a name of {allowed}"
        if name in TAKEN:
            yield f"the column name {column.name} is taken"
        if name in seen:
            yield f"there are two columns {column.name}"
        seen.add(name)


def is_name(text: str) -> bool:
    """Tell whether a text is letters, digits and _, a letter first. (A regular expression takes 0.3 ms to compile.)"""
    return text.isascii() and text.isidentifier() and text[0] != "_" and len(text) <= MOST_NAME_CHARACTERS


def _wrong_columns(columns: Sequence[Column]) -> Iterable[str]:
    if not 1 <= len(columns) <= MOST_COLUMNS:
        yield f"{len(columns)} columns are declared, 1 to {MOST_COLUMNS} are allowed"
    for column in columns:
        yield from _wrong_limits(column)
    most_bytes = sum(len(column.name) + column.most_bytes for column in columns)
    if most_bytes > MOST_ROW_BYTES:
        yield f"a row could have {most_bytes} bytes, {MOST_ROW_BYTES} are allowed: give columns a smaller limit"
    statistics = [column for column in columns if column.is_statistics]
    if len(statistics) > 1:
        yield f"statistics are about one column, not {', '.join(column.name for column in statistics)}"
    for column in statistics:
        if column.is_nullable:
            yield f"statistics are about {column.name}, so it is required or has a default"


def _wrong_limits(column: Column) -> Iterable[str]:
    if isinstance(column, Text) and not 0 <= column.min_length <= column.max_length:
        yield f"{column.name} allows no text: min_length is {column.min_length}, max_length {column.max_length}"
    if isinstance(column, Text) and not all(isinstance(choice, str) for choice in column.choices):  # pyright: ignore[reportUnnecessaryIsInstance] - as above
        yield f"the choices of {column.name} are {column.choices}, allowed: texts"
    if isinstance(column, Number):
        limits = [limit for limit in (column.minimum, column.maximum) if limit is not None]
        if not all(isinstance(limit, int | float) for limit in limits) or limits != sorted(limits):  # pyright: ignore[reportUnnecessaryIsInstance] - as above
            yield f"{column.name} allows no number: minimum is {column.minimum!r}, maximum {column.maximum!r}"


def _wrong_filters(columns: Sequence[Column]) -> Iterable[str]:
    filterable = [column for column in columns if column.is_filterable]
    if len(filterable) > MOST_FILTERS:
        yield f"{len(filterable)} columns have a filter, {MOST_FILTERS} are allowed"
    for column in filterable:
        if column.kind == "json":
            yield f"{column.name} is JSON, which has no filter"
    names = {column.name for column in filterable}
    for name in sorted(names & {bound + other for other in names for bound in ("min_", "max_")}):
        yield f"the filter of {name} has the name of another column's bound"
