"""The whole product on this machine: emulator, functions and gateway, put together.

Everything it keeps is under one folder: `efs/` (the snapshots, kept from run to run), a file with the table (if that
is to be kept, from a clean stop to the next start), `log.ndjson` (what the functions print), `tmp/` (the sandboxes' own
disks) and `emulator/`, all three made new at every start. Only one stack may use a folder at a time. What has been
started ends with the stack, also when the start itself fails half way.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import socket
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, Self, TextIO

import uvicorn

from console.errors import ConsoleError
from console.local.access.guard import Guard, GuardPlan
from console.local.edge.edge import PAGE, LocalEdge
from console.local.edge.page import PageFiles
from console.local.emulator import Emulator
from console.local.function import Function
from console.local.gateway import App, Gateway, Invoke
from console.local.process import HOST

TABLE_NAME = "lambda-sqlite"
LOG = "log.ndjson"  # in the stack's folder: what the functions print
TIMEOUT_S = 30.0
DRAIN_S = 2.0  # from the beginning of the end: for what the functions are doing
STALL_S = 2.0  # then: for clients to send their requests and to take their answers
WATCH_S = 0.5

Caller = Callable[[Mapping[str, str], Mapping[str, Invoke]], Coroutine[None, None, None]]
Make = Callable[[], Mapping[str, str]]


class Service(Protocol):
    """A process beside the emulator that the functions need: it starts with the object, and ends with `stop`."""

    def wait(self) -> Mapping[str, str]:
        """Return the variables that lead to it, once it is ready. Raises ConsoleError."""
        ...

    def check(self) -> None:
        """Raise ConsoleError if it has ended."""
        ...

    def stop(self) -> None:
        """End it."""
        ...


Serve = Callable[[Path], Service]


class LocalStack:
    """The local stack; an async context manager that serves while it is open.

    Args:
        local_dir: the folder for everything it keeps.
        functions: by name, the handler of each function as `module.attribute`.
        routes: the gateway's explicit route keys, and the function each goes to.
        default: the function that answers everything else.
        prepare: called with the environment before the first request, to make the table.
        resources: called with the environment while the emulator starts. What it returns is called once that answers,
            makes what the functions need beside the table, and returns variables that lead them to it.
        services: each is called with the stack's folder, and starts what the functions need beside the emulator.
        opening: what calls the functions before anybody else does, one after the other; as `callers`, but each ends.
        closing: called with the environment at the end, when the functions are gone and the table is still there.
        settings: more variables for the functions' environment.
        kept: the file in its folder that keeps the table from a clean stop to the next start; None keeps nothing.
        port: where to listen on loopback; 0 takes a free port.
        sandboxes: how many requests each function may work on at the same time.
        timeouts_s: how long each function may take for one event; 30 s where it is not said.
        guard: the routes that an authorizer guards; None leaves all of them open.
        page_dir: the folder of the page at /dashboard/, and the API is under /api/ too; None has neither.
        callers: what calls the functions beside the gateway, each until it is cancelled: it gets the environment and,
            by name, what gives an event to a function.

    Raises:
        ConsoleError: on entering, when the port or the folder is in use or the emulator does not start.
    """

    def __init__(
        self,
        local_dir: Path,
        *,
        functions: Mapping[str, str],
        routes: Mapping[str, str],
        default: str,
        prepare: Callable[[Mapping[str, str]], object],
        settings: Mapping[str, str],
        resources: Callable[[Mapping[str, str]], Make] | None = None,
        services: Sequence[Serve] = (),
        opening: Sequence[Caller] = (),
        closing: Callable[[Mapping[str, str]], object] = lambda _: None,
        kept: str | None = None,
        port: int = 0,
        sandboxes: int = 4,
        timeouts_s: Mapping[str, float] | None = None,
        guard: GuardPlan | None = None,
        page_dir: Path | None = None,
        callers: Sequence[Caller] = (),
    ) -> None:
        self.local_dir = local_dir.resolve()
        self.port = port
        self.environment: Mapping[str, str] = {}
        self._handlers = functions
        self._routes = routes
        self._default = default
        self._prepare = prepare
        self._settings = settings
        self._resources: Callable[[Mapping[str, str]], Make] = resources or (lambda _: dict)
        self._services = services
        self._opening = opening
        self._closing = closing
        self._kept = self.local_dir / kept if kept else None
        self._sandboxes = sandboxes
        self._timeouts_s = timeouts_s or {}
        self._guard = guard
        self._page_dir = page_dir
        self._callers = callers
        self._calling: list[asyncio.Task[None]] = []
        self._functions: dict[str, Function] = {}
        self._checks: list[Callable[[], None]] = []
        self._parts = contextlib.AsyncExitStack()

    @property
    def url(self) -> str:
        """Return the address at which the gateway answers, once it has started."""
        return f"http://{HOST}:{self.port}"

    @property
    def page_url(self) -> str:
        """Return the page's address, likewise; nothing where there is no page."""
        return self.url + PAGE if self._page_dir else ""

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as parts:
            listener = parts.enter_context(listen(self.port))
            parts.enter_context(_claim(self.local_dir))
            self.port = listener.getsockname()[1]
            await self._start_emulator(parts)
            self._start_functions(parts)
            await self._open()
            self._start_callers(parts)
            await parts.enter_async_context(serving(self._app(), listener))
            parts.callback(self._cut_soon)  # the first to be called when the stack ends
            self._parts = parts.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._parts.aclose()

    async def ask(self, event: Mapping[str, object]) -> object:
        """Give an event to the function that answers by default, past the gateway. Raises FunctionFailed."""
        return await self._functions[self._default].invoke(event)

    async def processes(self) -> list[int]:
        """Return the ids of all sandboxes' processes."""
        return [process for function in self._functions.values() for process in function.processes]

    async def recycle(self) -> None:
        """End all sandboxes: each function's next request is a cold start."""
        for function in self._functions.values():
            await function.recycle()

    async def configure(self, changes: Mapping[str, str]) -> None:
        """Change the functions' environment, as a deployment does. What else calls them goes on as it was."""
        self.environment = {**self.environment, **changes}
        for function in self._functions.values():
            await function.configure(changes)

    async def watch(self) -> None:
        """Go on until the emulator or a service ends; then raise ConsoleError: not all is there any more.

        Raises what one of the callers has ended with.
        """
        while True:
            for check in self._checks:
                check()
            for calling in self._calling:
                if calling.done():
                    calling.result()
            await asyncio.sleep(WATCH_S)

    async def _start_emulator(self, parts: contextlib.AsyncExitStack) -> None:
        emulator = Emulator(self.local_dir / "emulator", kept=self._kept)
        self._checks.append(emulator.check)
        parts.push_async_callback(asyncio.to_thread, emulator.stop)
        services = [await self._start_service(serve, parts) for serve in self._services]
        folders = {"EFS_DIR": str(self.local_dir / "efs")}
        environ = {"TABLE_NAME": TABLE_NAME, **folders, **self._settings, **emulator.environment}
        make, _ = await asyncio.gather(asyncio.to_thread(self._resources, environ), asyncio.to_thread(emulator.wait))
        made, _ = await asyncio.gather(asyncio.to_thread(make), asyncio.to_thread(self._prepare, environ))
        led = [await asyncio.to_thread(service.wait) for service in services]
        self.environment = {**environ, **made, **{name: value for each in led for name, value in each.items()}}
        parts.push_async_callback(asyncio.to_thread, self._closing, self.environment)

    async def _start_service(self, serve: Serve, parts: contextlib.AsyncExitStack) -> Service:
        service = await asyncio.to_thread(serve, self.local_dir)
        parts.push_async_callback(asyncio.to_thread, service.stop)
        self._checks.append(service.check)
        return service

    def _start_functions(self, parts: contextlib.AsyncExitStack) -> None:
        log = parts.enter_context((self.local_dir / LOG).open("a"))  # lines of several processes do not mix
        log.truncate(0)
        for name, handler in self._handlers.items():
            self._functions[name] = function = Function(
                name,
                handler,
                self.environment,
                self.local_dir / "tmp",
                printed=log.fileno(),
                sandboxes=self._sandboxes,
                timeout_s=self._timeouts_s.get(name, TIMEOUT_S),
            )
            parts.push_async_callback(function.close)

    def _app(self) -> App:
        invokes = self._invokes()
        guards: dict[str, Guard] = {}
        if self._guard:
            guards = dict.fromkeys(self._guard.routes, Guard(invokes[self._guard.function], self._guard.sources))
        gateway = Gateway(invokes, self._routes, self._default, guards)
        return LocalEdge(gateway, PageFiles(self._page_dir)) if self._page_dir else gateway

    def _invokes(self) -> dict[str, Invoke]:
        return {name: function.invoke for name, function in self._functions.items()}

    def _cut_soon(self) -> None:
        """Let what the functions are still doing fail when `DRAIN_S` have passed, so that nobody waits for it."""
        for function in self._functions.values():
            asyncio.get_running_loop().call_later(DRAIN_S, function.cut)

    async def _open(self) -> None:
        for opening in self._opening:
            await opening(self.environment, self._invokes())

    def _start_callers(self, parts: contextlib.AsyncExitStack) -> None:
        for caller in self._callers:
            self._calling.append(asyncio.create_task(caller(self.environment, self._invokes())))
            parts.push_async_callback(_end, self._calling[-1])


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


@contextlib.asynccontextmanager
async def serving(app: App, listener: socket.socket, *, is_logged: bool = True) -> AsyncGenerator[None]:
    """Let an app answer where a listener listens; when that ends, it still answers what it was asked before.

    Args:
        is_logged: whether each request is.
    """
    server = _Server(app, is_logged=is_logged)
    answering = asyncio.create_task(server.serve([listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait([answering], timeout=DRAIN_S + STALL_S)
        server.hang_up()
        await answering


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: what a signal does is for the stack's owner to say."""

    def __init__(self, app: App, *, is_logged: bool) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=is_logged,
                server_header=False,
                proxy_headers=False,
            )
        )

    def hang_up(self) -> None:
        """Leave the clients that are still there, those that neither send nor take anything."""
        for connection in self.server_state.connections:
            connection.transport.abort()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def listen(port: int) -> socket.socket:
    """Open a listener on loopback whose connections send at once. Raises ConsoleError where the port is taken."""
    try:
        listener = socket.create_server((HOST, port))
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        hint = "stop what listens there, or choose another port with --port"
        raise ConsoleError(f"cannot listen on {HOST}:{port}: {reason}", hint) from None
    # Connections inherit this. Without it each answer waits 40 ms for a delayed acknowledgement: asyncio leaves
    # connections of a listener that it has not opened itself as they are.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _claim(local_dir: Path) -> TextIO:
    """Make the folder, with new `tmp/` and `emulator/`; it stays locked until the returned file is closed."""
    hint = "choose another folder with --local-dir"
    try:
        (local_dir / "efs").mkdir(parents=True, exist_ok=True)
        lock = (local_dir / "lock").open("w")
    except OSError as error:
        raise ConsoleError(f"cannot use {local_dir}: {error.strerror}", hint) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise ConsoleError(f"{local_dir} is in use by another local stack", f"stop that one, or {hint}") from None
    for name in ("tmp", "emulator"):
        shutil.rmtree(local_dir / name, ignore_errors=True)
        (local_dir / name).mkdir()
    return lock
