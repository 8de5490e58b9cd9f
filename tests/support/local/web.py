"""HTTP requests without a limit of their own: how long a cold start takes is the machine's business."""

from __future__ import annotations

from functools import partial

import httpx

get = partial(httpx.get, timeout=None)
post = partial(httpx.post, timeout=None)
