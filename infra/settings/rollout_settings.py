"""The settings of a new version's way to the callers."""

from __future__ import annotations

from dataclasses import dataclass

from infra.typed_config import TypedConfig

ALL_AT_ONCE, CANARY = "all-at-once", "canary"


@dataclass(frozen=True, kw_only=True)
class RolloutSettings:
    """Either `pulumi up` moves the aliases, or a state machine does.

    Args:
        is_canary: the latter.
        percent: the share of calls that a new version gets at first.
        bake_s: how long it is watched with that share.
    """

    is_canary: bool
    percent: int
    bake_s: int


def read_rollout(config: TypedConfig) -> RolloutSettings:
    """Return the settings of the rollout. Raises ConfigError for the first that cannot be used."""
    return RolloutSettings(
        is_canary=config.choice("rollout", ALL_AT_ONCE, CANARY) == CANARY,
        percent=config.integer("rolloutPercent", 1, 50),
        bake_s=config.integer("rolloutBakeS", 15, 3600),
    )
