"""The limits beyond which a path cannot run at all, so that it has no price."""

from __future__ import annotations

from console.costs.scenario import INPUTS, Scenario
from console.wording import megabytes

MB = 2**20


def obstacles(scenario: Scenario) -> dict[str, str]:
    """Return the paths that cannot run, with the reason.

    A snapshot is built in `/tmp` before it is published, so one that does not fit there reaches no reader.
    """
    if scenario.snapshot_bytes <= scenario.tmp_mb * MB:
        return {}
    most = INPUTS["tmp_mb"].most
    remedy = f"set tmpMb, at most {most:,.0f}" if scenario.snapshot_bytes <= most * MB else "Lambda has no more"
    size = megabytes(scenario.snapshot_bytes)
    reason = f"a snapshot of {size} cannot be built in {scenario.tmp_mb:,.0f} MB of /tmp ({remedy})"
    return dict.fromkeys(("sqlite-efs", "sqlite-tmp"), reason)
