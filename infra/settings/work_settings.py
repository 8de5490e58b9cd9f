"""The settings of the work that nobody waits for: imports and rebuilds as jobs, the data lake, notifications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infra.settings.projection_settings import ProjectionSettings
from infra.settings.watch_settings import EMAIL
from infra.typed_config import TypedConfig

QUEUE_ARN = r"arn:aws[\w-]*:sqs:[a-z0-9-]+:[0-9]{12}:[\w-]{1,80}"


@dataclass(frozen=True, kw_only=True)
class WorkSettings:
    """All that the worker does; it is there where anything is.

    Args:
        jobs: whether there are imports by upload, and rebuilds by the state machine.
        lake: whether the ledger is written to the data lake.
        lake_minutes: between two rounds of that.
        notifications: whether there is a topic of what happens.
        emails, queue_arns: who is told by it, beside its other subscribers.
    """

    jobs: bool
    lake: bool
    lake_minutes: int
    notifications: bool
    emails: Sequence[str]
    queue_arns: Sequence[str]

    def needs_the_worker(self) -> bool:
        """Return whether there is anything to do."""
        return self.jobs or self.lake or self.notifications

    def follows_the_stream(self) -> bool:
        """Return whether the worker finds in the table's stream what is to be done, or told."""
        return self.jobs or self.notifications

    def environment(self) -> dict[str, str]:
        """Return what the functions have to know of it."""
        return {"NOTIFICATIONS": "on" if self.notifications else "off"}


def read_work(config: TypedConfig, projection: ProjectionSettings) -> WorkSettings:
    """Return the settings of the work. Raises ConfigError for the first that cannot be used."""
    work = WorkSettings(
        jobs=config.flag("jobs"),
        lake=config.flag("lake"),
        lake_minutes=config.integer("lakeMinutes", 5, 24 * 60),
        notifications=config.flag("notifications"),
        emails=config.texts("notificationEmails", EMAIL, "e-mail addresses"),
        queue_arns=config.texts("notificationQueueArns", QUEUE_ARN, "ARNs of SQS queues"),
    )
    if work.jobs and not projection.follows_the_stream():
        raise config.fail("jobs", "true", "false with projection sync: nobody would publish what is imported")
    for key, told in (("notificationEmails", work.emails), ("notificationQueueArns", work.queue_arns)):
        if told and not work.notifications:
            raise config.fail(key, list(told), "none without notifications")
    return work
