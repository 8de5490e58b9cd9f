"""The permissions of a statement: it reads the view and calls functions, and nothing else.

SQLite asks for each thing that a statement would do while it is prepared, and again for what it does by way of SQL of
its own: VACUUM attaches, `pragma_…` runs a PRAGMA. Whatever is not named here is refused.
"""

from __future__ import annotations

import _sqlite3 as sqlite3  # as snapshots/segment.py has it
import functools

from handlers.rows import MODEL
from handlers.snapshots.segment import connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

META_TABLE = "segment"  # beside the rows in each file
JSON_TABLES = ("json_each", "json_tree")
INNOCUOUS = 0x200000  # SQLite's own word for functions that cannot do harm; its JSON functions are not marked so
# Beside those that are not innocuous: sqlite_log writes to a log, and the time of json_patch grows with the square.
FORBIDDEN_FUNCTIONS = ("sqlite_log", "json_patch")
FUNCTIONS = (
    f"SELECT DISTINCT name FROM pragma_function_list WHERE flags & {INNOCUOUS} OR name GLOB 'json*' OR name GLOB '->*'"  # noqa: S608 - constants
)
REASONS = {
    sqlite3.SQLITE_ATTACH: "to attach a database or write one to a file",
    sqlite3.SQLITE_DETACH: "to detach a database",
    sqlite3.SQLITE_PRAGMA: "PRAGMA",
    sqlite3.SQLITE_TRANSACTION: "a transaction",
    sqlite3.SQLITE_SAVEPOINT: "a transaction",
    sqlite3.SQLITE_INSERT: "to write",
    sqlite3.SQLITE_UPDATE: "to write",
    sqlite3.SQLITE_DELETE: "to write",
}


class Permissions:
    """The authorizer of one statement.

    Args:
        schemas: of the segments. No statement can know these names, so whoever reads there has come through the view;
            the view that SQLite names can as well be a WITH of the same name.
        functions: that may be called.

    Attributes:
        denied: what the statement wanted and may not; None: nothing.
    """

    def __init__(self, schemas: Collection[str], functions: Collection[str]) -> None:
        self._schemas = schemas
        self._functions = functions
        self.denied: str | None = None

    def __call__(
        self, action: int, first: str | None, second: str | None, schema: str | None, _view: str | None
    ) -> int:
        """Return SQLITE_OK or SQLITE_DENY. Source of the arguments: sqlite.org/c3ref/c_alter_table.html."""
        if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE):
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ:
            return self._answer(self._may_read(first or "", second or "", schema), f"to read {first}")
        if action == sqlite3.SQLITE_FUNCTION:
            return self._answer((second or "").lower() in self._functions, f"the function {second}")
        is_schema = (first or "").startswith("sqlite_")  # a virtual table declares itself there
        return self._answer(False, "SQLite's own tables" if is_schema else REASONS.get(action, "to change a schema"))

    def _answer(self, is_allowed: bool, what: str) -> int:
        if is_allowed:
            return sqlite3.SQLITE_OK
        self.denied = self.denied or what
        return sqlite3.SQLITE_DENY

    def _may_read(self, table: str, column: str, schema: str | None) -> bool:
        if schema is None:  # a name in FROM of which no column is read: the view, or one that the statement makes
            return table.lower() != META_TABLE and not table.lower().startswith("sqlite_")
        if schema in self._schemas:
            return table == MODEL.table and (column in MODEL.names or not column)
        return (schema == "temp" and table == MODEL.table) or (schema == "main" and table in JSON_TABLES)


@functools.cache
def allowed_functions() -> frozenset[str]:
    """Return the functions of this SQLite that may be called."""
    connection = connect(":memory:")
    try:
        return frozenset(name for (name,) in connection.execute(FUNCTIONS)).difference(FORBIDDEN_FUNCTIONS)
    finally:
        connection.close()
