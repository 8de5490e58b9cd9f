"""The read path `postgres`: a table of rows that is fed from the ledger.

A sandbox looks for the home at most once a check interval, and whenever a bookmark asks for more. A prefix never
changes, so the rows up to what it found are read without a transaction. Where the table is gone by then, as another
history took its place, it looks again.
"""

from __future__ import annotations

import logging
import math
import time
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg.errors import UndefinedTable

from handlers.domain.bookmark import NOTHING
from handlers.domain.problem import Problem, unavailable
from handlers.domain.timestamps import boottime_s
from handlers.postgres.failures import NOT_SET_UP, problem_of
from handlers.postgres.home import Home, live_home
from handlers.postgres.view import IncompleteHomeError, PostgresView
from handlers.reads.reader import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg import Connection

    from handlers.domain.bookmark import Bookmark
    from handlers.postgres.connection import Database
    from handlers.reads.reader import View
    from handlers.telemetry.usage import Usage

T = TypeVar("T")

NOT_WHOLE = "PostgreSQL does not hold all the rows that it should; maintenance mends it"
NOT_READ = "PostgreSQL holds nothing yet that can be read: it is being fed, or was never fed"

_log = logging.getLogger(__name__)


class PostgresReader:
    """The read path `postgres`.

    Args:
        database: the connection.
        check_interval_s: how often it looks for the home, in seconds.
        clock: the clock for that and for waits, in seconds.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        database: Database,
        check_interval_s: float,
        clock: Callable[[], float] = boottime_s,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._check_interval_s = check_interval_s
        self._clock = clock
        self._sleep = sleep
        self._home = Home.new(0, is_live=False)
        self._next_look_s = -math.inf

    @property
    def retries(self) -> int:
        """Return how often the connection was lost and made anew."""
        return self._database.retries

    def read(self, at_least: Bookmark, usage: Usage, use: Callable[[View], T]) -> T:
        """Let `use` read the live home, which holds at least that bookmark.

        Raises Problem: 409 or 503 for a bookmark, 503 where PostgreSQL is away, not set up, or not whole.
        """
        return self._run(lambda connection: self._read(connection, at_least, usage, use), usage)

    def lacks(self, at_least: Bookmark, usage: Usage) -> bool:
        """Tell whether the home does not hold a bookmark; it is looked for again before that is said.

        Raises Problem: 503 where PostgreSQL is away, not set up, or holds nothing.
        """
        if at_least <= self._home.bookmark:
            return False
        self._run(self._look, usage)
        usage.lap("check")
        return at_least > self._home.bookmark

    def _run(self, work: Callable[[Connection[Any]], T], usage: Usage) -> T:
        try:
            return self._database.run(work, usage)
        except psycopg.Error as error:
            problem = problem_of(error)
            if problem is None:
                raise
            raise problem from error

    def _read(self, connection: Connection[Any], at_least: Bookmark, usage: Usage, use: Callable[[View], T]) -> T:
        def newest(again: bool) -> PostgresView:
            if again or self._clock() >= self._next_look_s:
                self._look(connection)
                usage.lap("check")
            return PostgresView(connection, self._home, self._home.bookmark)

        def read() -> T:
            return use(newest(False) if at_least == NOTHING else wait_for(at_least, newest, self._sleep, self._clock))

        try:
            return read()
        except (UndefinedTable, IncompleteHomeError) as error:
            _log.warning("read again after %s", error)
        self._next_look_s = -math.inf
        try:
            return read()
        except (UndefinedTable, IncompleteHomeError) as error:
            _log.error("%s: %s", NOT_WHOLE, error)
            raise unavailable(NOT_WHOLE) from error

    def _look(self, connection: Connection[Any]) -> None:
        try:
            home = live_home(connection)
        except UndefinedTable as error:
            raise unavailable(NOT_SET_UP) from error
        if home is None:
            raise unavailable(NOT_READ)
        self._home = home
        self._next_look_s = self._clock() + self._check_interval_s


class FedReader:
    """Reads the home once the ledger has fed it: `fresh=1`.

    Args:
        reader: of the home.
        feed: feeds it all that the ledger has, and returns up to where that is. Raises Problem.
    """

    def __init__(self, reader: PostgresReader, feed: Callable[[], Bookmark]) -> None:
        self._reader = reader
        self._feed = feed

    def read(self, at_least: Bookmark, usage: Usage, use: Callable[[View], T]) -> T:
        """Let `use` read all rows up to the ledger's head, which holds at least that bookmark.

        Raises Problem: as above, and 503 where the home cannot be fed now.
        """
        reached = self._feed()
        usage.lap("feed")
        return self._reader.read(max(at_least, reached), usage, use)


class CatchingUpReader:
    """Reads the home, and has it fed once where a bookmark is not there: else it would have to wait for its own feed.

    Args:
        reader: of the home.
        feed: feeds it all that the ledger has. Raises Problem.
    """

    def __init__(self, reader: PostgresReader, feed: Callable[[], Bookmark]) -> None:
        self._reader = reader
        self._feed = feed

    def read(self, at_least: Bookmark, usage: Usage, use: Callable[[View], T]) -> T:
        """Let `use` read the live home, which holds at least that bookmark.

        Raises what the reader raises. Where the home cannot be fed now, the bookmark is waited for as any other.
        """
        if self._reader.lacks(at_least, usage):
            try:
                self._feed()
            except Problem as problem:
                _log.warning("not fed for a read: %s", problem.detail)
            usage.lap("feed")
        return self._reader.read(at_least, usage, use)
