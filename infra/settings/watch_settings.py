"""The settings of what is seen of a stack, and of who is told: request lines, metrics, alarms, dashboard, budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infra.typed_config import TypedConfig

EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"
MOST_EMAILS = 10  # that AWS Budgets tells by itself


@dataclass(frozen=True, kw_only=True)
class WatchSettings:
    """All that is seen of a stack from outside.

    Args:
        request_log_percent: of the requests that succeed, how many have their line in the log.
        metrics: whether the functions tell metrics of their own.
        alarms, alarm_emails: whether there are alarms, and who is told of them beside the subscribers of their topic.
        dashboard: whether there is one.
        budget_usd, budget_emails: a month's budget, and who is told of it beside the alarms' topic; 0 = none.
    """

    request_log_percent: int
    metrics: bool
    alarms: bool
    alarm_emails: Sequence[str]
    dashboard: bool
    budget_usd: int
    budget_emails: Sequence[str]

    def asks_for_lag(self) -> bool:
        """Return whether the clock has to ask how far snapshots are behind, because an alarm hangs on the answers."""
        return self.alarms and self.metrics

    def environment(self) -> dict[str, str]:
        """Return what the functions have to know of it."""
        return {
            "REQUEST_LOG_PERCENT": str(self.request_log_percent),
            "METRICS": "on" if self.metrics else "off",
        }


def read_watch(config: TypedConfig) -> WatchSettings:
    """Return the settings of what is seen. Raises ConfigError for the first that cannot be used."""
    watch = WatchSettings(
        request_log_percent=config.integer("requestLogPercent", 0, 100),
        metrics=config.flag("metrics"),
        alarms=config.flag("alarms"),
        alarm_emails=config.texts("alarmEmails", EMAIL, "e-mail addresses"),
        dashboard=config.flag("dashboard"),
        budget_usd=config.integer("budgetUsd", 0, 10**6),
        budget_emails=config.texts("budgetEmails", EMAIL, "e-mail addresses"),
    )
    _check_told(config, watch)
    return watch


def _check_told(config: TypedConfig, watch: WatchSettings) -> None:
    """Refuse a budget of which nobody hears, and addresses to which nothing is ever sent."""
    if watch.alarm_emails and not watch.alarms:
        raise config.fail("alarmEmails", list(watch.alarm_emails), "none without alarms")
    if bool(watch.budget_emails) > bool(watch.budget_usd) or len(watch.budget_emails) > MOST_EMAILS:
        allowed = f"at most {MOST_EMAILS} addresses; none without budgetUsd"
        raise config.fail("budgetEmails", list(watch.budget_emails), allowed)
    if watch.budget_usd and not (watch.budget_emails or watch.alarms):
        raise config.fail("budgetEmails", [], "at least one address for budgetUsd, or alarms, whose topic is told")
