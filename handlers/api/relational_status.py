"""The relational function's health: `GET /relational/health`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handlers.domain.bookmark import NOTHING
from handlers.gateway.response import health_of, json_response
from handlers.telemetry.usage import Usage

if TYPE_CHECKING:
    from handlers.gateway.request import Request
    from handlers.gateway.response import Response
    from handlers.postgres.reader import PostgresReader


class RelationalStatus:
    """The relational function's own operation.

    Args:
        reader: of the home.
        build: `runtime_of` the function.
    """

    def __init__(self, reader: PostgresReader, build: dict[str, object]) -> None:
        self._reader = reader
        self._build = build

    def health(self, request: Request) -> Response:
        """GET /relational/health: the function, its runtime, and the home's bookmark. Raises Problem (503)."""
        request.parameters(())
        bookmark = self._reader.read(NOTHING, Usage(), lambda view: view.bookmark)
        return json_response(200, health_of("relational", bookmark, self._build) | {"retries": self._reader.retries})
