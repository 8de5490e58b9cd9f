"""The authorizer: the gateway asks it who may come in. It is outside the network."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from handlers.settings import authorizer_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handlers.settings import Settings


class Authorizer:
    """The function."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self, event: Mapping[str, Any], context: object) -> dict[str, object]:
        """Answer in the form of simple responses."""
        return {"isAuthorized": False, "context": {}}


def make_handler(environ: Mapping[str, str]) -> Authorizer:
    """Return the function for an environment. Raises SettingsError."""
    return Authorizer(authorizer_settings(environ))


handler = make_handler(os.environ)
