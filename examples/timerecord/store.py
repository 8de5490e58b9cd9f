"""The application's way to its database: SQLite or PostgreSQL, as `DB_PROVIDER` says.

DB_PROVIDER=sqlite      DB_FILE, the file
DB_PROVIDER=postgresql  DATABASE_URL, as psycopg takes it
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

PROVIDERS = ("sqlite", "postgresql")
START = "INSERT INTO work_sessions (user_id, started_at) VALUES (?, ?) RETURNING id"
STOP = "UPDATE work_sessions SET ended_at = ? WHERE id = ? AND ended_at IS NULL"
LATEST = (
    "SELECT id, started_at, ended_at, break_minutes FROM work_sessions WHERE user_id = ?"
    " ORDER BY started_at DESC, id DESC LIMIT ?"
)


class Provider(Protocol):
    """A database: runs a statement with `?` for its values, in a transaction of its own."""

    def run(self, statement: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        """Return the statement's rows."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class SQLiteProvider:
    """A SQLite file."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path)
        self._connection.execute("PRAGMA foreign_keys = ON")

    def run(self, statement: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        """Return the statement's rows; times go in and come out as SQLite's texts."""
        with self._connection:
            return self._connection.execute(statement, [_text(value) for value in values]).fetchall()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


class PostgresProvider:
    """A database in PostgreSQL."""

    def __init__(self, url: str) -> None:
        import psycopg  # noqa: PLC0415 - only where it is used

        self._connection = psycopg.connect(url, autocommit=True, prepare_threshold=None)

    def run(self, statement: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        """Return the statement's rows."""
        cursor = self._connection.execute(statement.replace("?", "%s").encode(), values)
        return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()


class TimeStore:
    """Recorded work, wherever it is kept."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> TimeStore:
        """Return the store that the environment names. Raises ValueError for a provider that is none."""
        provider = environ.get("DB_PROVIDER", PROVIDERS[0])
        if provider == "sqlite":
            return cls(SQLiteProvider(environ["DB_FILE"]))
        if provider == "postgresql":
            return cls(PostgresProvider(environ["DATABASE_URL"]))
        raise ValueError(f"DB_PROVIDER: got {provider!r}, allowed: {', '.join(PROVIDERS)}")

    def close(self) -> None:
        """Close the database."""
        self._provider.close()

    def start(self, user_id: int, at: datetime) -> int:
        """Begin a stretch of work, and return its id."""
        ((session_id,),) = self._provider.run(START, (user_id, at))
        return session_id

    def stop(self, session_id: int, at: datetime) -> None:
        """End a stretch of work."""
        self._provider.run(STOP, (at, session_id))

    def latest(self, user_id: int, limit: int = 10) -> list[dict[str, object]]:
        """Return a user's latest stretches of work, the newest first, with times in UTC."""
        names = ("id", "started_at", "ended_at", "break_minutes")
        rows = self._provider.run(LATEST, (user_id, limit))
        return [dict(zip(names, map(_moment, row), strict=True)) for row in rows]


def _text(value: object) -> object:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value


def _moment(value: object) -> object:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone(UTC) if isinstance(moment, datetime) else moment
