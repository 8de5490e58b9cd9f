"""The runner: applies the migrations that a database lacks, each in a transaction of its own, one runner at a time.

What was applied stands in `schema_migrations`, as dbmate has it, with the file's checksum beside it; so either of the
two can go on after the other. It connects to the instance itself: its lock is the connection's.
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.generators import execute
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, TransactionStatus

from handlers.postgres.connection import Database
from handlers.schema.migration import Migration, MigrationError, read_migrations

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.pq.abc import PGconn, PGresult

    from handlers.settings import Settings

    Known = dict[str, str | None]

FOLDER = Path(__file__).parents[2] / "db" / "migrations"
LOCK = 7_305_802_311  # any number that nobody else locks by
TABLE = (
    "CREATE TABLE IF NOT EXISTS schema_migrations (version varchar(128) PRIMARY KEY)",  # as dbmate makes it
    "ALTER TABLE schema_migrations ADD COLUMN IF NOT EXISTS checksum text",
    "ALTER TABLE schema_migrations ADD COLUMN IF NOT EXISTS applied_at timestamptz DEFAULT now()",
)
NOTE = "INSERT INTO schema_migrations (version, checksum) VALUES (%s, %s)"
ADOPT = "UPDATE schema_migrations SET checksum = %s WHERE version = %s AND checksum IS NULL"  # dbmate applied it
TABLE_FORM = """
SELECT to_regclass('schema_migrations') IS NOT NULL,
    EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('schema_migrations') AND attname = 'checksum')
"""
BY_CLIENT = (ExecStatus.COPY_IN, ExecStatus.COPY_OUT)
SAID = (DiagnosticField.MESSAGE_PRIMARY, DiagnosticField.MESSAGE_DETAIL, DiagnosticField.MESSAGE_HINT)
WAIT_S = 60.0
LOST = (b"57P", b"08")  # by the beginning of an error's code: the server ends, or the connection did
NOT_ONE_STATEMENT = b"42601"  # or one that is not understood


class Migrations:
    """The migrations of a folder, and a database.

    Args:
        settings: where the database is.
        folder: the files.
    """

    def __init__(self, settings: Settings, folder: Path = FOLDER) -> None:
        self._settings = settings
        self._folder = folder

    def compare(self) -> dict[str, object]:
        """Return which files are pending, which are applied, and which applied ones are missing.

        Raises MigrationError for a file that cannot be read or has changed, psycopg.Error.
        """
        found = read_migrations(self._folder)
        database = Database(self._settings, is_direct=True)
        try:
            known = database.run(_known)
        finally:
            database.close()
        return {"pending": _names(_pending(found, known)), **_told(found, known)}

    def apply(self, limit_s: float = WAIT_S) -> dict[str, object]:
        """Apply what is pending, and return the files that were applied, those that had been, and what is missing.

        Args:
            limit_s: how long another runner is waited for.

        Raises:
            MigrationError: one failed, and says what remains of it; or a file cannot be read, or has changed.
            psycopg.OperationalError: the database is away or was lost, or another runner works for too long.
            psycopg.Error: the database does not let the table of the migrations be made, or read.
        """
        found = read_migrations(self._folder)
        database = Database(self._settings, is_direct=True)
        try:
            return database.run(lambda connection: _apply(connection, found, limit_s))
        finally:
            database.close()


def _apply(connection: Connection[Any], found: list[Migration], limit_s: float) -> dict[str, object]:
    connection.execute("SET statement_timeout = 0")
    _lock(connection, limit_s)
    with connection.transaction():
        for statement in TABLE:
            connection.execute(statement)
    known = _known(connection)
    pending = _pending(found, known)
    for migration in found:
        if migration in pending:
            _apply_one(connection, migration)
        else:
            connection.execute(ADOPT, (migration.checksum, migration.version))
    return {"applied": _names(pending), **_told(found, known)}


def _lock(connection: Connection[Any], limit_s: float) -> None:
    """Wait for other runners longer than the user waits for a table: one of them may work for minutes."""
    connection.execute("SELECT set_config('lock_timeout', %s, false)", (str(max(1, int(limit_s * 1000))),))
    connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
    connection.execute("RESET lock_timeout")


def _apply_one(connection: Connection[Any], migration: Migration) -> None:
    """Apply one file, and note that it is applied. Raises MigrationError, psycopg.OperationalError."""
    with connection.transaction() if migration.has_transaction else nullcontext():
        run_sql(connection, migration)
        if migration.has_transaction and connection.info.transaction_status != TransactionStatus.INTRANS:
            connection.close()
            raise MigrationError(f"{migration.name}: it ends its transaction itself; allowed: transaction:false")
        connection.execute(NOTE, (migration.version, migration.checksum))


def run_sql(connection: Connection[Any], migration: Migration) -> None:
    """Let the server run a file as it is.

    Raises:
        MigrationError: it fails; the message names the statement, and the line if the server knows it.
        psycopg.OperationalError: the server, or the connection to it, went away.
    """
    sent, sql = connection.pgconn, migration.sql.encode()
    if migration.has_transaction:
        sent.send_query(sql)
    else:
        sent.send_query_params(sql, None)  # takes one statement alone
    results = connection.wait(execute(sent))
    last = results[-1]
    if last.status in BY_CLIENT:
        connection.close()
        raise MigrationError(f"{migration.name}, statement {len(results)}: COPY from or to the client is not possible")
    if last.status == ExecStatus.FATAL_ERROR:
        raise _failure(migration, len(results), last, sent)


def _failure(migration: Migration, number: int, result: PGresult, sent: PGconn) -> MigrationError | psycopg.Error:
    code = result.error_field(DiagnosticField.SQLSTATE)
    if code is None or code.startswith(LOST) or sent.status == ConnStatus.BAD:
        return psycopg.OperationalError(f"{migration.name}, statement {number}: {result.get_error_message()}")
    said = {field: result.error_field(field) for field in (*SAID, DiagnosticField.STATEMENT_POSITION)}
    position = int(said.pop(DiagnosticField.STATEMENT_POSITION) or 0)
    line = migration.line + migration.sql.count("\n", 0, position - 1) if position else 0
    place = f"statement {number}" + (f", line {line}" if line else "")
    message = "; ".join(text.decode(errors="replace") for text in said.values() if text)
    return MigrationError(f"{migration.name}, {place}: {message}; {_remains(migration, code)}")


def _remains(migration: Migration, code: bytes) -> str:
    if migration.has_transaction:
        return "nothing of the file remains"
    if code == NOT_ONE_STATEMENT:
        return "allowed with transaction:false: one statement"
    return "what it had done by then may remain"


def _known(connection: Connection[Any]) -> Known:
    """Return the versions that are applied, each with the checksum of its file where that is known."""
    (is_there, has_checksums), *_ = connection.execute(TABLE_FORM).fetchall()
    if not is_there:
        return {}
    checksum = "checksum" if has_checksums else "NULL"
    found = connection.execute(f"SELECT version, {checksum} FROM schema_migrations".encode()).fetchall()  # noqa: S608
    return dict(found)


def _pending(found: list[Migration], known: Known) -> list[Migration]:
    """Return what is to be applied. Raises MigrationError where a file is not what was applied."""
    for migration in found:
        if known.get(migration.version, None) not in (None, migration.checksum):
            raise MigrationError(f"{migration.name}: it was applied, and has changed since; allowed: a new file")
    return [migration for migration in found if migration.version not in known]


def _told(found: list[Migration], known: Known) -> dict[str, object]:
    missing = known.keys() - {migration.version for migration in found}
    return {
        "already_applied": [migration.name for migration in found if migration.version in known],
        "missing": sorted(missing),  # of these numbers there is no file: the database is ahead of this version
    }


def _names(migrations: list[Migration]) -> list[str]:
    return [migration.name for migration in migrations]
