"""The settings of what is seen of a stack: request lines and metrics."""

from __future__ import annotations

from dataclasses import dataclass

from infra.typed_config import TypedConfig


@dataclass(frozen=True, kw_only=True)
class WatchSettings:
    """The share of the requests that succeed with a line in the log, in percent, and whether there are own metrics."""

    request_log_percent: int
    metrics: bool

    def environment(self) -> dict[str, str]:
        """Return what the functions have to know of it."""
        return {
            "REQUEST_LOG_PERCENT": str(self.request_log_percent),
            "METRICS": "on" if self.metrics else "off",
        }


def read_watch(config: TypedConfig) -> WatchSettings:
    """Return the settings of what is seen. Raises ConfigError for the first that cannot be used."""
    return WatchSettings(
        request_log_percent=config.integer("requestLogPercent", 0, 100),
        metrics=config.flag("metrics"),
    )
