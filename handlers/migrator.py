"""The migrator: sets the database up, for a deployment and for `console migrate schema`.

It is outside the network, where it can read the secret of the database's master; nothing inside can. It hands that to
the relational function, which alone reaches the database, and which keeps it nowhere.
Its events are `{}`, which sets everything up, and `{"check": true}`, which only compares.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

from handlers.aws.functions import FunctionError, make_invoke
from handlers.aws.sdk import ServiceError
from handlers.aws.secrets import Secret
from handlers.settings import migrator_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handlers.settings import Settings
    from handlers.telemetry.runtime import LambdaContext

    Invoke = Callable[[Mapping[str, object]], object]

# Errors of connecting, by their class: a new database, and one that fails over, takes no connections yet.
PASSING = frozenset({"OperationalError", "ConnectionTimeout", "CannotConnectNow", "AdminShutdown"})
ANSWER_TIMEOUT_S = 600.0  # of the relational function: a migration may take long
RESERVE_S = 30.0  # before Lambda ends the invocation: for an attempt to connect
PAUSE_S = 5.0


class Migrator:
    """The function.

    Args:
        secret: of the database's master.
        invoke: hands the relational function an event.
        sleep: waits so many seconds.
    """

    def __init__(self, secret: Secret, invoke: Invoke, sleep: Callable[[float], None] = time.sleep) -> None:
        self._secret = secret
        self._invoke = invoke
        self._sleep = sleep

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, object]:
        """Set the database up and migrate its schema; or, with `check`, say what is pending.

        Raises:
            ServiceError: the secret cannot be read.
            FunctionError: the relational function failed; the message is its own.
            InvocationError: it could not be asked.
        """
        if event.get("check"):
            return {"migrate": self._ask({"task": "migrate", "check": True}, context)}
        bootstrap = {"task": "bootstrap", "master": master_of(self._secret.current())}
        return {"bootstrap": self._ask(bootstrap, context), "migrate": self._ask({"task": "migrate"}, context)}

    def _ask(self, event: Mapping[str, object], context: LambdaContext) -> object:
        """Return the relational function's answer, as soon as the database takes connections."""
        while True:
            try:
                return self._invoke(event)
            except FunctionError as error:
                if error.kind not in PASSING or context.get_remaining_time_in_millis() / 1000 < RESERVE_S + PAUSE_S:
                    raise
            self._sleep(PAUSE_S)


def master_of(text: str) -> dict[str, str]:
    """Return the master's name and password of the secret that RDS keeps. Raises ServiceError."""
    try:
        found = json.loads(text)
        return {name: str(found[name]) for name in ("username", "password")}
    except (ValueError, KeyError, TypeError):
        raise ServiceError("the secret of the database's master has no username and password in JSON") from None


def make_handler(environ: Mapping[str, str]) -> Migrator:
    """Return the function for an environment. Raises SettingsError."""
    settings: Settings = migrator_settings(environ)
    secret = Secret(settings.master_secret_arn, settings.region)
    return Migrator(secret, make_invoke(settings.relational_function, 1, ANSWER_TIMEOUT_S))


handler = make_handler(os.environ)
