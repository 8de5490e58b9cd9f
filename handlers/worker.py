"""The worker: does what nobody waits for. It is outside the network, where every service can be called.

Its events are messages of the queue of jobs and of its dead letters, batches of the table's stream, and tasks of the
clock: `{"task": "sweep"}` and `{"task": "lake"}`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from handlers.settings import table_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handlers.settings import Settings


class Worker:
    """The function.

    Args:
        settings: the queues and buckets, and what is on.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self, event: Mapping[str, Any], context: object) -> dict[str, object]:
        """Do what an event asks for. Raises what keeps it from being done: whoever sent the event tries again."""
        raise ValueError(f"task: got {event.get('task')!r}, allowed: sweep, lake")


def make_handler(environ: Mapping[str, str]) -> Worker:
    """Return the function for an environment. Raises SettingsError."""
    return Worker(table_settings(environ))


handler = make_handler(os.environ)
