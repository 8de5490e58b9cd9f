"""The local stack for synchronous code: it runs in a thread of its own while the caller goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Self, cast

from console.local.stack import LocalStack

WAKE_S = 0.1


class BackgroundStack:
    """A local stack in a background thread; also a context manager.

    Args:
        stack: the stack to run, not yet entered.
    """

    def __init__(self, stack: LocalStack) -> None:
        self._stack = stack
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="local-stack")
        self._running: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = Future()
        self._ready: Future[None] = Future()

    @property
    def url(self) -> str:
        """Return the address at which the gateway answers."""
        return self._stack.url

    @property
    def environment(self) -> Mapping[str, str]:
        """The functions' environment, without TMP_DIR, which each sandbox has for itself."""
        return self._stack.environment

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Start everything; returns when requests are answered.

        Raises:
            ConsoleError: the stack cannot start; nothing is left running.
        """
        life = self._executor.submit(asyncio.run, self._live())
        try:
            # In steps: a signal that arrives just before a wait begins does not end it.
            while not wait([life, self._ready], WAKE_S, FIRST_COMPLETED).done:
                pass
        except BaseException:
            self.stop()
            raise
        if life.done():
            self._executor.shutdown()
            life.result()
        return self

    def processes(self) -> list[int]:
        """Return the ids of all sandboxes' processes."""
        loop, _ = self._running.result()
        return asyncio.run_coroutine_threadsafe(self._stack.processes(), loop).result()

    def recycle(self) -> None:
        """End all sandboxes: each function's next request is a cold start."""
        loop, _ = self._running.result()
        asyncio.run_coroutine_threadsafe(self._stack.recycle(), loop).result()

    def configure(self, changes: Mapping[str, str]) -> None:
        """Change the functions' environment, as a deployment does."""
        loop, _ = self._running.result()
        asyncio.run_coroutine_threadsafe(self._stack.configure(changes), loop).result()

    def stop(self) -> None:
        """Stop everything that was started; returns when it is gone. A second call does nothing."""
        loop, task = self._running.result()
        if not loop.is_closed():
            loop.call_soon_threadsafe(task.cancel)
        self._executor.shutdown()

    async def _live(self) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._running.set_result((asyncio.get_running_loop(), task))
        async with self._stack:
            self._ready.set_result(None)
            await asyncio.Event().wait()
