"""The table and the key of sessions, made in the emulator's account as the stack's program makes them in AWS.

Both are new at each start: the emulator keeps no secrets, and without its key nothing in the table can be found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from console.local.access.guard import GuardPlan
from console.local.account.clients import make_clients
from handlers.aws.sessions_table import TTL, sessions_table_arguments
from handlers.routes import AUTHORIZER, READ_ROUTES, SQL_ROUTES
from handlers.settings import SESSION

TABLE = "lambda-sqlite-sessions"
KEY = "lambda-sqlite-session-key"
KEY_CHARACTERS = 64
DEFAULT_ROUTE = "$default"
GUARDED = SQL_ROUTES | READ_ROUTES


def readers(routes: Iterable[str]) -> GuardPlan:
    """Return which of the gateway's explicit routes, and `$default`, are guarded, as the stack's program has it.

    Whoever reads needs a session, but for the routes that look at it themselves; the owner's routes and all that write
    are open here.
    """
    return GuardPlan(
        function=AUTHORIZER,
        sources=("$request.header.Authorization", "$context.routeKey"),
        routes=(DEFAULT_ROUTE, *(route for route in routes if route in GUARDED)),
    )


class SessionStore:
    """The table and the key; made with the clients that make them, which takes a while.

    Args:
        environ: leads to the emulator; it need not answer yet.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._dynamodb, self._secrets = make_clients(environ, "dynamodb", "secretsmanager")

    def make(self) -> dict[str, str]:
        """Make them; returns the variables that lead the functions to them."""
        self._make_table()
        return {"READ_AUTH": SESSION, "SESSIONS_TABLE": TABLE, "SESSION_KEY_ARN": self._make_key()}

    def _make_table(self) -> None:
        """Make the table, in place of one that the last run has kept."""
        if TABLE in self._dynamodb.list_tables()["TableNames"]:
            self._dynamodb.delete_table(TableName=TABLE)
        self._dynamodb.create_table(**sessions_table_arguments(TABLE))
        ends = {"Enabled": True, "AttributeName": TTL}
        self._dynamodb.update_time_to_live(TableName=TABLE, TimeToLiveSpecification=ends)

    def _make_key(self) -> str:
        drawn = self._secrets.get_random_password(PasswordLength=KEY_CHARACTERS, ExcludePunctuation=True)
        return self._secrets.create_secret(Name=KEY, SecretString=drawn["RandomPassword"])["ARN"]
