"""The violence of a soak: sandboxes are killed and frozen, PostgreSQL's connections end, and the ledger goes back."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Callable

from console.client.client import Client
from console.data.branches import find_target, head_of, read_prefix, restore
from console.data.ledger import open_store
from console.errors import ConsoleError
from console.local.background import BackgroundStack
from console.soak.promises import Promises
from handlers.domain.bookmark import Bookmark

FROZEN_S = (0.2, 5.0)
BACK_ROWS = 300  # the most that a restore goes back


class Violence:
    """The violence done to one stack.

    Args:
        promises: is told where it fails.
        luck: draws what, and when.
        kill_every_s, restore_every_s, drop_every_s: the mean time between two; 0 = never.

    Attributes:
        done: how often each thing was done.
    """

    def __init__(
        self,
        stack: BackgroundStack,
        promises: Promises,
        luck: random.Random,
        *,
        kill_every_s: float,
        restore_every_s: float,
        drop_every_s: float = 0.0,
    ) -> None:
        self._stack = stack
        self._promises = promises
        self._luck = luck
        self._every_s = {self._hurt: kill_every_s, self._go_back: restore_every_s, self._drop: drop_every_s}
        self.done: Counter[str] = Counter()

    def threads(self, is_over: threading.Event) -> list[threading.Thread]:
        """Return the threads that do it until it is over, not yet started."""
        return [
            threading.Thread(target=self._repeat, args=(act, every_s, is_over))
            for act, every_s in self._every_s.items()
            if every_s
        ]

    def _repeat(self, act: Callable[[threading.Event], None], every_s: float, is_over: threading.Event) -> None:
        try:
            while not is_over.wait(self._luck.expovariate(1 / every_s)):
                act(is_over)
        except Exception as error:  # noqa: BLE001 - whatever it is, the outcome has to tell
            self._promises.defect(f"the violence ended: {error!r}")

    def _hurt(self, is_over: threading.Event) -> None:
        """Kill a sandbox, or freeze it for a while."""
        processes = self._stack.processes()
        if not processes:
            return
        process = self._luck.choice(processes)
        with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
            if self._luck.random() < 0.7:
                os.kill(process, signal.SIGKILL)
                self.done["killed"] += 1
            else:
                os.kill(process, signal.SIGSTOP)
                self.done["frozen"] += 1
                is_over.wait(self._luck.uniform(*FROZEN_S))
                os.kill(process, signal.SIGCONT)

    def _go_back(self, _: threading.Event) -> None:
        """Restore the ledger to a point a little way back."""
        try:
            with open_store(self._stack.environment) as store, Client(self._stack.url) as client:
                head = head_of(store.ledger)
                seq = self._luck.randint(max(0, head.seq - BACK_ROWS), head.seq)
                target = find_target(store.ledger, str(Bookmark(head.epoch, seq)))
                restore(store.ledger, client, read_prefix(store.ledger, target, lambda _: None))
        except ConsoleError:  # not published at once, or a sandbox was killed that was to answer
            self.done["restores cut short"] += 1
        else:
            self.done["restored"] += 1

    def _drop(self, _: threading.Event) -> None:
        """End PostgreSQL's connections, as a failover does, in whatever they are."""
        from console.local.database.relational import end_connections  # noqa: PLC0415 - with psycopg

        self.done["connections ended"] += end_connections(self._stack.environment["DATABASE_URL"])
