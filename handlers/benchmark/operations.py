"""The benchmark's operations of the query function: run one, list them, show one in several forms, show the trend.

The function loads this module with the first such request; no read pays for it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

from handlers.aws.dynamodb import Deadline, make_client
from handlers.benchmark.lanes import WARM_UPS, check_ledger, finish_copy, lanes_of, measure
from handlers.benchmark.report import csv_of, report_of, trends_of
from handlers.benchmark.session import Benchmark
from handlers.benchmark.store import BenchmarkStore, is_id
from handlers.benchmark.workloads import WORKLOADS, DataSet
from handlers.domain.problem import Problem, field_error, invalid, unavailable
from handlers.domain.timestamps import utc_text
from handlers.gateway.request import Request, event_of_get
from handlers.gateway.response import json_response, text_response
from handlers.reads.page import PageQuery
from handlers.telemetry.runtime import runtime_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.benchmark.workloads import Ask
    from handlers.gateway.response import Response
    from handlers.gateway.router import Operation, Router
    from handlers.settings import Settings

MAX_ITERATIONS = 1000
DEFAULT_ITERATIONS = 100
MAX_RUN_S = 20.0
RESERVE_S = 4.0  # before Lambda cuts the function off: to keep the result, and to answer
TREND_SESSIONS = 100


class Benchmarks:
    """The operations.

    Args:
        ask: sends a GET to the function's own router.
        settings: of the function, for the environment that a session names.
        store: where sessions are kept.
        now: the time in seconds since 1970.
        clock: what is measured with, in seconds.
    """

    def __init__(
        self,
        ask: Ask,
        settings: Settings,
        store: BenchmarkStore,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._ask = ask
        self._settings = settings
        self._store = store
        self._now = now
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: Settings, router: Router) -> Benchmarks:
        """Make them for a function, with a client of their own. Raises Problem (503) where no table is named."""
        if not settings.table_name:
            raise unavailable("TABLE_NAME is not set, so there is nothing to keep benchmarks in")
        store = BenchmarkStore(make_client(settings.region), settings.table_name)

        def ask(path: str, raw_query: str) -> dict[str, object]:
            return router.answer(Request(event_of_get(path, raw_query))).to_event()

        return cls(ask, settings, store)

    def operations(self) -> dict[str, Operation]:
        """Return the operations by their names in the route table."""
        return {
            "measure": self.measure,
            "benchmarks": self.benchmarks,
            "trends": self.trends,
            "benchmark": self.benchmark,
            "report": self.report,
            "results": self.results,
        }

    def measure(self, request: Request) -> Response:
        """POST /benchmarks: run one and keep it."""
        request.parameters(())
        iterations, workloads = asked_of(request.json_object())
        began_s, begun_s = self._now(), self._clock()
        remaining_s = request.remaining_s()
        end_s = begun_s + (MAX_RUN_S if remaining_s is None else min(MAX_RUN_S, remaining_s - RESERVE_S))
        check_ledger(self._ask)
        data = DataSet(self._ask)
        finish_copy(self._ask, end_s, self._clock)
        lanes = lanes_of(workloads, data)
        is_complete = measure(lanes, iterations, self._ask, end_s, self._clock)
        benchmark = Benchmark(
            id=str(int(began_s * 1000)),
            started_at=utc_text(began_s),
            duration_ms=round((self._clock() - begun_s) * 1000, 3),
            complete=is_complete,
            bookmark=str(data.bookmark),
            last_bookmark=str(max([data.bookmark, *(lane.newest for lane in lanes)])),
            rows=data.bookmark.seq,
            settings={"iterations": iterations, "warm_ups": WARM_UPS, "workloads": workloads},
            environment=runtime_of(self._settings),
            results=[lane.result() for lane in lanes],
        )
        kept = self._store.save(benchmark, Deadline(limit_s=RESERVE_S))
        return json_response(201, kept, {"location": f"/benchmarks/{kept['id']}"})

    def benchmarks(self, request: Request) -> Response:
        """GET /benchmarks: the sessions without their results, newest first."""
        parameters, errors = request.checked_parameters(("limit", "cursor"))
        cursor = parameters.pop("cursor", None)
        if cursor is not None and not is_id(cursor):
            errors.append(field_error("cursor", cursor, "a cursor from `next`"))
        limit = PageQuery(parameters, errors).limit
        found, has_more = self._store.newest(limit, self._now(), Deadline(), cursor)
        sessions = [{name: value for name, value in each.items() if name != "results"} for each in found]
        return json_response(200, {"benchmarks": sessions, "next": found[-1]["id"] if has_more else None})

    def trends(self, request: Request) -> Response:
        """GET /benchmarks/trends: medians and 99th percentiles over the sessions, oldest first."""
        request.parameters(())
        found, _ = self._store.newest(TREND_SESSIONS, self._now(), Deadline())
        return json_response(200, {"trends": trends_of(found)})

    def benchmark(self, request: Request) -> Response:
        """GET /benchmarks/{id}: one session with its results."""
        return json_response(200, self._found(request))

    def report(self, request: Request) -> Response:
        """GET /benchmarks/{id}/report.md: the same to read."""
        return text_response("text/markdown", report_of(self._found(request)))

    def results(self, request: Request) -> Response:
        """GET /benchmarks/{id}/results.csv: the same to compute with."""
        return text_response("text/csv", csv_of(self._found(request)))

    def _found(self, request: Request) -> Benchmark:
        request.parameters(())
        benchmark_id = request.path_parameters["id"]
        found = self._store.get(benchmark_id, self._now(), Deadline())
        if found is None:
            raise Problem("not-found", f"There is no benchmark {benchmark_id[:100]}")
        return found


def asked_of(body: dict[str, object]) -> tuple[int, list[str]]:
    """Return iterations and workloads that the body asks for. Raises Problem (422) that names every wrong member."""
    errors = [
        field_error(name, body[name], "only iterations, workloads")
        for name in body
        if name not in ("iterations", "workloads")
    ]
    iterations = body.get("iterations", DEFAULT_ITERATIONS)
    if isinstance(iterations, bool) or not isinstance(iterations, int) or not 1 <= iterations <= MAX_ITERATIONS:
        errors.append(field_error("iterations", iterations, f"an integer from 1 to {MAX_ITERATIONS}"))
    workloads = body.get("workloads", list(WORKLOADS))
    if not _are_workloads(workloads):
        errors.append(field_error("workloads", workloads, "one or more of " + ", ".join(WORKLOADS) + ", each once"))
    if errors:
        raise invalid("invalid-content", errors)
    return cast("int", iterations), cast("list[str]", workloads)


def _are_workloads(got: object) -> bool:
    if not isinstance(got, list) or not got:
        return False
    names = cast("list[object]", got)
    return all(isinstance(name, str) and name in WORKLOADS for name in names) and len({*names}) == len(names)
