"""A plan's tables and their rows, put into PostgreSQL in one transaction: all of it is there, or nothing."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import errors, sql

from console.errors import INTERRUPTED, ConsoleError
from console.interrupts import hold_interrupts
from console.migration.plan import PlannedTable
from console.migration.targets.postgresql.commit import DoubtfulError, commit
from console.migration.targets.postgresql.connection import Connection, Login, connect, one_line
from console.migration.targets.postgresql.counters import set_counters
from console.migration.targets.postgresql.definitions import ConstraintStep, constraints, table_definition
from console.migration.targets.postgresql.loading import load
from console.migration.targets.postgresql.place import TargetPlace
from console.migration.targets.postgresql.violations import explain
from console.paths import PROGRAM
from console.terminal import Advance, Steps
from console.wording import counted, rows, three_digits, visible

NOTHING = "nothing was copied to PostgreSQL"
ALL = "all of it is in PostgreSQL"
SAVEPOINT = sql.Identifier("a_step")
OF_ROWS = ("22", "23", "42", "54")  # classes of errors that rows or a definition cause, not the server
HINTS: dict[type[psycopg.Error], str] = {
    errors.InsufficientPrivilege: "GRANT CREATE ON SCHEMA …; for a new schema, and for tables that give way,"
    " GRANT CREATE ON DATABASE …",
    errors.ReadOnlySqlTransaction: "name the writer's address: this one only reads",
    errors.DiskFull: "give the server more room",
    errors.LockNotAvailable: "stop the application first",
    errors.NotNullViolation: "leave such rows out by the rules",
}

RowsOf = Callable[[PlannedTable], Iterable[Sequence[Any]]]


@dataclass(frozen=True)
class PostgresTarget:
    """The place that the tables go to.

    Attributes:
        schema: empty: the first one of the user's search path.
        replaces: tables with rows give way to new ones.
    """

    login: Login
    schema: str = ""
    replaces: bool = False


@dataclass(frozen=True)
class PostgresCopy:
    """The outcome.

    Attributes:
        rows: by target names.
        replaced: the tables that gave way.
        counters: the last key given, by target names.
    """

    schema: str
    rows: dict[str, int]
    replaced: tuple[str, ...]
    counters: dict[str, int]


class Transfer:
    """The transaction.

    Args:
        tables: in an order in which each may be made.
        rows_of: gives a table's rows.
        given: the greatest keys that tables ever gave, by the source's names.
        steps: shows what is done.
    """

    def __init__(self, tables: Sequence[PlannedTable], rows_of: RowsOf, given: Mapping[str, int], steps: Steps) -> None:
        self._tables = tables
        self._rows_of = rows_of
        self._given = given
        self._steps = steps
        self._doing = "beginning"
        self._is_committed = False

    def check(self, target: PostgresTarget) -> None:
        """Look whether the tables may come there, and change nothing. Raises ConsoleError."""
        with self._explained(), contextlib.closing(connect(target.login)) as connection:
            self._place(connection, target)

    def run(self, target: PostgresTarget) -> PostgresCopy:
        """Carry it out. Raises ConsoleError, which says that nothing was copied, or that all was."""
        with self._explained(), contextlib.closing(connect(target.login)) as connection:
            copied = self._prepare(connection, target)
            with hold_interrupts(), self._step("commit"):
                commit(connection, target.login)
                self._is_committed = True
        return copied

    @contextlib.contextmanager
    def _explained(self) -> Generator[None]:
        """Raise what goes wrong as a ConsoleError that says what was copied: nothing, or all."""
        try:
            yield
        except DoubtfulError:
            raise
        except ConsoleError as error:
            raise ConsoleError(f"{error}; {NOTHING}", error.hint, error.code) from error
        except psycopg.Error as error:
            hint = HINTS.get(type(error), "the same command again, once the server is well")
            raise ConsoleError(f"{self._doing}: {one_line(error)}; {NOTHING}", hint) from error
        except KeyboardInterrupt as error:
            if self._is_committed:
                raise ConsoleError(
                    f"interrupted after the commit; {ALL}", f"{PROGRAM} migrate verify", INTERRUPTED
                ) from error
            raise ConsoleError(f"interrupted; {NOTHING}", "the same command again", INTERRUPTED) from error

    def _prepare(self, connection: Connection, target: PostgresTarget) -> PostgresCopy:
        """Do all but the end."""
        place = self._place(connection, target)
        with self._step(f"make {counted(len(self._tables), 'table')}"):
            for table in self._tables:
                connection.execute(table_definition(place.staging, table))
        loaded = {table.target: self._load(connection, place.staging, table) for table in self._tables}
        for step in constraints(place.staging, self._tables):
            with self._step(f"{visible(step.table.target)}: {step.what}"):
                self._constrain(connection, place.staging, step)
        with self._step("set the counters"):
            counters = set_counters(connection, place.staging, self._tables, self._given)
        with self._step("gather statistics"):
            for table in self._tables:
                connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(place.staging, table.target)))
        with self._step("put the tables in their place"):
            place.swap()
        return PostgresCopy(place.schema, loaded, place.replaced, counters)

    def _place(self, connection: Connection, target: PostgresTarget) -> TargetPlace:
        with self._step("look at the target"):
            return TargetPlace(connection, target.schema, [t.target for t in self._tables], replaces=target.replaces)

    def _load(self, connection: Connection, schema: str, table: PlannedTable) -> int:
        started_s = time.monotonic()
        with self._step(f"copy {visible(table.target)}, {rows(table.rows)}", table.rows) as advance:
            count = load(connection, schema, table, self._rows_of(table), advance)
            self._steps.note(f"{three_digits(count / (time.monotonic() - started_s))} rows/s")
        if count != table.rows:
            message = f"table {visible(table.name)} gave {rows(count)}, and the plan has {rows(table.rows)}"
            raise ConsoleError(message, "plan and copy it again")
        return count

    def _constrain(self, connection: Connection, schema: str, step: ConstraintStep) -> None:
        connection.execute(sql.SQL("SAVEPOINT {}").format(SAVEPOINT))
        try:
            connection.execute(step.statement)
        except psycopg.Error as error:
            if not (error.sqlstate or "").startswith(OF_ROWS):
                raise
            connection.execute(sql.SQL("ROLLBACK TO SAVEPOINT {}").format(SAVEPOINT))
            raise explain(connection, schema, step, error) from error
        connection.execute(sql.SQL("RELEASE SAVEPOINT {}").format(SAVEPOINT))

    @contextlib.contextmanager
    def _step(self, what: str, total: int = 0) -> Generator[Advance]:
        self._doing = what
        with self._steps(what, total) as advance:
            yield advance
