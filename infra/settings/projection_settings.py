"""The settings of what happens without a request: who publishes, upkeep, and sandboxes that are kept warm."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.settings import MOST_WARM, PROJECTIONS, SYNC
from infra.typed_config import TypedConfig


@dataclass(frozen=True, kw_only=True)
class ProjectionSettings:
    """The way to new snapshots, and the clock.

    Args:
        mode: `sync`, the insert publishes; `stream`, the projector; `both`, the projector what the insert did not.
        window_s: how long the stream's records are collected for one publish.
        maintenance_minutes: between two rounds of upkeep; 0 = none.
        full_verification: the whole ledger is read once a day and held against every segment.
        warm_sandboxes: of the query function; 0 = none.
    """

    mode: str
    window_s: int
    maintenance_minutes: int
    full_verification: bool
    warm_sandboxes: int

    def follows_the_stream(self) -> bool:
        """Return whether the projector publishes what is appended."""
        return self.mode != SYNC

    def environment(self) -> dict[str, str]:
        """Return what the functions have to know of it."""
        return {"PROJECTION": self.mode, "FULL_VERIFICATION": str(int(self.full_verification))}


def read_projection(config: TypedConfig) -> ProjectionSettings:
    """Return the settings of the projection. Raises ConfigError for the first that cannot be used."""
    projection = ProjectionSettings(
        mode=config.choice("projection", *PROJECTIONS),
        window_s=config.integer("projectionWindowS", 0, 300),
        maintenance_minutes=config.integer("maintenanceMinutes", 5, 24 * 60, 0),
        full_verification=config.flag("fullVerification"),
        warm_sandboxes=config.integer("warmSandboxes", 0, MOST_WARM),
    )
    if projection.full_verification and not projection.maintenance_minutes:
        raise config.fail("fullVerification", "true", "false without maintenanceMinutes, which does it")
    return projection
