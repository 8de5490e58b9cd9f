"""What stands in the place of clocks, threads, chance and the SDK in the handlers, wherever they have taken them to."""

from __future__ import annotations

import concurrent.futures
import gc
import random
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any

import pytest
from ulid import ULID

import console.data.branches
import handlers.command
import handlers.projector
import handlers.query
import handlers.reads.ddb
import handlers.reads.fresh
from handlers.aws import dynamodb
from handlers.domain.timestamps import boottime_s
from handlers.ledger.ledger import Ledger
from handlers.settings import Settings
from handlers.snapshots import catalog
from handlers.snapshots.publish import Publisher
from handlers.snapshots.published import Published
from handlers.telemetry import log, nfs
from tests.simulation.surroundings.calls import Calls
from tests.simulation.surroundings.table import TableClient
from tests.simulation.surroundings.world import Process, World

LOADED = (
    console.data.branches,
    handlers.command,
    handlers.projector,
    handlers.query,
    handlers.reads.ddb,
    handlers.reads.fresh,
)
SLOW_LISTINGS = 0.03  # how likely one takes longer than a reader waits for it
real_time, real_sleep = time.time, time.sleep


class Task:
    """What was given to another thread: it runs at once, or when its outcome is asked for."""

    def __init__(self, do: Callable[[], Any], *, is_eager: bool) -> None:
        self._do: Callable[[], Any] | None = do
        self._error: Exception | None = None
        self._value: Any = None
        if is_eager:
            self.run()

    def run(self) -> None:
        if self._do is not None:
            do, self._do = self._do, None
            try:
                self._value = do()
            except Exception as error:  # noqa: BLE001 - raised by `result`
                self._error = error

    def result(self) -> Any:
        self.run()
        if self._error is not None:
            raise self._error
        return self._value


class StandIns:
    """The stand-ins.

    Args:
        calls: has the world.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    @property
    def here(self) -> World:
        """Return the world."""
        return self._calls.here

    @contextmanager
    def patched(self) -> Generator[None]:
        """Put them in place: what handlers hold of the originals, under any name and as any default."""
        table: list[tuple[Any, Any]] = [
            (boottime_s, self.boottime_s),
            (time.sleep, self.sleep),
            (time.time, self.wall_s),
            (random, SimpleNamespace(uniform=self.uniform, Random=random.Random)),
            (ULID, self.new_id),
            (concurrent.futures.ThreadPoolExecutor, self.pool),
            (concurrent.futures.wait, run_all),
            (catalog.Listing, self.listing),
            (dynamodb.make_client, self.client),
            (nfs.nfs_meter, no_meter),
            (log.print_line, leave_out),
            (gc, SimpleNamespace(disable=run_all, freeze=run_all, enable=run_all)),
        ]
        with pytest.MonkeyPatch.context() as patch:
            for module in [module for name, module in sorted(sys.modules.items()) if is_ours(name)]:
                for original, stand_in in table:
                    replace(patch, module, original, stand_in)
            patch.setattr(time, "time", self.wall_s)
            patch.setattr(time, "sleep", self.sleep)
            patch.setattr(handlers.projector, "make_publisher", self.publisher)
            yield

    def boottime_s(self) -> float:
        process = self.here.process
        return self.here.turns.now_s + process.booted_s

    def wall_s(self) -> float:
        if self._calls.world is None:
            return real_time()
        return self.here.server_s() + self.here.process.wall_s

    def sleep(self, seconds: float) -> None:
        if self._calls.world is None:
            real_sleep(seconds)
        else:
            self.here.sleep(seconds)

    def new_id(self) -> str:
        """Return a text that sorts as a ULID does, and is as long."""
        return f"{int(self.wall_s() * 1000):011X}{self.here.process.luck.getrandbits(60):015X}"

    def uniform(self, low: float, high: float) -> float:
        return self.here.process.luck.uniform(low, high)

    def listing(self, look: Callable[[], Any], begun_s: float) -> SlowListing:
        return SlowListing(self.here, look, begun_s)

    def client(self, _region: str) -> TableClient:
        return TableClient(self.here)

    def publisher(self, ledger: Ledger, settings: Settings, _now: Callable[[], float]) -> Publisher:
        return CountedPublisher(lambda: self.here.process, ledger, settings)

    def pool(self, _workers: int) -> Pool:
        return Pool(self)


class CountedPublisher(Publisher):
    """A publisher of which it is known how often it publishes."""

    def __init__(self, process: Callable[[], Process], ledger: Ledger, settings: Settings) -> None:
        super().__init__(ledger, settings)
        self._process = process

    def publish(self, *given: Any, **options: Any) -> Published:
        self._process().publishes += 1
        return super().publish(*given, **options)


class Pool:
    """A pool without threads."""

    def __init__(self, stand_ins: StandIns) -> None:
        self._stand_ins = stand_ins

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def submit(self, do: Callable[..., Any], *arguments: Any) -> Task:
        is_eager = self._stand_ins.here.process.luck.random() < 0.5
        return Task(lambda: do(*arguments), is_eager=is_eager)


class SlowListing:
    """A listing that may hang: `catalog.Listing` without a thread."""

    def __init__(self, world: World, look: Callable[[], Any], begun_s: float) -> None:
        self.begun_s = begun_s
        self._world = world
        luck = world.process.luck
        is_slow = luck.random() < SLOW_LISTINGS and not world.is_calm
        self._ready_s = world.turns.now_s + (luck.uniform(0.5, 5) if is_slow else 0.0)
        self._task = Task(look, is_eager=False)

    def is_over(self, limit_s: float) -> bool:
        wait_s = max(0.0, self._ready_s - self._world.turns.now_s)
        self._world.sleep(min(wait_s, limit_s))
        if wait_s <= limit_s:
            self._task.run()
        else:
            self._world.process.had_trouble = True
        return wait_s <= limit_s

    def outcome(self) -> Any:
        return self._task.result()


def no_meter(_folder: str) -> None:
    """Stand in for `nfs_meter`: there is no mount."""


def run_all(tasks: Sequence[Task] = ()) -> None:
    """Stand in for `concurrent.futures.wait`, and for what has nothing to do here."""
    for task in tasks:
        task.run()


def leave_out(_line: str) -> None:
    """Stand in for what writes a line of the log: thousands of them would hide what a run prints."""


def is_ours(name: str) -> bool:
    """Tell whether a module is of the code that is simulated."""
    return name.startswith(("handlers.", "console.data."))


def replace(patch: pytest.MonkeyPatch, module: ModuleType, original: Any, stand_in: Any) -> None:
    """Replace an object in a module: its own names, and the defaults of its functions and methods."""
    for name, value in [*vars(module).items()]:
        if value is original:
            patch.setattr(module, name, stand_in)
        if isinstance(value, type | FunctionType) and value.__module__ == module.__name__:
            for function in vars(value).values() if isinstance(value, type) else [value]:
                given: tuple[Any, ...] = getattr(function, "__defaults__", None) or ()
                named: dict[str, Any] = getattr(function, "__kwdefaults__", None) or {}
                if any(default is original for default in given):
                    replaced = tuple(stand_in if default is original else default for default in given)
                    patch.setattr(function, "__defaults__", replaced)
                for name_of_default in [name for name, default in named.items() if default is original]:
                    patch.setitem(named, name_of_default, stand_in)
