"""Throttles of single routes: expensive requests, let through less often than all others."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.routes import ROUTES, methods

# Each route of the handlers' table by its line here, with the gateway's route keys that it stands for.
THROTTLED = {f"{verb} {path}": [f"{method} {path}" for method in methods(verb)] for verb, path, _, _ in ROUTES}


@dataclass(frozen=True, kw_only=True)
class Throttle:
    """Requests a second, and at once, that are let through."""

    rate: int
    burst: int
