"""Actors in a time of their own: each runs in a thread, one at a time, always the one whose time has come first."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Sequence

START_S = 1_000_000.0


class StoppedError(BaseException):
    """Another actor has failed: this one ends too."""


class Actor:
    """One actor: what it does, and the gate that it waits at while others run."""

    def __init__(self, act: Callable[[], None]) -> None:
        self.act = act
        self.gate = threading.Lock()
        self.gate.acquire()


class Turns:
    """Runs actors until all have ended. Time passes only where one of them lets it pass.

    Attributes:
        now_s: the time.
        actor: who is running; None: whoever called `run`, before and after.
    """

    def __init__(self) -> None:
        self.now_s = START_S
        self.actor: Actor | None = None
        self._caller = threading.Lock()
        self._order = itertools.count()
        self._queue: list[tuple[float, int, Actor | Callable[[], None]]] = []
        self._error: BaseException | None = None

    def run(self, actors: Sequence[Actor]) -> None:
        """Run the actors. Raises what one of them raises."""
        threads = [threading.Thread(target=self._live, args=(actor,), daemon=True) for actor in actors]
        for actor, thread in zip(actors, threads, strict=True):
            self._add(self.now_s, actor)
            thread.start()
        self._caller.acquire()
        self._pass_on()
        self._caller.acquire()
        self._caller.release()
        for thread in threads:
            thread.join()
        if self._error is not None:
            raise self._error

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        """Do something after so many seconds, whoever runs then."""
        self._add(self.now_s + seconds, do)

    def pass_s(self, seconds: float) -> None:
        """Let so much time pass: the others go on meanwhile."""
        me = self.actor
        if me is None:
            self._pass_alone(self.now_s + seconds)
            return
        self._add(self.now_s + seconds, me)
        self._pass_on()
        me.gate.acquire()
        if self._error is not None:
            raise StoppedError

    def _add(self, at_s: float, who: Actor | Callable[[], None]) -> None:
        heapq.heappush(self._queue, (at_s, next(self._order), who))

    def _live(self, actor: Actor) -> None:
        actor.gate.acquire()
        try:
            if self._error is None:
                actor.act()
        except StoppedError:
            pass
        except BaseException as error:  # noqa: BLE001 - raised by `run`
            self._error = self._error or error
        self._pass_on()

    def _pass_on(self) -> None:
        """Let go on whose turn it is."""
        while self._queue:
            at_s, _, who = heapq.heappop(self._queue)
            self.now_s = max(self.now_s, at_s)
            if isinstance(who, Actor):
                self.actor = who
                who.gate.release()
                return
            self._do(who)
        self.actor = None
        self._caller.release()

    def _pass_alone(self, until_s: float) -> None:
        while self._queue and self._queue[0][0] <= until_s:
            at_s, _, do = heapq.heappop(self._queue)
            self.now_s = max(self.now_s, at_s)
            assert not isinstance(do, Actor)
            do()
        self.now_s = until_s

    def _do(self, do: Callable[[], None]) -> None:
        try:
            do()
        except BaseException as error:  # noqa: BLE001 - raised by `run`: it is not the running actor's
            self._error = self._error or error
