"""The functions as AWS calls them, in this process: the gateway's events in, answers out; the table's stream."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from handlers import command, query
from handlers.domain.bookmark import Bookmark
from handlers.ledger.head import HEAD_KEY, Head
from handlers.postgres.connection import Database
from handlers.routes import COMMAND, QUERY, RELATIONAL, gateway_routes
from handlers.settings import Settings
from handlers.telemetry.log import Log
from tests.support.drafts import VALUE, fields

SOURCES = ("/sqlite-efs", "/sqlite-tmp", "/ddb")


def spread(count: int, first: int = 1) -> list[dict[str, object]]:
    """Items whose values lie evenly between 0 and 1, however many there are: a filter keeps its share of any run."""
    return [fields(number) | {VALUE: number * 0.618034 % 1} for number in range(first, first + count)]


QUIET = Log(Settings({"REQUEST_LOG_PERCENT": "0"}), lambda _: None)


class Answer:
    """One response, with its body parsed."""

    def __init__(self, response: Mapping[str, Any]) -> None:
        self.status: int = response["statusCode"]
        self.headers: dict[str, str] = response["headers"]
        self.text: str = response["body"]

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Api:
    """Routes requests to fresh instances of the functions for one environment, as the gateway would.

    Attributes:
        database: the relational function's connection, where there is PostgreSQL; to be closed.
    """

    _routes: Mapping[str, str] = gateway_routes()

    def __init__(self, environ: Mapping[str, str]) -> None:
        settings = Settings(environ)
        self._functions: dict[str, Callable[[Mapping[str, Any], Any], dict[str, object]]] = {
            COMMAND: command.make_handler(environ),
            QUERY: query.make_handler(environ),
        }
        self._routes = gateway_routes(has_postgres=settings.has_postgres, provider=settings.provider)
        if settings.has_postgres:
            from handlers.relational import Relational  # noqa: PLC0415 - it cannot be imported without a database's name

            self.database = Database(settings)
            self._functions[RELATIONAL] = Relational(self.database, settings)

    def __call__(
        self,
        method: str,
        path: str,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
        raw_query: str = "",
    ) -> Answer:
        made = event(method, path, body, headers, raw_query)
        return Answer(self.function(made)(made, None))

    def function(self, made: Mapping[str, Any]) -> Callable[[Mapping[str, Any], Any], dict[str, object]]:
        """The function that the gateway gives this event to."""
        method, path = made["requestContext"]["http"]["method"], made["rawPath"]
        routes = (f"{method} {path}", f"{method} {path.rpartition('/')[0]}/{{id}}")
        return self._functions[next((self._routes[route] for route in routes if route in self._routes), QUERY)]

    def get(self, path: str, raw_query: str = "", **headers: str) -> Answer:
        """GET; header names with underscores for hyphens."""
        return self("GET", path, None, {name.replace("_", "-"): value for name, value in headers.items()}, raw_query)

    def post(self, path: str, content: object = None, **headers: str) -> Answer:
        """POST `content` as JSON (None: no body); header names with underscores for hyphens."""
        body = None if content is None else json.dumps(content)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self("POST", path, body, {"content-type": "application/json"} | named)


def event(
    method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None, raw_query: str = ""
) -> dict[str, Any]:
    """A gateway event, payload format 2.0, with what the functions read of it."""
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": raw_query,
        "headers": dict(headers or {}),
        "requestContext": {"http": {"method": method, "path": path}, "requestId": "request-1"},
        "isBase64Encoded": False,
        **({} if body is None else {"body": body}),
    }


class Context:
    """Lambda's context."""

    aws_request_id = "invocation-1"

    def __init__(self, remaining_s: float = 300.0) -> None:
        self._remaining_s = remaining_s

    def get_remaining_time_in_millis(self) -> int:
        return int(self._remaining_s * 1000)


def record(number: int, moved_to: Bookmark) -> dict[str, Any]:
    """A record of the table's stream: the head has moved."""
    image = {**HEAD_KEY, **Head.new(moved_to.epoch).to_item(), "seq": {"N": str(moved_to.seq)}}
    change = {"Keys": HEAD_KEY, "NewImage": image, "SequenceNumber": str(number), "StreamViewType": "NEW_IMAGE"}
    return {"eventName": "MODIFY", "eventSource": "aws:dynamodb", "dynamodb": change}


def failed(*numbers: int) -> dict[str, object]:
    """The partial batch answer that names these records."""
    return {"batchItemFailures": [{"itemIdentifier": str(number)} for number in numbers]}
