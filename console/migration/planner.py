"""The plan, made: the schema looked at, the data surveyed, the rules applied."""

from __future__ import annotations

from console.migration.plan import MigrationPlan
from console.migration.rules import Rules
from console.migration.source import Source
from console.terminal import Advance

MOST_SHOWN = 10  # misfits of one column for one reason


def make_plan(
    source: Source, rules: Rules, advance: Advance | None = None, most_shown: int = MOST_SHOWN
) -> MigrationPlan:
    """Return the plan for a source.

    Args:
        advance: called with the number of rows just looked at.
        most_shown: so many misfits of one column for one reason; all are counted.

    Raises:
        ConsoleError: the rules name what the source does not have, or contradict it.
    """
    raise NotImplementedError
