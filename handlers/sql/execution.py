"""One statement, run: on a connection of its own, with all its limits, to the text of its rows.

What is wrong with a statement becomes an answer here. What is wrong with a file goes on to the reader, which drops
what is open and tries once more.
"""

from __future__ import annotations

import _sqlite3 as sqlite3  # as snapshots/segment.py has it
import json
import math
import re
from binascii import b2a_base64

from handlers.domain.problem import Problem, field_error, invalid
from handlers.reads.page import answer_bytes
from handlers.rows import MODEL
from handlers.sql.budget import MOST_VALUE_BYTES, STEPS
from handlers.sql.chain_view import ChainView
from handlers.sql.complaint import wrong_sql
from handlers.sql.functions import FORMATS, MOST_PATTERN_BYTES, PRODUCTS, BoundedFunctions, text_of
from handlers.sql.heap import heap_limited
from handlers.sql.permissions import JSON_TABLES, Permissions, allowed_functions
from handlers.sql.statement import MAX_SQL_CHARACTERS, NamedParameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from handlers.reads.sqlite_view import SqliteView
    from handlers.sql.budget import Budget
    from handlers.sql.functions import Value
    from handlers.sql.statement import Statement

MEMORY_SHARE = 10  # of the function's memory, a statement may take one such part of SQLite
MOST_HEAP_BYTES = 64 * 2**20  # as much is sorted in about a second, which is one step
USUAL_MEMORY_MB = 512  # where nobody says how much there is
MOST_COLUMNS = 100  # of MOST_VALUE_BYTES each: what one row can hold in Python before its size is known
MOST_PARAMETERS = 1000
MOST_LEVELS = 200  # of an expression
MOST_PARTS = 100  # of a UNION; the view itself is one of ten
# Source: sqlite.org/security.html. `SQLITE_LIMIT_ATTACHED` last: nothing more is attached.
LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: MOST_VALUE_BYTES,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 4 * MAX_SQL_CHARACTERS + 100,  # in bytes
    sqlite3.SQLITE_LIMIT_COLUMN: max(MOST_COLUMNS, len(MODEL.names) + 1),
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: MOST_LEVELS,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: MOST_PARTS,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 250_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 100,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: MOST_PATTERN_BYTES,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: MOST_PARAMETERS,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
}
# SQLite's own words, before it asks the authorizer.
UNWRITABLE = re.compile("cannot modify .* because it is a view|may not be (modified|indexed|altered|dropped)$")
# The file, not the statement: the reader tries again.
FILE_FAULTS = (
    *(sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN),
    sqlite3.SQLITE_FULL,
)
NOT_UTF8 = "user-defined function raised exception"  # Python's words: it could not make a text of an argument


class Rows:
    """The rows that a statement gave.

    Attributes:
        columns: their names, as JSON text.
        text: the rows, as the JSON text of arrays with commas between them.
        count: how many they are.
        is_truncated: tells that more follow.
    """

    __slots__ = ("columns", "count", "is_truncated", "text")

    def __init__(self, columns: str, texts: list[str], is_truncated: bool) -> None:
        self.columns = columns
        self.text = ",".join(texts)
        self.count = len(texts)
        self.is_truncated = is_truncated


class Execution:
    """One try of a statement over a view: to be run once, and closed.

    Args:
        view: the rows to read. Raises as `ChainView` does.
        budget: of the request.
        memory_mb: of the function.
    """

    def __init__(self, view: SqliteView, budget: Budget, memory_mb: int | None) -> None:
        self._budget = budget
        budget.begin()
        chain = ChainView(view)
        self._connection = chain.connection
        self._functions = BoundedFunctions(self._connection, budget)
        self._permissions = Permissions(chain.schemas, allowed_functions())
        self._heap_bytes = min((memory_mb or USUAL_MEMORY_MB) * 2**20 // MEMORY_SHARE, MOST_HEAP_BYTES)
        self._restrict()

    def close(self) -> None:
        """Give the files back."""
        self._functions.close()
        self._connection.close()

    def run(self, statement: Statement) -> Rows:
        """Run a statement.

        Raises:
            Problem: 400 for wrong SQL, 403 for what is not allowed, 422 for what costs too much.
            sqlite3.DatabaseError: a file cannot be read (any more).
        """
        try:
            with heap_limited(self._heap_bytes):
                return self._rows(statement)
        except MemoryError:
            raise self._budget.exceeded("it needs more memory than it may use") from None
        except sqlite3.Error as error:
            raise self._meaning_of(error, statement.sql) from error

    def _rows(self, statement: Statement) -> Rows:
        cursor = self._connection.execute(statement.sql, statement.parameters)
        if not cursor.description:
            raise Problem("wrong-sql", "There is no statement in it")
        if isinstance(statement.parameters, NamedParameters) and (unused := statement.parameters.unused()):
            wrong = [
                field_error(f"parameters.{name}", statement.parameters[name], "only names in the statement")
                for name in unused
            ]
            raise invalid("malformed-request", wrong)
        columns = json.dumps([name for name, *_ in cursor.description])
        texts: list[str] = []
        while len(texts) < statement.limit and (row := cursor.fetchone()) is not None:
            self._budget.add_value(sum(len(value) * 4 // 3 for value in row if isinstance(value, bytes)))
            texts.append(row_text(row))
            self._budget.add_row(answer_bytes(texts[-1]))
        self._connection.text_factory = bytes  # the next row is not looked at
        return Rows(columns, texts, len(texts) == statement.limit and cursor.fetchone() is not None)

    def _meaning_of(self, error: sqlite3.Error, sql: str) -> Exception:
        """Return the answer that an error is; itself where a file is at fault."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in FILE_FAULTS:
            return error
        if self._permissions.denied is not None or UNWRITABLE.search(str(error)):
            allowed = f"a statement may read {MODEL.table} and call functions, nothing else"
            return Problem("forbidden", f"Not allowed: {self._permissions.denied or 'to write'}; {allowed}")
        if code == sqlite3.SQLITE_INTERRUPT:
            return self._budget.out_of_time()
        if code == sqlite3.SQLITE_TOOBIG:
            return self._budget.exceeded(f"it makes a value of more than {MOST_VALUE_BYTES} bytes")
        if str(error) == NOT_UTF8:
            names = ", ".join((*PRODUCTS, *FORMATS))
            return self._functions.problem or Problem("wrong-sql", f"Only texts in UTF-8 are taken by {names}")
        return wrong_sql(self._connection, sql, str(error))

    def _restrict(self) -> None:
        """Set the limits, last the authorizer, which then refuses to change them."""
        connection = self._connection
        for table in JSON_TABLES:  # declares it, for which the authorizer would have to let a schema be written
            connection.execute(f"SELECT 1 FROM {table}('[]')")  # noqa: S608 - constants
        for limit, value in LIMITS.items():
            connection.setlimit(limit, value)
        connection.text_factory = self._text
        connection.set_progress_handler(self._budget.count_steps, STEPS)
        connection.set_authorizer(self._permissions)

    def _text(self, raw: bytes) -> str:
        self._budget.add_value(len(raw))
        return text_of(raw)


def row_text(row: tuple[Value, ...]) -> str:
    """Return a row as a JSON array."""
    return json.dumps([_cell(value) for value in row])


def _cell(value: Value) -> str | float | None:
    """Return what JSON can hold: base64 in place of a BLOB, the words of protobuf's JSON for infinities."""
    if isinstance(value, bytes):
        return b2a_base64(value, newline=False).decode()
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value
