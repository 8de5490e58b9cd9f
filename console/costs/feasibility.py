"""The limits beyond which a path cannot run at all, so that it has no price."""

from __future__ import annotations

from console.costs.options.inputs import INPUTS
from console.costs.scenario import Scenario
from console.wording import megabytes
from handlers.snapshots.maker import RANGE_ROWS

MB = 2**20


def obstacles(scenario: Scenario) -> dict[str, str]:
    """Return the paths that cannot run, with the reason.

    A segment is built in `/tmp` before it is published, and `sqlite-tmp` keeps a copy of all segments there.
    """
    built_bytes = min(scenario.rows, RANGE_ROWS) * scenario.snapshot_bytes / scenario.rows
    if built_bytes > scenario.tmp_mb * MB:
        reason = f"a segment of {megabytes(built_bytes)} cannot be built {_room(scenario, built_bytes)}"
        return dict.fromkeys(("sqlite-efs", "sqlite-tmp"), reason)
    if scenario.snapshot_bytes > scenario.tmp_mb * MB:
        size = megabytes(scenario.snapshot_bytes)
        return {"sqlite-tmp": f"a copy of {size} does not fit {_room(scenario, scenario.snapshot_bytes)}"}
    return {}


def _room(scenario: Scenario, needed_bytes: float) -> str:
    most = INPUTS["tmp_mb"].most
    remedy = f"set tmpMb, at most {most:,.0f}" if needed_bytes <= most * MB else "Lambda has no more"
    return f"in {scenario.tmp_mb:,.0f} MB of /tmp ({remedy})"
