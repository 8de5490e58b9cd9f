"""Actors that take turns: each runs in a thread of its own, one at a time, and lots are drawn for who goes on."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence


class StoppedError(BaseException):
    """Another actor has failed: this one ends too."""


class Turns:
    """Runs actors until all have ended. What happens follows from the lots alone.

    Args:
        luck: draws them.
    """

    def __init__(self, luck: random.Random) -> None:
        self._luck = luck
        self._gates: dict[int, threading.Lock] = {}  # of the actors that have not ended; open for one
        self._numbers: dict[int, int] = {}  # by thread
        self._error: BaseException | None = None

    @property
    def actor(self) -> int | None:
        """Return the number of the actor whose thread asks; None in any other thread."""
        return self._numbers.get(threading.get_ident())

    def run(self, actors: Sequence[Callable[[], None]]) -> None:
        """Run the actors. Raises what one of them raises."""
        threads = [threading.Thread(target=self._act, args=args) for args in enumerate(actors)]
        for number, thread in enumerate(threads):
            self._gates[number] = threading.Lock()
            self._gates[number].acquire()
            thread.start()
        self._pass_on()
        for thread in threads:
            thread.join()
        if self._error is not None:
            raise self._error

    def give_way(self, chance: float) -> None:
        """Let another actor go on, maybe, as likely as that; return when it is this one's turn again."""
        number = self.actor
        if number is None:
            return
        if self._luck.random() < chance:
            self._pass_on()
            self._gates[number].acquire()
        if self._error is not None:
            raise StoppedError

    def _act(self, number: int, actor: Callable[[], None]) -> None:
        self._gates[number].acquire()
        self._numbers[threading.get_ident()] = number
        try:
            if self._error is None:
                actor()
        except StoppedError:
            pass
        except BaseException as error:  # noqa: BLE001 - raised by `run`
            self._error = error
        del self._gates[number], self._numbers[threading.get_ident()]
        self._pass_on()

    def _pass_on(self) -> None:
        if self._gates:
            self._gates[self._luck.choice(list(self._gates))].release()
