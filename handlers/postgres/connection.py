"""The connection to PostgreSQL: made when first needed, kept over requests, made anew where it was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg import Connection

    from handlers.settings import Settings

T = TypeVar("T")

CONNECT_TIMEOUT_S = 3


class Database:
    """One connection, in autocommit: a statement is a transaction, unless `connection.transaction()` is opened."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection: Connection[Any] | None = None

    def run(self, work: Callable[[Connection[Any]], T]) -> T:
        """Let `work` use the connection; once more with a new one where it was lost.

        So `work` has to be such that it may be done twice: reads, and transactions that find what was done.
        """
        try:
            return work(self._connected())
        except psycopg.OperationalError:
            if self._connection is None or not self._connection.closed:
                raise
        self.close()
        return work(self._connected())

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _connected(self) -> Connection[Any]:
        if self._connection is None:
            self._connection = psycopg.connect(
                self._settings.database_url,
                autocommit=True,
                connect_timeout=CONNECT_TIMEOUT_S,
                prepare_threshold=None,  # pgbouncer and RDS Proxy: a prepared statement is another connection's
            )
        return self._connection
