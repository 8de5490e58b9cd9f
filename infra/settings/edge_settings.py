"""The settings of the edge: whether CloudFront stands in front of the API."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.settings import CLOUDFRONT, NO_EDGE
from infra.typed_config import TypedConfig


@dataclass(frozen=True, kw_only=True)
class EdgeSettings:
    """The edge, and how long it may give away an answer that may change."""

    is_on: bool
    max_age_s: int

    def environment(self) -> dict[str, str]:
        """Return what the functions have to know of it."""
        name, max_age_s = (CLOUDFRONT, self.max_age_s) if self.is_on else (NO_EDGE, 0)
        return {"EDGE": name, "SHARED_MAX_AGE_S": str(max_age_s)}


def read_edge(config: TypedConfig) -> EdgeSettings:
    """Return the edge's settings. Raises ConfigError for the first that cannot be used."""
    return EdgeSettings(
        is_on=config.choice("edge", NO_EDGE, CLOUDFRONT) == CLOUDFRONT,
        max_age_s=config.integer("edgeMaxAgeS", 0, 60),
    )
