"""From an event to an answer: finds the route, calls the operation, turns problems into problem+json.

A known path with a method it does not have is 405 with `Allow`; HEAD is GET without the body; an answer that is large
enough is compressed where the client accepts it. What is not a `Problem` is a defect of ours: 500, its traceback in
the log and nothing of it in the answer.
"""

from __future__ import annotations

import logging
import time

from handlers.domain.problem import Problem
from handlers.gateway.request import Request
from handlers.gateway.request_log import log_request
from handlers.gateway.response import problem_response
from handlers.routes import ROUTES, SOURCES, answerer, methods

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from handlers.gateway.response import Response
    from handlers.telemetry.log import Log

    Operation = Callable[[Request], Response]
    DirectOperation = Callable[[Mapping[str, Any]], dict[str, object]]

# A body of this many characters, with the headers, is more than one packet; a smaller one gains nothing by compression.
MIN_COMPRESSED = 1024

_log = logging.getLogger(__name__)


class Router:
    """Answers the routes of one function.

    Args:
        function: the function's name in the route table; the other functions' routes answer 405 here, because only
            their own gateway routes reach them.
        operations: the callable for each operation of that function in the route table.
        log: takes a line of each request.
        direct: answers the events that do not come from the gateway.
        absent: answers the routes of each function that is not there.
        provider: the home that answers `/rows`.
    """

    def __init__(
        self,
        function: str,
        operations: Mapping[str, Operation],
        log: Log,
        direct: DirectOperation | None = None,
        absent: Mapping[str, Operation] | None = None,
        *,
        provider: str = SOURCES[0],
    ) -> None:
        self._log = log
        self._direct = direct
        self._fixed: dict[str, dict[str, Operation | None]] = {}
        # By what is before and after the parameter, which is the last part of a path or the last but one.
        self._templates: dict[tuple[str, str], tuple[str, str, dict[str, Operation | None]]] = {}
        for verb, path, listed, name in ROUTES:
            owner = answerer(path, listed, provider)
            operation = operations[name] if owner == function else (absent or {}).get(owner)
            prefix, brace, rest = path.partition("/{")
            if not brace:
                by_method = self._fixed.setdefault(path, {})
            else:
                parameter, _, suffix = rest.partition("}")
                *_, by_method = self._templates.setdefault((prefix, suffix), (path, parameter, {}))
            by_method.update(dict.fromkeys(methods(verb), operation))

    def __call__(self, event: Mapping[str, Any], context: object) -> dict[str, object]:
        """Answer one gateway event with a gateway response; never raises for a request's sake."""
        if self._direct is not None and "rawPath" not in event:
            self._log.has_begun()
            return self._direct(event)
        began_ns = time.perf_counter_ns()
        request = Request(event, context)
        response = self.answer(request)
        answer = response.to_event()
        if not response.is_well or next(self._log.turns):
            log_request(self._log, request, response, time.perf_counter_ns() - began_ns)
        return answer

    def answer(self, request: Request) -> Response:
        """Answer one request, without a line of it in the log."""
        response = self._answered(request)
        response.headers.setdefault("vary", "accept-encoding")
        if len(response.body) >= MIN_COMPRESSED and "accept-encoding" in request.headers:
            from handlers.gateway.negotiation import compress  # noqa: PLC0415 - zlib comes with it

            compress(response, request.headers["accept-encoding"])
        if request.method == "HEAD":
            response.leave_body_out()
        return response

    def _answered(self, request: Request) -> Response:
        try:
            return self._operation(request)(request)
        except Problem as problem:
            return problem_response(problem, request.request_id)
        except Exception:  # noqa: BLE001 - the last resort: whatever it is, the client gets a 500 and the log the rest
            _log.exception("request %s failed", request.request_id)
            detail = "The request failed; the log has the reason under this instance"
            return problem_response(Problem("internal-error", detail), request.request_id)

    def _operation(self, request: Request) -> Operation:
        by_method = self._methods_of(request)
        operation = by_method.get(request.method)
        if operation is None:
            # The other function's own methods are answered by the gateway before they come here.
            request.route = ""
            allow = ", ".join(sorted(by_method))
            detail = f"{request.path[:200]} allows {allow}, got {request.method}"
            raise Problem("method-not-allowed", detail, headers={"allow": allow})
        return operation

    def _methods_of(self, request: Request) -> dict[str, Operation | None]:
        path = request.path
        by_method = self._fixed.get(path)
        if by_method is not None:
            request.route = path
            return by_method
        before, _, last = path.rpartition("/")
        found, value = self._templates.get((before, "")), last
        if found is None:
            before, _, value = before.rpartition("/")
            found = self._templates.get((before, f"/{last}"))
        if found is not None and value:
            request.route, parameter, by_method = found
            request.path_parameters = {parameter: value}
            return by_method
        raise Problem("not-found", f"There is no {request.path[:200]}")
