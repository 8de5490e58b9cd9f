"""The migrator: sets the database up, for a deployment and for `console migrate schema`.

It is outside the network, where it can read the secret of the database's master; nothing inside can. Where something is
missing, it hands that to the relational function, which alone reaches the database, and which keeps it nowhere.
Its events are `{}`, which sets everything up and has PostgreSQL fed with what the ledger holds already, and
`{"check": true}`, which only compares.
"""

from __future__ import annotations

import json
import logging
import os
import time
from typing import TYPE_CHECKING, Any, TypeVar

from handlers.aws.functions import FunctionError, InvocationError, make_invoke
from handlers.aws.sdk import ServiceError
from handlers.aws.secrets import Secret
from handlers.settings import migrator_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handlers.settings import Settings
    from handlers.telemetry.runtime import LambdaContext

    Invoke = Callable[[Mapping[str, object]], object]

T = TypeVar("T")

# Errors by their class: a new database, and one that fails over, takes no connections yet; a lock is given back.
PASSING = frozenset(
    {"OperationalError", "ConnectionTimeout", "CannotConnectNow", "AdminShutdown", "CrashShutdown", "LockNotAvailable"}
)
# Rights that were given a moment ago, with the first deployment, are not known everywhere at once.
NOT_ALLOWED_YET = frozenset({"AccessDeniedException", "AccessDenied", "KMSAccessDeniedException"})
ANSWER_TIMEOUT_S = 600.0  # of the relational function: a migration may take long
RESERVE_S = 30.0  # before Lambda ends the invocation: for an attempt to connect
PAUSE_S = 5.0

_log = logging.getLogger(__name__)


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
        return {
            "bootstrap": self._bootstrap(context),
            "migrate": self._ask({"task": "migrate"}, context),
            "maintain": self._maintain(context),
        }

    def _bootstrap(self, context: LambdaContext) -> object:
        """Have the user made if it cannot log in, or lacks something; else the master is not needed."""
        found: Any = self._ask({"task": "bootstrap"}, context)
        if not found["missing"]:
            return found
        _log.warning("the master has to make what is missing: %s", found["missing"])
        master = master_of(self._patiently(self._secret.current, context))
        return self._ask({"task": "bootstrap", "master": master}, context)

    def _maintain(self, context: LambdaContext) -> object:
        """Have PostgreSQL catch up. The stream and the clock go on with that, so a deployment does not fail for it."""
        try:
            return self._ask({"task": "maintain"}, context)
        except InvocationError as error:
            _log.exception("PostgreSQL was not fed yet")
            return {"error": str(error)}

    def _ask(self, event: Mapping[str, object], context: LambdaContext) -> object:
        """Return the relational function's answer, as soon as the database takes connections."""
        return self._patiently(lambda: self._invoke(event), context)

    def _patiently(self, work: Callable[[], T], context: LambdaContext) -> T:
        """Return what comes of a call; it is tried again while the database or a right is not there yet."""
        while True:
            try:
                return work()
            except (InvocationError, ServiceError) as error:
                if not is_passing(error) or context.get_remaining_time_in_millis() / 1000 < RESERVE_S + PAUSE_S:
                    raise
            self._sleep(PAUSE_S)


def is_passing(error: InvocationError | ServiceError) -> bool:
    """Tell whether the same call may succeed in a while."""
    return error.kind in PASSING if isinstance(error, FunctionError) else error.code in NOT_ALLOWED_YET


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
