"""Back to the version that was live before, at once and without any test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from console.errors import ConsoleError
from console.rollout.aliases import Aliases, version_before
from console.rollout.executions import Executions


@dataclass(frozen=True)
class TakenBack:
    """One function's alias, moved by hand; `stopped` is the version whose rollout was ended for it, if one was."""

    function: str
    left: int
    version: int
    stopped: int | None


class Rollback:
    """Aliases moved by hand.

    Args:
        aliases: of the functions.
        executions: None where no state machine moves them.
        say: is told what was stopped.
    """

    def __init__(self, aliases: Aliases, executions: Executions | None, say: Callable[[str], None]) -> None:
        self._aliases = aliases
        self._executions = executions
        self._say = say

    def go_back(self, function: str, to: int | None) -> TakenBack:
        """Give the version before, or another one, all calls.

        A rollout that is under way is stopped, and the version before is the one that is live meanwhile.

        Args:
            to: the version to move to, forward too; None = the one before.

        Raises:
            ConsoleError: there is no such version, or AWS refuses.
        """
        stopped = self._stop(function)
        alias, versions = self._aliases.get(function), self._aliases.versions(function)
        version = version_before(alias, versions) if to is None else to
        if version is None:
            raise ConsoleError(f"{function}: there is no version before {alias.version}", "deploy one with `pulumi up`")
        if version not in versions:
            known = ", ".join(map(str, versions[-10:]))
            raise ConsoleError(f"{function} has no version {version}; its newest are {known}", f"--to {versions[-1]}")
        self._aliases.move(function, alias, version)
        return TakenBack(function, max([alias.version, *alias.shares]), version, stopped)

    def _stop(self, function: str) -> int | None:
        under_way = self._executions.running().get(function) if self._executions else None
        if self._executions is None or under_way is None:
            return None
        self._executions.stop(under_way)
        self._say(f"{function}: the rollout of version {under_way.version} is stopped")
        return under_way.version
