"""The clock for intervals and deadlines: it goes on while a sandbox is frozen, and never back."""

from __future__ import annotations

import time
from functools import partial

# Seconds since the machine started. Where CLOCK_BOOTTIME is not known (macOS), nothing freezes a sandbox either.
boottime_s = partial(time.clock_gettime, time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic
