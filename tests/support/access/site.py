"""Codes and sessions as they run on AWS: a table and a secret in the emulator, both functions, and a time that only
the test lets pass.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

import boto3

from handlers.access.access_table import AccessTable
from handlers.access.keys import Keys
from handlers.access.living import LivingSessions
from handlers.access.permission import Permission
from handlers.authorizer import Authorizer
from handlers.aws.secrets import Secret
from handlers.aws.sessions_table import sessions_table_arguments
from handlers.gateway.router import Router
from handlers.sessions import make_router
from handlers.settings import Settings
from tests.support.api import Answer, event
from tests.support.meddling import Clock, no_pauses

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from handlers.aws.dynamodb import Deadline

NOW_S = 4_000_000_000.0  # later than now: nothing that goes by the real clock forgets anything
JSON_TYPE = {"content-type": "application/json"}
KEY = "the key of hashes, of forty characters and more"


class AccessSite:
    """A table, a secret, the functions, and the time.

    Args:
        client: of the emulator.
        settings: variables of the functions' environment that are to be others.

    Attributes:
        now: the time in seconds since 1970; it is also the clock of what is kept.
        keys: those of one sandbox.
        deadline: what gives each request its limit.
    """

    def __init__(self, client: DynamoDBClient, **settings: str) -> None:
        self.now = Clock(NOW_S)
        self.name = f"sessions-{uuid.uuid4()}"
        client.create_table(**sessions_table_arguments(self.name))  # pyright: ignore[reportArgumentType] - plain data
        self.secrets = cast("Any", boto3).client("secretsmanager")
        self.secret: str = self.secrets.create_secret(Name=self.name, SecretString=f"{KEY} 1")["ARN"]
        self._version = 1
        self.environ = {
            "SESSIONS_TABLE": self.name,
            "SESSION_KEY_ARN": self.secret,
            "READ_AUTH": "session",
            "REQUEST_LOG_PERCENT": "100",
            **settings,
        }
        self.table = AccessTable(client, self.name)
        self.deadline: Callable[[], Deadline] = no_pauses
        self.new_sandbox()

    def new_sandbox(self) -> None:
        """Forget what the functions have kept."""
        self.keys = self.other_keys()
        self.router = self.router_with(self.keys)

    def other_keys(self) -> Keys:
        """The keys of another sandbox."""
        return Keys(Secret(self.secret, "").versions, self.now)

    def router_with(self, keys: Keys) -> Router:
        """The sessions function with these keys."""
        return make_router(self.table, keys, Settings(self.environ), self.now, self.make_deadline)

    def make_deadline(self) -> Deadline:
        """The limit of a request that begins now, as the test would have it by now."""
        return self.deadline()

    def authorizer(self, keys: Keys | None = None, edge_keys: Keys | None = None) -> Authorizer:
        """The authorizer, with the keys of the same sandbox or of another."""
        sessions = LivingSessions(self.table, keys or self.keys, self.now)
        return Authorizer(Permission(edge_keys, sessions, self.make_deadline))

    def rotate(self) -> None:
        """Put a new version of the secret."""
        self._version += 1
        self.secrets.put_secret_value(SecretId=self.secret, SecretString=f"{KEY} {self._version}")

    def items(self) -> list[dict[str, Any]]:
        """All that is in the table."""
        return cast("list[dict[str, Any]]", self.table.client.scan(TableName=self.name, ConsistentRead=True)["Items"])

    def items_of(self, kind: str) -> list[dict[str, Any]]:
        """All items of a kind."""
        return [item for item in self.items() if item["pk"]["S"].startswith(f"{kind}#")]

    def call(
        self,
        method: str,
        path: str,
        content: object = None,
        raw_query: str = "",
        *,
        address: str = "198.51.100.7",
        headers: Mapping[str, str] | None = None,
        cookies: list[str] | None = None,
        router: Router | None = None,
    ) -> CookieAnswer:
        """Send a request as the gateway does."""
        body = None if content is None else json.dumps(content)
        made = event(method, path, body, {**JSON_TYPE, **(headers or {})}, raw_query)
        made["requestContext"]["http"]["sourceIp"] = address
        if cookies is not None:
            made["cookies"] = cookies
        return CookieAnswer((router or self.router)(made, None))

    def make_code(self, tenant: str = "acme", **content: object) -> Made:
        """Make a code."""
        answer = self.call("POST", "/access/codes", {"tenant": tenant, **content})
        assert answer.status == 201, answer.text
        return Made(answer.json["access_code"], answer.json["code"]["id"])

    def enter(self, code: str, address: str = "198.51.100.7", router: Router | None = None) -> CookieAnswer:
        """Exchange a code."""
        return self.call("POST", "/sessions", {"code": code}, address=address, router=router)

    def may_read(self, token: str, route: str = "$default", authorizer: Authorizer | None = None) -> bool:
        """Ask the authorizer."""
        asked = authorizer or self.authorizer()
        return asked(request_of(route, {"authorization": f"Bearer {token}"}), None)["isAuthorized"] is True


class Made:
    """A code that was made: its text, and its id."""

    def __init__(self, text: str, record_id: str) -> None:
        self.text = text
        self.id = record_id


class CookieAnswer(Answer):
    """A response with its cookies."""

    def __init__(self, response: Mapping[str, Any]) -> None:
        super().__init__(response)
        self.cookies: list[str] = response.get("cookies", [])


def request_of(route: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """The event of an authorizer, payload format 2.0, with what a function may read of it."""
    return {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": "arn:aws:execute-api:eu-central-1:123456789012:abcdef123/$default/GET/",
        "identitySource": [*headers.values()],
        "routeKey": route,
        "rawPath": "/sqlite-efs",
        "rawQueryString": "",
        "headers": dict(headers),
        "requestContext": {"http": {"method": "GET", "path": "/sqlite-efs", "sourceIp": "198.51.100.7"}},
    }
