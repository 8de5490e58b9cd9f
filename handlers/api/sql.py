"""POST /<path>/sql: one read-only statement over a snapshot."""

from __future__ import annotations

import json
import time

from handlers.api.read import Asked, source_of
from handlers.api.response import JSON_TYPE, Response
from handlers.domain.problem import Problem, invalid
from handlers.sql.budget import Budget
from handlers.sql.execution import Execution
from handlers.sql.statement import Statement
from handlers.telemetry.usage import server_timing, timings_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handlers.api.request import Request
    from handlers.reads.sqlite_efs import SqliteReader
    from handlers.reads.sqlite_view import SqliteView
    from handlers.settings import Settings
    from handlers.sql.execution import Rows
    from handlers.telemetry.usage import Receipts, Usage

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
        asked, statement = _asked(request)
        budget = Budget(request.remaining_s(), self._clock)

        def use(view: SqliteView) -> tuple[Rows, str]:
            view = asked.view_of(view)
            execution = Execution(view, budget, self._settings.memory_mb)
            try:
                return execution.run(statement), view.bookmark_text
            finally:
                execution.close()

        source = source_of(request)
        found, bookmark = self._readers[source].read(max(asked.bookmarks), usage, use)
        usage.lap("query")
        return self._answer(source, found, bookmark, usage)

    def _answer(self, source: str, found: Rows, bookmark: str, usage: Usage) -> Response:
        all_ms = usage.all_ms()
        consumed, consumed_header = self._receipts.end(usage, all_ms["total"])
        headers = {
            "content-type": JSON_TYPE,
            "cache-control": "no-store",
            "snapshot-bookmark": bookmark,
            "server-timing": server_timing(all_ms),
            "consumed": consumed_header,
        }
        copy = f',"copy":{json.dumps(usage.copy)}' if source == "sqlite-tmp" else ""
        body = (
            f'{{"source":"{source}","bookmark":"{bookmark}","columns":{found.columns},"rows":[{found.text}],'
            f'"count":{found.count},"truncated":{json.dumps(found.is_truncated)},'
            f'"timings_ms":{timings_text(all_ms)},"consumed":{consumed}{copy}}}'
        )
        return Response(200, body, headers)


def _asked(request: Request) -> tuple[Asked, Statement]:
    """Return the point in history, and the statement. Raises Problem (400) that names all that is wrong."""
    parameters, errors = request.checked_parameters(("as_of",))
    asked = Asked(request, parameters, errors)
    statement = Statement(request.json_object(), errors)
    if errors:
        raise invalid("malformed-request", errors)
    return asked, statement
