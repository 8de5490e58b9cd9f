"""The SQL condition that reads one history of the lake: no row of a branch that was left, none twice.

Athena computes the places to read from the query itself (partition projection of the type `injected`), so that each
root has to stand in it as a text: "Use dynamic ID partitioning", the Athena user guide.
"""

from __future__ import annotations

from collections.abc import Sequence

from handlers.lake.stretches import Stretch

NOTHING = "false"


def where_clause(stretches: Sequence[Stretch]) -> str:
    """Return the condition for `WHERE` that lets through the rows of these stretches, and no others."""
    conditions = [f"root = '{each.root}' AND seq BETWEEN {each.first} AND {each.last}" for each in stretches]
    if len(conditions) < 2:
        return "".join(conditions) or NOTHING
    roots = ", ".join(f"'{each.root}'" for each in stretches)
    return f"root IN ({roots}) AND ({' OR '.join(f'({condition})' for condition in conditions)})"
