"""The API's description, OpenAPI 3.1, made from the tables that the code itself goes by.

Served at GET /openapi.json; docs/openapi.yaml is the same as text (`make docs`). HEAD stands wherever GET does and is
not described apart.
"""

from __future__ import annotations

from handlers.gateway.body import MAX_BODY_BYTES
from handlers.openapi.access import (
    ACCESS_CONTENTS,
    ACCESS_OPERATIONS,
    CODE_EXAMPLES,
    access_schemas,
    security_of,
    security_schemes,
)
from handlers.openapi.jobs import ORDER_EXAMPLES, job_schemas
from handlers.openapi.measurements import benchmark_schemas, consumed
from handlers.openapi.parameters import headers, parameters
from handlers.openapi.problems import header_refs, problems
from handlers.openapi.schemas import DRAFT_EXAMPLE, Schema, ref, schemas
from handlers.openapi.sql import STATEMENT_EXAMPLES, sql_schemas
from handlers.openapi.status import status_schemas
from handlers.reads.page import PAGE_PARAMETERS, POINT_PARAMETERS
from handlers.routes import RELATIONAL, ROUTES
from handlers.telemetry.runtime import VERSION

ABOUT = (
    "A read-heavy data set with several read paths. The same query at the same bookmark gives the same `data` on each "
    "of them, to the byte; `/rows` is the one that the stack's settings name. HEAD answers as GET does, without the "
    "body. A parameter that is unknown, repeated or blank is an error; a body may have "
    f"{MAX_BODY_BYTES} bytes. Errors are problem+json (RFC 9457). The gateway in front has answers of its own where it "
    "authorises or throttles (401, 403, 429)."
)
FOR_A_READ = ("Min-Bookmark", "If-None-Match")
FOR_AN_INSERT = ("Idempotency-Key", "Prefer")
OF_A_READ = ("Snapshot-Bookmark", "ETag", "Server-Timing", "Consumed", "Cache-Control", "Snapshot-Lag")
OF_A_WRITE = ("Snapshot-Bookmark", "Server-Timing", "Cache-Control")
OF_A_PAGE = ("Content-Security-Policy", "X-Content-Type-Options")
ALWAYS = (400, 405, 500)
BODY_PROBLEMS = (413, 415, 422)

# operation: (summary, parameters, name of the body's schema, problems)
OPERATIONS: dict[str, tuple[str, tuple[str, ...], str, tuple[int, ...]]] = {
    "insert": ("Append rows and publish a snapshot with them", FOR_AN_INSERT, "Insertion", (409, *BODY_PROBLEMS, 503)),
    "publish": ("Publish the ledger as it is now", ("Prefer",), "Publication", (409, *BODY_PROBLEMS, 503)),
    "import": (
        "Import a file: a job, and the address to put the file at",
        (),
        "ImportOrder",
        (403, *BODY_PROBLEMS, 503),
    ),
    "cancel": ("Cancel a job; what is appended stays", ("job-id",), "", (404, 409, 503)),
    "redrive": ("Let a job that failed, or was cancelled, go on", ("job-id",), "", (404, 409, *BODY_PROBLEMS, 503)),
    "jobs": ("The jobs of the last 30 days, newest first", ("state", "limit", "cursor"), "", (503,)),
    "job": ("One job, with the rows that were refused", ("job-id",), "", (404, 503)),
    "snapshots": ("The published snapshots, newest first", (), "", (503,)),
    "page": ("Rows by page", (*PAGE_PARAMETERS, *FOR_A_READ), "", (409, 503)),
    "row": ("One row", ("id", *POINT_PARAMETERS, *FOR_A_READ), "", (404, 409, 503)),
    "stats": ("Statistics of all rows", (*POINT_PARAMETERS, *FOR_A_READ), "", (409, 503)),
    "sql": (
        "Run one read-only SQL statement",
        ("as_of", "Min-Bookmark"),
        "Statement",
        (403, 409, *BODY_PROBLEMS, 503),
    ),
    "health": ("Health, build and newest known bookmark", (), "", (503,)),
    "index": ("Links to all there is", (), "", ()),
    "openapi": ("This API in OpenAPI 3.1", (), "", ()),
    "measure": ("Run a benchmark inside the function", (), "BenchmarkOrder", (409, *BODY_PROBLEMS, 503)),
    "benchmarks": ("The benchmarks of the last 90 days, newest first", ("limit", "cursor"), "", (503,)),
    "trends": ("Latencies from benchmark to benchmark, oldest first", (), "", (503,)),
    "benchmark": ("One benchmark", ("benchmark-id",), "", (404, 503)),
    "report": ("One benchmark as Markdown", ("benchmark-id",), "", (404, 503)),
    "results": ("One benchmark's results as CSV", ("benchmark-id",), "", (404, 503)),
    **ACCESS_OPERATIONS,
}
CONTENTS = {
    "snapshots": "Snapshots",
    "health": "Health",
    "benchmarks": "Benchmarks",
    "trends": "Trends",
    "benchmark": "Benchmark",
    "openapi": "Description",
    "sql": "ResultSet",
    "jobs": "Jobs",
    "job": "OneJob",
    "cancel": "OneJob",
    **ACCESS_CONTENTS,
}
# operation: status, what it says, the answer's schema. They name a place to look at.
ACCEPTED = {
    "measure": ("201", "It was run and is kept for 90 days", "Benchmark"),
    "import": ("201", "The job waits for its file", "Accepted"),
    "redrive": ("202", "The job waits for its turn", "OneJob"),
    "make-code": ("201", "The code can be exchanged", "MadeAccessCode"),
    "enter": ("201", "The session has begun", "Entrance"),
}
MORE_HEADERS = {
    "health": ("Snapshot-Lag",),
    "sql": ("Snapshot-Bookmark", "Server-Timing", "Consumed"),
    "enter": ("Set-Cookie",),
    "leave": ("Set-Cookie", "Clear-Site-Data"),
}
TEXTS = {"report": "text/markdown", "results": "text/csv"}
BODY_EXAMPLES: dict[str, dict[str, object]] = {
    "Insertion": {
        "one row": DRAFT_EXAMPLE,
        "several rows": {"items": [DRAFT_EXAMPLE, DRAFT_EXAMPLE]},
        "so many random rows": {"count": 10},
        "one random row": {},
    },
    "BenchmarkOrder": {"all of it": {}, "a short one": {"iterations": 5, "workloads": ["by-id", "stats"]}},
    "Statement": STATEMENT_EXAMPLES,
    "ImportOrder": ORDER_EXAMPLES,
    **CODE_EXAMPLES,
    "Publication": {
        "what is new": {},
        "all of it anew": {"full": True},
        "as the newest history": {"new_epoch": True},
    },
}


def description(*, has_postgres: bool = True) -> dict[str, object]:
    """Return the whole description, or without the routes of PostgreSQL."""
    paths: dict[str, dict[str, object]] = {}
    for verb, path, function, name in ROUTES:
        if function == RELATIONAL and not has_postgres:
            continue
        paths.setdefault(path, {})[verb.lower()] = _operation(verb, path, function, name)
    return {
        "openapi": "3.1.0",
        "info": {"title": "lambda-sqlite", "version": VERSION, "description": ABOUT, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": "."}],  # where the description is: behind an edge below /api/
        "paths": paths,
        "components": {
            "schemas": {name: {"title": name} | schema for name, schema in _schemas().items()},
            "parameters": parameters(),
            "headers": headers(),
            "responses": problems(),
            "securitySchemes": security_schemes(),
        },
    }


def _schemas() -> dict[str, Schema]:
    own = {**schemas(), **sql_schemas(), **status_schemas(), "Consumed": consumed()}
    return {**own, **benchmark_schemas(), **job_schemas(), **access_schemas()}


def _operation(verb: str, path: str, function: str, name: str) -> Schema:
    summary, names, body, problems = OPERATIONS[name]
    if path.startswith("/sqlite-tmp") and verb == "GET":
        names, problems = (*names, "refresh"), (*problems, 429)
    if function == RELATIONAL:
        problems = (*problems, 404)  # where there is no PostgreSQL
    operation: Schema = {
        "operationId": _operation_id(verb, path, name),
        "summary": summary,
        "tags": [function],
        "security": security_of(function, name),
        "parameters": [ref(parameter, "parameters") for parameter in names],
        "responses": _successes(name)
        | {str(status): ref(f"Problem{status}", "responses") for status in sorted({*ALWAYS, *problems})},
    }
    if body:
        examples = {title.replace(" ", "-"): {"value": value} for title, value in BODY_EXAMPLES[body].items()}
        operation["requestBody"] = {"content": {"application/json": {"schema": ref(body), "examples": examples}}}
    return operation


def _operation_id(verb: str, path: str, name: str) -> str:
    parts = path.strip("/").replace("{", "").replace("}", "") or name
    return "-".join([verb.lower(), *parts.split("/")])


def _successes(name: str) -> dict[str, object]:
    if name == "insert":
        replayed = (*OF_A_WRITE, "Idempotent-Replayed")
        return {
            "201": _response("The rows are in the ledger", _json("Inserted"), (*replayed, "Snapshot-Lag")),
            "202": _response("The same, without a snapshot", _json("Inserted"), (*replayed, "Preference-Applied")),
        }
    if name == "publish":
        published = (*OF_A_WRITE, "Snapshot-Lag")
        return {
            "200": _response("There was nothing to do", _json("Published"), published),
            "201": _response("The snapshot is published", _json("Published"), published),
            "202": _response(
                "With `full` and `respond-async`, where there are jobs: the rebuild's",
                _json("OneJob"),
                ("Location", "Preference-Applied", "Cache-Control"),
            ),
        }
    if name in ("page", "row", "stats"):
        content = _json({"page": "Page", "row": "OneRow", "stats": "Stats"}[name])
        return {
            "200": _response("Read at the bookmark that it names", content, OF_A_READ),
            "304": _response("The client has this already", {}, OF_A_READ),
        }
    if name in ACCEPTED:
        status, text, content = ACCEPTED[name]
        names = ("Location", "Cache-Control", *MORE_HEADERS.get(name, ()))
        return {status: _response(text, _json(content), names)}
    if name == "index":
        content = _json("Index") | _text("text/html")
        return {"200": _response("A page where that is preferred to JSON", content, ("Cache-Control", *OF_A_PAGE))}
    content = _text(TEXTS[name]) if name in TEXTS else _json(CONTENTS[name])
    return {"200": _response("As it is now", content, ("Cache-Control", *MORE_HEADERS.get(name, ())))}


def _json(name: str) -> Schema:
    return {"application/json": {"schema": ref(name)}}


def _text(media_type: str) -> Schema:
    return {f"{media_type}; charset=utf-8": {"schema": {"type": "string"}}}


def _response(text: str, content: Schema, names: tuple[str, ...]) -> Schema:
    response: Schema = {"description": text, "headers": header_refs(names)}
    return response | {"content": content} if content else response
