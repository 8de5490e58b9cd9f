"""A schedule on this machine: it calls a function once in a while."""

from __future__ import annotations

import asyncio
import logging

from console.local.function import FunctionFailed
from console.local.gateway import Invoke

_logger = logging.getLogger(__name__)


async def every(period_s: float, invoke: Invoke, event: dict[str, object], *, first_s: float = 0.0) -> None:
    """Give a function an event, and again each time such a period has passed, until cancelled.

    Args:
        first_s: how long before the first.
    """
    await asyncio.sleep(first_s)
    while True:
        try:
            await invoke(event)
        except FunctionFailed as error:
            _logger.warning("%s failed: %s", event, error)
        await asyncio.sleep(period_s)
