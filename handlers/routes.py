"""The API's routes: the one table from which the router, the gateway and the OpenAPI description are made."""

from __future__ import annotations

COMMAND = "command"
QUERY = "query"
PROJECTOR = "projector"  # has no route: the table's stream and the clock call it
WARMER = "warmer"  # has no route: the clock calls it
WORKER = "worker"  # has no route: queues, the table's stream and the clock call it
SESSIONS = "sessions"  # makes access codes and sessions; there where reads need a session
AUTHORIZER = "authorizer"  # has no route: the gateway asks it who may come in
RELATIONAL = "relational"  # reads PostgreSQL, and feeds it; there where that home is
MIGRATOR = "migrator"  # has no route: a deployment and the console call it, to set the database up
FUNCTIONS = (COMMAND, QUERY, PROJECTOR, WARMER, WORKER, SESSIONS, AUTHORIZER, RELATIONAL, MIGRATOR)

MAX_INSERT_ROWS = 1000
MAX_KEY_CHARACTERS = 255  # of an Idempotency-Key
SOURCES = ("sqlite-efs", "sqlite-tmp", "ddb")
SQL_SOURCES = SOURCES[:2]  # those on which a statement can be run
POSTGRES = "postgres"  # the home that is there where the settings ask for it
HOMES = (*SOURCES, POSTGRES)
ROWS = "rows"  # the data routes that answer from whichever home a setting names

# (method, path template, function that answers, operation). HEAD goes wherever GET goes.
ROUTES: tuple[tuple[str, str, str, str], ...] = (
    ("POST", "/insert", COMMAND, "insert"),
    ("POST", "/snapshots", COMMAND, "publish"),
    ("POST", "/imports", COMMAND, "import"),
    ("POST", "/jobs/{id}/redrive", COMMAND, "redrive"),
    ("DELETE", "/jobs/{id}", COMMAND, "cancel"),
    ("GET", "/command/health", COMMAND, "health"),
    ("GET", "/snapshots", QUERY, "snapshots"),
    *(("GET", f"/{source}", QUERY, "page") for source in SOURCES),
    *(("GET", f"/{source}/stats", QUERY, "stats") for source in SOURCES),
    *(("GET", f"/{source}/{{id}}", QUERY, "row") for source in SOURCES),
    *(("POST", f"/{source}/sql", QUERY, "sql") for source in SQL_SOURCES),
    ("GET", f"/{POSTGRES}", RELATIONAL, "page"),
    ("GET", f"/{POSTGRES}/stats", RELATIONAL, "stats"),
    ("GET", f"/{POSTGRES}/{{id}}", RELATIONAL, "row"),
    ("GET", f"/{ROWS}", QUERY, "page"),
    ("GET", f"/{ROWS}/stats", QUERY, "stats"),
    ("GET", f"/{ROWS}/{{id}}", QUERY, "row"),
    ("GET", "/relational/health", RELATIONAL, "health"),
    ("GET", "/health", QUERY, "health"),
    ("GET", "/query/health", QUERY, "health"),
    ("GET", "/", QUERY, "index"),
    ("GET", "/openapi.json", QUERY, "openapi"),
    ("POST", "/benchmarks", QUERY, "measure"),
    ("GET", "/benchmarks", QUERY, "benchmarks"),
    ("GET", "/benchmarks/trends", QUERY, "trends"),
    ("GET", "/benchmarks/{id}", QUERY, "benchmark"),
    ("GET", "/benchmarks/{id}/report.md", QUERY, "report"),
    ("GET", "/benchmarks/{id}/results.csv", QUERY, "results"),
    ("GET", "/jobs", QUERY, "jobs"),
    ("GET", "/jobs/{id}", QUERY, "job"),
    ("POST", "/access/codes", SESSIONS, "make-code"),
    ("GET", "/access/codes", SESSIONS, "codes"),
    ("DELETE", "/access/codes/{id}", SESSIONS, "disable-code"),
    ("GET", "/access/sessions", SESSIONS, "sessions"),
    ("DELETE", "/access/sessions/{id}", SESSIONS, "end-session"),
    ("POST", "/sessions", SESSIONS, "enter"),
    ("GET", "/sessions/current", SESSIONS, "show-session"),
    ("DELETE", "/sessions/current", SESSIONS, "leave"),
)
ALL_METHODS = ("DELETE", "GET", "HEAD", "POST")
# What pages of other origins may send and read, beside what browsers always let them.
REQUEST_HEADERS = ("authorization", "content-type", "idempotency-key", "if-none-match", "min-bookmark", "prefer")
RESPONSE_HEADERS = (
    *("consumed", "etag", "idempotent-replayed", "location"),
    *("retry-after", "server-timing", "snapshot-bookmark", "snapshot-lag"),
)
IMPORT_OPERATIONS = ("import", "cancel", "redrive")
JOB_OPERATIONS = ("jobs", "job")
SESSION_OPERATIONS = ("make-code", "codes", "disable-code", "sessions", "end-session", "enter", "show-session", "leave")
OPEN_OPERATIONS = ("enter", "show-session", "leave")  # a visitor's: they look at the code or the session themselves
BENCHMARK_OPERATIONS = ("measure", "benchmarks", "trends", "benchmark", "report", "results")


def gateway_routes(
    *, has_sessions: bool = False, has_postgres: bool = False, provider: str = SOURCES[0]
) -> dict[str, str]:
    """Return the gateway's explicit routes ("POST /insert") with the function each goes to.

    They are all that the command function answers, and every POST, because explicit routes are authorised as writes;
    where reads need a session, all that the sessions function answers; and where there is PostgreSQL, all that the
    relational function answers, which are reads (`READ_ROUTES`).
    `$default` goes to the query function, which so answers every other path and method, and says 404 and 405 in the
    API's own words.

    Args:
        provider: the home that answers `/rows`, one of `HOMES`.
    """
    present = {SESSIONS: has_sessions, RELATIONAL: has_postgres}
    return {
        f"{method} {path}": function
        for verb, path, owner, _ in ROUTES
        for function in (answerer(path, owner, provider),)
        if present.get(function, function == COMMAND or verb == "POST")
        for method in methods(verb)
    }


def answerer(path: str, owner: str, provider: str) -> str:
    """Return the function that answers a path of the table: `/rows` is answered where its home is read."""
    is_rows = path == f"/{ROWS}" or path.startswith(f"/{ROWS}/")
    return RELATIONAL if is_rows and provider == POSTGRES else owner


def routes_of(*operations: str) -> set[str]:
    """Return the gateway's route keys ("POST /insert") of these operations."""
    return {f"{method} {path}" for verb, path, _, name in ROUTES if name in operations for method in methods(verb)}


def methods(verb: str) -> tuple[str, ...]:
    """Return the HTTP methods that a route with this verb answers."""
    return ("GET", "HEAD") if verb == "GET" else (verb,)


READ_ROUTES = frozenset(
    f"{method} {path}"
    for verb, path, function, _ in ROUTES
    if function == RELATIONAL or path.split("/")[1] == ROWS
    for method in methods(verb)
)  # explicit routes that are reads all the same
SQL_ROUTES = frozenset(routes_of("sql"))
OPEN_ROUTES = frozenset(routes_of(*OPEN_OPERATIONS))
PREFLIGHT = "OPTIONS /{proxy+}"  # the gateway's own: what browsers ask before they ask, without any credentials
