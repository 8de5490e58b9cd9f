"""One function with its sandboxes, as Lambda runs them.

A sandbox works on one request at a time and has a TMP_DIR of its own. A request takes the idle sandbox that
was used last, else starts a new one, else waits for its turn when all allowed ones are busy. A sandbox that
dies or runs out of time takes its own request with it and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
import tempfile
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from console.local import process
from console.local.sandbox import LENGTH

MAX_PAYLOAD_BYTES = 6_291_556  # Lambda's own limit for an event and for an answer
STANDARD_ERROR = 2
_RECEIVE_BYTES = 1 << 20


class FunctionFailed(Exception):  # noqa: N818 - what happened, in Lambda's words
    """The handler raised, or its sandbox ended before it answered."""


class FunctionTimedOut(FunctionFailed):
    """The handler did not answer in time; its sandbox is gone."""


class PayloadTooLarge(FunctionFailed):
    """The event is larger than Lambda accepts."""


class _Answer(TypedDict, total=False):
    result: object
    error: dict[str, object]


class Function:
    """A pool of sandboxes for one handler.

    Args:
        name: the function's name, as its handler sees it.
        handler: `module.attribute` of the handler.
        environ: the function's environment; TMP_DIR is added for each sandbox.
        folder: where the sandboxes' own TMP_DIRs are made.
        printed: the file descriptor for what the handler prints; its standard error is this process's.
        sandboxes: how many requests may run at the same time.
        timeout_s: how long one request may take.
    """

    def __init__(
        self,
        name: str,
        handler: str,
        environ: Mapping[str, str],
        folder: Path,
        *,
        printed: int = STANDARD_ERROR,
        sandboxes: int = 4,
        timeout_s: float = 30.0,
    ) -> None:
        self._handler = handler
        self._environ = {**_lambda_environ(name), **environ}
        self._folder = folder
        self._prefix = f"{name}-"
        self._printed = printed
        self._sandboxes = sandboxes
        self._timeout_s = timeout_s
        self._slots = asyncio.Semaphore(sandboxes)
        self._idle: list[_Sandbox] = []
        self._busy: set[_Sandbox] = set()
        self._closed = False

    async def invoke(self, event: Mapping[str, object]) -> object:
        """Give one event to the handler and return what it answers.

        Raises:
            FunctionFailed: the handler raised, its sandbox died, or its answer is too large.
            FunctionTimedOut: no answer within `timeout_s`, counted from when a sandbox took the event.
            PayloadTooLarge: the event is over MAX_PAYLOAD_BYTES.
        """
        if len(json.dumps(event, ensure_ascii=False).encode()) > MAX_PAYLOAD_BYTES:
            raise PayloadTooLarge(f"the event is over {MAX_PAYLOAD_BYTES} bytes")
        async with self._slots:
            return _result(await self._ask(event))

    @property
    def processes(self) -> list[int]:
        """Return the ids of the sandboxes' processes."""
        return [sandbox.process_id for sandbox in (*self._idle, *self._busy)]

    async def recycle(self) -> None:
        """End the sandboxes, busy ones after their request: whatever comes next is a cold start."""
        # A busy sandbox goes back to the list it was taken from; when that is not the pool's any more, it ends.
        idle, self._idle = self._idle, []
        await asyncio.gather(*(sandbox.end() for sandbox in idle))

    async def configure(self, changes: Mapping[str, str]) -> None:
        """Change the function's environment; whatever comes next is a cold start that has it."""
        self._environ |= changes
        await self.recycle()

    async def close(self) -> None:
        """End all sandboxes, busy ones too; requests under way, waiting and to come fail."""
        self.cut()
        await self.recycle()
        async with contextlib.AsyncExitStack() as all_slots:
            for _ in range(self._sandboxes):
                await all_slots.enter_async_context(self._slots)

    def cut(self) -> None:
        """Let requests under way, waiting and to come fail at once."""
        self._closed = True
        for sandbox in self._busy:
            sandbox.kill()

    async def _ask(self, event: Mapping[str, object]) -> bytes:
        idle = self._idle
        sandbox = await self._take()
        self._busy.add(sandbox)
        reusable = False
        try:
            answer = await self._call(sandbox, event)
            reusable = idle is self._idle
            return answer
        finally:
            self._busy.discard(sandbox)
            if reusable:
                idle.append(sandbox)
            else:
                await sandbox.end()

    async def _take(self) -> _Sandbox:
        if self._closed:
            raise FunctionFailed("the function is closed")
        while self._idle:
            sandbox = self._idle.pop()
            if sandbox.alive:
                return sandbox
            await sandbox.end()
        folder = Path(tempfile.mkdtemp(prefix=self._prefix, dir=self._folder))
        return _Sandbox(self._handler, self._environ, folder, self._printed)

    async def _call(self, sandbox: _Sandbox, event: Mapping[str, object]) -> bytes:
        deadline_ms = int((time.time() + self._timeout_s) * 1000)
        request = {"event": event, "request_id": str(uuid.uuid4()), "deadline_ms": deadline_ms}
        try:
            async with asyncio.timeout(self._timeout_s):
                return await sandbox.call(json.dumps(request).encode())
        except TimeoutError:
            sandbox.kill()
            raise FunctionTimedOut(f"Task timed out after {self._timeout_s:.2f} seconds") from None
        except ConnectionError:
            raise FunctionFailed("Runtime.ExitError: the sandbox ended before it answered") from None


class _Sandbox:
    """This side of one sandbox process and its socket."""

    def __init__(self, handler: str, environ: Mapping[str, str], folder: Path, printed: int) -> None:
        self._folder = folder
        self._channel, theirs = socket.socketpair()
        self._channel.setblocking(False)
        with theirs:
            tmp = {"TMP_DIR": str(folder), "TMPDIR": str(folder)}
            self._process = process.spawn(
                "console.local.sandbox",
                handler,
                environ={**environ, **tmp},
                stdin=theirs.fileno(),
                output=printed,
                errors=STANDARD_ERROR,
            )

    @property
    def process_id(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    async def call(self, request: bytes) -> bytes:
        """Send one request, return its answer; ConnectionError when the process ends meanwhile."""
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self._channel, LENGTH.pack(len(request)) + request)
        (length,) = LENGTH.unpack(await self._receive(LENGTH.size))
        return await self._receive(length)

    async def _receive(self, size: int) -> bytes:
        loop = asyncio.get_running_loop()
        received = bytearray()
        while len(received) < size:
            chunk = await loop.sock_recv(self._channel, min(size - len(received), _RECEIVE_BYTES))
            if not chunk:
                raise ConnectionResetError
            received += chunk
        return bytes(received)

    def kill(self) -> None:
        """End the process at once; a call under way then raises ConnectionError."""
        self._process.kill()

    async def end(self) -> None:
        """End the process and remove its folder."""
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        with self._channel:
            process.end(self._process)
        shutil.rmtree(self._folder, ignore_errors=True)


def _lambda_environ(name: str) -> dict[str, str]:
    """Return what Lambda itself puts into a function's environment, without a memory size: nothing limits it here."""
    return {
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "TZ": ":UTC",
    }


def _result(answer: bytes) -> object:
    content: _Answer = json.loads(answer)
    if "error" in content:
        raise FunctionFailed("{errorType}: {errorMessage}".format_map(content["error"]))
    if len(answer) > MAX_PAYLOAD_BYTES:
        raise FunctionFailed("Function.ResponseSizeTooLarge")
    return content.get("result")
