"""New versions rolled out: the writers first, then the query function.

What the writers publish, the query function has to find: where new code asks for segments of another form, they are
there before the first read that needs them. A writer that is turned back leaves the query function as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from console.errors import ConsoleError
from console.rollout.aliases import Alias, Aliases
from console.rollout.executions import Ended, Executions, Rolling, look_closer, refuse
from console.wording import joined
from handlers.routes import QUERY

POLL_S = 2.0
THERE, LIVE, STAYS, NOT_BEGUN = "already live", "live", "turned back", "not begun"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Rolled:
    """The outcome for one function.

    Attributes:
        function: Lambda's name for it.
        before: the version that was live.
        version: the newest one.
        outcome: one of `THERE`, `LIVE`, `STAYS`, `NOT_BEGUN`.
        reason: why it was turned back.
        execution: the ARN of what rolled it out; "" where nothing did.
    """

    function: str
    before: int
    version: int
    outcome: str
    reason: str = ""
    execution: str = ""


@dataclass(frozen=True)
class _Order:
    """A function whose newest version is to be live."""

    name: str
    function: str
    alias: Alias
    version: int

    def rolled(self, outcome: str, reason: str = "", execution: str = "") -> Rolled:
        return Rolled(self.function, self.alias.version, self.version, outcome, reason, execution)

    def left(self) -> Rolled:
        """Return the outcome where nothing is begun."""
        return self.rolled(THERE if self.alias.version == self.version else NOT_BEGUN)


class Rollout:
    """The newest versions of functions on their way to the callers.

    Args:
        aliases, executions: of the functions.
        say: is told of each step.
    """

    def __init__(self, aliases: Aliases, executions: Executions, say: Say) -> None:
        self._aliases = aliases
        self._executions = executions
        self._say = say

    def roll_out(self, functions: Mapping[str, str], *, again: bool = False) -> dict[str, Rolled]:
        """Make the newest version of each function live, or find out why not.

        Args:
            functions: Lambda's names by the user's.
            again: a version that was taken back by hand is rolled out all the same.

        Returns:
            the outcomes by the user's names; where one was turned back, functions that come after it are not begun.

        Raises:
            ConsoleError: a version was taken back by hand, another one is being rolled out, or AWS refuses.
        """
        running = self._executions.running()
        orders = [self._order(name, function, running, again=again) for name, function in functions.items()]
        outcomes: dict[str, Rolled] = {}
        for stage in _stages(orders):
            is_begun = all(each.outcome in (THERE, LIVE) for each in outcomes.values())
            outcomes |= self._do(stage, running) if is_begun else {each.name: each.left() for each in stage}
        return {order.name: outcomes[order.name] for order in orders}

    def _order(self, name: str, function: str, running: Mapping[str, Rolling], *, again: bool) -> _Order:
        """Look at a function before anything is begun."""
        alias, newest = self._aliases.get(function), self._aliases.versions(function)[-1]
        under_way = running.get(function)
        if under_way and under_way.version != newest:
            raise refuse(under_way, f"and {newest} is newer")
        if alias.taken_back == newest and not again:
            message = f"{function}: version {newest}, the newest, was live and was taken back by hand"
            raise ConsoleError(
                message, "publish a version with the mend, or add --again to roll this one out once more"
            )
        return _Order(name, function, alias, newest)

    def _do(self, stage: Sequence[_Order], running: Mapping[str, Rolling]) -> dict[str, Rolled]:
        """Roll the functions of one stage out side by side."""
        outcomes = {order.name: left for order in stage if (left := order.left()).outcome == THERE}
        waiting: dict[str, tuple[_Order, Rolling]] = {}
        for order in stage:
            begun = running.get(order.function)
            if order.alias.shares and not begun:
                self._aliases.end_shares(order.function, order.alias)
                self._say(f"{order.name}: a rollout that was stopped had left the calls divided; that is over")
            if order.name not in outcomes:
                waiting[order.name] = order, begun or self._executions.start(order.function, order.version)
                self._say(f"{order.name}: version {order.version} is being tested; {order.alias.version} is live")
        return outcomes | self._follow(waiting)

    def _follow(self, waiting: dict[str, tuple[_Order, Rolling]]) -> dict[str, Rolled]:
        """Wait until all have ended, and say how far they are."""
        outcomes: dict[str, Rolled] = {}
        shared: set[str] = set()
        while waiting:
            for name, (order, execution) in list(waiting.items()):
                if ended := self._executions.ended(execution):
                    del waiting[name]
                    outcomes[name] = self._outcome(order, execution, ended)
                elif name not in shared and (share := self._aliases.get(order.function).shares.get(order.version)):
                    shared.add(name)
                    self._say(f"{name}: version {order.version} gets {share:.0%} of the calls, and is watched")
            if waiting:
                time.sleep(POLL_S)
        return outcomes

    def _outcome(self, order: _Order, execution: Rolling, ended: Ended) -> Rolled:
        if ended.is_live:
            self._say(f"{order.name}: version {order.version} is live")
            return order.rolled(LIVE, execution=execution.arn)
        self._say(f"{order.name}: version {order.version} was turned back")
        return order.rolled(STAYS, ended.reason, execution.arn)


def complain(outcomes: Mapping[str, Rolled]) -> None:
    """Raise ConsoleError where a version was turned back: why, what was left as it is, and how to look closer."""
    failed = {name: each for name, each in outcomes.items() if each.outcome == STAYS}
    if not failed:
        return
    told = [
        f"{name} stays at {each.before}, {each.version} was turned back: {each.reason}" for name, each in failed.items()
    ]
    left = [name for name, each in outcomes.items() if each.outcome == NOT_BEGUN]
    more = [f"{joined(left)} was not begun"] if left else []
    first = next(iter(failed.values()))
    raise ConsoleError("; ".join([*told, *more]), look_closer(first.execution))


def _stages(orders: Sequence[_Order]) -> list[list[_Order]]:
    """Return the writers, and the query function after them."""
    reading = [order for order in orders if order.function.endswith(QUERY)]
    return [[order for order in orders if order not in reading], reading]
