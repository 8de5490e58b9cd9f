"""This project on the local stack: its functions, routes and table, and a stack in the foreground."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import shlex
import signal
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

from console.data.ledger import make_ledger, open_store
from console.errors import ConsoleError
from console.local import payload
from console.local.access.sessions import SessionStore, readers
from console.local.account.callers import call_worker
from console.local.account.stores import Stores
from console.local.function import FunctionFailed
from console.local.gateway import Invoke
from console.local.schedule import every
from console.local.stack import Caller, LocalStack, Make, Serve
from console.local.stream import follow
from console.paths import ENVIRONMENT_FILE, PAGE_DIR, URL_FILE
from console.wording import rows as counted
from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import Bookmark
from handlers.gateway.request import event_of_get
from handlers.routes import AUTHORIZER, COMMAND, PROJECTOR, QUERY, RELATIONAL, SESSIONS, SOURCES, WORKER, gateway_routes
from handlers.rows import MODEL
from handlers.settings import OPEN, SESSION, SYNC

HEALTH = "/query/health"
PROJECTOR_TIMEOUT_S = 300.0
RELATIONAL_TIMEOUT_S = 300.0
WORKER_TIMEOUT_S = 60.0
MAINTENANCE_S = 3600.0
KEPT_ASKED_S = 4.0  # one attempt, however slow, or some
# A ledger holds rows of the same columns, or of those that they replace.
KEPT = f"table-{(MODEL.replaces or MODEL).rows_version}.json"

Tell = Callable[[str], object]


@dataclass(frozen=True)
class Addition:
    """The additions of one more home to the stack; arguments as for `LocalStack`."""

    services: Sequence[Serve] = ()
    opening: Sequence[Caller] = ()
    callers: Sequence[Caller] = ()


def project_stack(
    local_dir: Path,
    *,
    port: int = 0,
    sandboxes: int = 4,
    check_interval_ms: int = 1000,
    projection: str = SYNC,
    log_percent: int = 5,
    keeps: bool = False,
    has_worker: bool = False,
    has_page: bool = False,
    read_auth: str = OPEN,
    has_postgres: bool = False,
    provider: str = SOURCES[0],
    tell: Tell = lambda _: None,
) -> LocalStack:
    """Return the local stack with this project's functions, routes and table; arguments as for `LocalStack`.

    Args:
        projection: who publishes, one of `PROJECTIONS`; with `SYNC` there is no projector, and no maintenance.
        log_percent: of the requests that succeed have a line in the folder's log.
        has_worker: whether there are jobs, a data lake and notifications; not with `SYNC`.
        has_page: whether the page is at /dashboard/, and the API under /api/ too.
        read_auth: who may read, `OPEN` or `SESSION`; with that there are access codes, and nobody reads without one.
        has_postgres: whether there is PostgreSQL as one more home; needs the packages of `make install-postgres`.
        provider: the home that answers /rows, one of `HOMES`; `POSTGRES` where there is PostgreSQL.
        tell: gets a line on the ledger that was found there, or made, one on what PostgreSQL has of it, and one on what
            is kept.
    """
    has_sessions = read_auth == SESSION
    access = (SESSIONS, AUTHORIZER) if has_sessions else ()
    postgres = _postgres(tell) if has_postgres else Addition()
    functions = (
        *(COMMAND, QUERY, PROJECTOR),
        *((WORKER,) if has_worker else ()),
        *((RELATIONAL,) if has_postgres else ()),
        *access,
    )
    resources = (*((Stores,) if has_worker else ()), *((SessionStore,) if has_sessions else ()))
    projector = () if projection == SYNC else (_follow_stream, _maintain)
    routes = gateway_routes(has_sessions=has_sessions, has_postgres=has_postgres, provider=provider)
    return LocalStack(
        local_dir,
        functions={name: f"handlers.{name}.handler" for name in functions},
        routes=routes,
        default=QUERY,
        prepare=partial(_prepare, tell, _was_killed(local_dir / KEPT)),
        settings={
            "CHECK_INTERVAL_MS": str(check_interval_ms),
            "PROJECTION": projection,
            "DB_PROVIDER": provider,
            "REQUEST_LOG_PERCENT": str(log_percent),
        },
        resources=partial(_with_clients, resources),
        services=postgres.services,
        opening=postgres.opening,
        closing=partial(_tell_kept, tell) if keeps else lambda _: None,
        kept=KEPT if keeps else None,
        port=port,
        sandboxes=sandboxes,
        timeouts_s={PROJECTOR: PROJECTOR_TIMEOUT_S, RELATIONAL: RELATIONAL_TIMEOUT_S, WORKER: WORKER_TIMEOUT_S},
        guard=readers(routes) if has_sessions else None,
        page_dir=PAGE_DIR if has_page else None,
        callers=(*projector, *((call_worker,) if has_worker else ()), *postgres.callers),
    )


def _postgres(tell: Tell) -> Addition:
    from console.local.database.relational import LocalDatabase, SetUp, feed, maintain  # noqa: PLC0415 - with psycopg

    return Addition((LocalDatabase,), (SetUp(tell),), (feed, maintain))


def _with_clients(resources: Sequence[type[Stores] | type[SessionStore]], environ: Mapping[str, str]) -> Make:
    """Return what makes all resources, with the clients for it made already."""
    stores = [each(environ) for each in resources]
    return lambda: {name: value for store in stores for name, value in store.make().items()}


async def _follow_stream(environ: Mapping[str, str], invokes: Mapping[str, Invoke]) -> None:
    await follow(environ, invokes[PROJECTOR])


async def _maintain(_: Mapping[str, str], invokes: Mapping[str, Invoke]) -> None:
    await every(MAINTENANCE_S, invokes[PROJECTOR], {"task": "maintain"})


def _was_killed(kept: Path) -> bool:
    """Tell whether the last run came to its end without keeping its table."""
    return kept.exists() and not kept.stat().st_size


def _prepare(tell: Tell, was_killed: bool, environ: Mapping[str, str]) -> None:
    """Make the ledger where there is none, and tell what is there now."""
    made = make_ledger(environ)
    if not made["is_new"]:
        rows = Bookmark.parse(str(made["bookmark"])).seq
        tell(f"{counted(rows)} of the last run")
    elif was_killed:
        tell("a new, empty ledger: the last run was killed, and its rows are gone")
    else:
        tell("a new, empty ledger")


def _tell_kept(tell: Tell, environ: Mapping[str, str]) -> None:
    """Tell how many rows are kept: to save a million takes half a minute."""
    try:
        with open_store(environ) as store:
            head = store.ledger.any_head(Deadline(limit_s=KEPT_ASKED_S))
    except ConsoleError:  # the emulator may have ended: the stack's own error tells of that
        tell("stopping")
        return
    tell(f"stopping: keeps {counted(head.seq if head else 0)}")


def run(stack: LocalStack, note: str = "") -> None:
    """Run a stack until SIGINT, SIGTERM or the end of its terminal, and stop all it started.

    Once it is ready, standard output says so, and where its page is; files in its folder hold its address, and what
    leads to its table.

    Args:
        note: a line on standard error, once it is ready.

    Raises:
        ConsoleError: the stack cannot start, or its health route does not answer 200.
    """
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_run(stack, note))


async def _run(stack: LocalStack, note: str) -> None:
    stop = cast("asyncio.Task[None]", asyncio.current_task()).cancel
    hang_up = () if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else (signal.SIGHUP,)  # nohup wants it to stay
    for number in (signal.SIGINT, signal.SIGTERM, *hang_up):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    async with stack:
        await _check_health(stack)
        with _announced(stack, note):
            await stack.watch()


@contextlib.contextmanager
def _announced(stack: LocalStack, note: str) -> Generator[None]:
    """Say where the stack answers, here and to whoever looks into its folder."""
    variables = (f"export {name}={shlex.quote(value)}\n" for name, value in stack.environment.items())
    texts = {ENVIRONMENT_FILE: "".join(variables), URL_FILE: f"{stack.url}\n"}
    for name, text in texts.items():
        (stack.local_dir / name).write_text(text)
    if note:
        print(note, file=sys.stderr)
    print(f"ready {stack.url}", *([f"page {stack.page_url}"] if stack.page_url else []), sep="\n", flush=True)
    try:
        yield
    finally:
        for name in texts:
            (stack.local_dir / name).unlink(missing_ok=True)


async def _check_health(stack: LocalStack) -> None:
    """Ask the function that answers by default, past the gateway: that may let nobody in without a session."""
    try:
        answer = payload.response(await stack.ask(event_of_get(HEALTH)))
    except FunctionFailed as error:
        raise ConsoleError(f"GET {HEALTH} failed: {error}", "read the function's log above") from error
    if answer.status != http.client.OK:
        raise ConsoleError(f"GET {HEALTH} was answered with {answer.status}", "read the function's log above")
