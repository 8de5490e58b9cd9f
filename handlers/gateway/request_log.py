"""The line of a request in the log: which route, how it ended, how long it took, what it used; no value of any row."""

from __future__ import annotations

from json.encoder import encode_basestring_ascii as quoted

from handlers.routes import HOMES, ROWS
from handlers.telemetry.log import ERROR, INFO, NONE, WARN
from handlers.telemetry.metrics import DIVERGENCES, ERRORS, LAG_ROWS, LAG_SECONDS, LATENCY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from handlers.gateway.request import Request
    from handlers.gateway.response import Response
    from handlers.telemetry.log import Log, Values

READ_PATHS = (*HOMES, ROWS)
MEASURED_PATHS = frozenset((*READ_PATHS, "insert"))


def log_request(log: Log, request: Request, response: Response, spent_ns: int) -> None:
    """Write the line of a request that has been answered in so many nanoseconds."""
    path = request.route.split("/", 2)[1] if request.route else ""
    spent_ms = spent_ns // 1000 / 1000
    lag = _lag(response) if "snapshot-lag" in response.headers else None
    by_path: Values = {LATENCY: spent_ms, **response.used} if path in MEASURED_PATHS else NONE
    log.line(_level(response), _members(request, response, path, spent_ms, lag), by_path, _metrics(response, path, lag))


def _lag(response: Response) -> tuple[int, float]:
    from handlers.domain.lag import of_header  # noqa: PLC0415 - whoever has made the header has loaded it

    return of_header(response.headers["snapshot-lag"])


def _level(response: Response) -> str:
    if response.is_well:
        return INFO
    return ERROR if _is_failure(response) else WARN


def _is_failure(response: Response) -> bool:
    """Tell whether the answer is for us to mend; a bookmark that is not there yet may be one that never will be."""
    return response.status >= 500 and response.outcome != "not-there-yet"


def _members(request: Request, response: Response, path: str, spent_ms: float, lag: tuple[int, float] | None) -> str:
    bookmark = response.headers.get("snapshot-bookmark")
    members = (
        f'"request_id":{quoted(request.request_id)},"invocation_id":{quoted(request.invocation_id())},'
        f'"route":{quoted(f"{request.method} {request.route}") if request.route else "null"},"path":"{path}",'
        f'"status":{response.status},"outcome":"{response.outcome}",'
        f'"bookmark":{quoted(bookmark) if bookmark else "null"},"duration_ms":{spent_ms}'
    )
    if lag:
        members += f',"lag":{{"rows":{lag[0]},"seconds":{lag[1]}}}'
    return f"{members},{response.measured}" if response.measured else members


def _metrics(response: Response, path: str, lag: tuple[int, float] | None) -> dict[str, float]:
    """Return the metrics of the function; of the lag that a read learns its line tells alone: one gauge is enough."""
    metrics: dict[str, float] = {}
    if _is_failure(response):
        metrics[ERRORS] = 1
    if response.outcome == "diverged":
        metrics[DIVERGENCES] = 1
    if lag and path not in READ_PATHS:
        metrics[LAG_ROWS], metrics[LAG_SECONDS] = lag
    return metrics
