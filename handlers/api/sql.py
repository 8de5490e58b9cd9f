"""POST /<path>/sql: one read-only statement over a snapshot."""

from __future__ import annotations

import json
import time

from handlers.api.read import min_bookmark
from handlers.domain.problem import Problem, invalid
from handlers.gateway.response import measured_response
from handlers.reads.question import Asked, source_of
from handlers.sql.budget import Budget
from handlers.sql.execution import Execution
from handlers.sql.statement import Statement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handlers.domain.bookmark import Bookmark
    from handlers.gateway.request import Request
    from handlers.gateway.response import Response
    from handlers.reads.sqlite_efs import SqliteReader
    from handlers.reads.sqlite_view import SqliteView
    from handlers.settings import Settings
    from handlers.sql.execution import Rows
    from handlers.telemetry.usage import Receipts

IS_OFF = "Statements are refused here: the stack's setting sql is off"


class Statements:
    """The operation `sql`.

    Args:
        readers: of the paths that have it.
        settings: whether statements are answered, and how much memory there is.
        receipts: makes each answer's receipt.
        clock: of the statements' time limit, in seconds.
    """

    def __init__(
        self,
        readers: Mapping[str, SqliteReader],
        settings: Settings,
        receipts: Receipts,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._readers = readers
        self._settings = settings
        self._receipts = receipts
        self._clock = clock

    def run(self, request: Request) -> Response:
        """POST /<path>/sql: run a statement. Raises Problem."""
        if not self._settings.has_sql:
            raise Problem("forbidden", IS_OFF)
        usage = self._receipts.begin()
        asked, at_least, statement = _asked(request)
        budget = Budget(request.remaining_s(), self._clock)

        def use(view: SqliteView) -> tuple[Rows, str]:
            view = asked.view_of(view, at_least)
            execution = Execution(view, budget, self._settings.memory_mb)
            try:
                return execution.run(statement), view.bookmark_text
            finally:
                execution.close()

        source = source_of(request.path)
        found, bookmark = self._readers[source].read(asked.at_least(at_least), usage, use)
        usage.lap("query")
        members = (
            f'"columns":{found.columns},"rows":[{found.text}],"count":{found.count},'
            f'"truncated":{json.dumps(found.is_truncated)}'
        )
        return measured_response((source, bookmark), members, {"cache-control": "no-store"}, usage, self._receipts)


def _asked(request: Request) -> tuple[Asked, Bookmark, Statement]:
    """Return the point in history, at least which, and the statement. Raises Problem (400) that names all errors."""
    errors: list[dict[str, str]] = []
    at_least = min_bookmark(request, errors)
    parameters, others = request.checked_parameters(("as_of",))
    errors += others
    asked = Asked(parameters, errors)
    statement = Statement(request.json_object(), errors)
    if errors:
        raise invalid("malformed-request", errors)
    return asked, at_least, statement
