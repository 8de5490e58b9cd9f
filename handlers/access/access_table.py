"""Codes and sessions in their table. Every method raises Problem (503) where DynamoDB is away."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, NamedTuple

from handlers.access.code import ENDED, key_of, text_of
from handlers.aws.dynamodb import call, transact, write_if
from handlers.aws.sessions_table import (
    BY_TENANT,
    CODE,
    ENTITY_TYPE,
    PARTITION_KEY,
    SESSION,
    TENANT_ID,
    TTL,
)
from handlers.domain.problem import unavailable
from handlers.domain.timestamps import utc_text
from handlers.telemetry.meter import METERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handlers.access.code import Code
    from handlers.access.session import Session
    from handlers.aws.dynamodb import Action, Client, Deadline, Item, QueryArguments, Reads

FAILED = "ConditionalCheckFailed"
IS_OVER = f"attribute_exists({ENDED}) OR {TTL} <= :now"


class PageOrder(NamedTuple):
    """A page of a tenant's codes or sessions.

    Attributes:
        limit: how many are looked at: of those that are over fewer remain.
        after_id: the id that the page before ended with; "" for the first.
    """

    tenant: str
    limit: int
    after_id: str


class AccessTable:
    """One table of codes and sessions.

    Args:
        client: DynamoDB's.
        name: the table's.
    """

    def __init__(self, client: Client, name: str) -> None:
        self.client = client
        self.name = name

    def find(self, kind: str, ids: Iterable[str], deadline: Deadline) -> Item | None:
        """Return the code or session that has one of these ids, as it is at this moment."""
        keys = [key_of(kind, each) for each in ids]
        asked: Reads = {self.name: {"Keys": keys, "ConsistentRead": True}}
        attempt = 0
        while deadline.leaves_an_attempt():
            answer = call(lambda: self.client.batch_get_item(RequestItems=asked), deadline)
            found = answer["Responses"].get(self.name, [])
            if found:
                return found[0]
            if not answer.get("UnprocessedKeys"):
                return None
            attempt += 1
            deadline.pause(attempt)
        raise unavailable("The table is too busy to answer in time", retry_after_s=2)

    def put_new(self, code: Code, deadline: Deadline) -> None:
        """Put a code that nobody else has made; a resend finds its own, which is as good."""
        item = code.to_item()
        condition = f"attribute_not_exists({PARTITION_KEY})"
        write_if(lambda: self.client.put_item(TableName=self.name, Item=item, ConditionExpression=condition), deadline)

    def end(self, kind: str, record_id: str, now_s: float, deadline: Deadline) -> Item | None:
        """Disable a code or end a session, once: who comes second finds it done. Returns it; None if there is none."""
        key = key_of(kind, record_id)
        done = write_if(
            lambda: self.client.update_item(
                TableName=self.name,
                Key=key,
                UpdateExpression=f"SET {ENDED} = if_not_exists({ENDED}, :now)",
                ConditionExpression=f"attribute_exists({PARTITION_KEY})",
                ExpressionAttributeValues={":now": {"S": utc_text(now_s)}},
            ),
            deadline,
        )
        return self.find(kind, [record_id], deadline) if done else None

    def page(self, kind: str, asked: PageOrder, now_s: float, deadline: Deadline) -> tuple[list[Item], str]:
        """Return a page of a tenant's codes, or of its living sessions, from an index that is a moment late.

        Returns:
            The items, and the id that the next page begins after; "" where none follows.
        """
        key: Item = {":kind": {"S": kind}, ":tenant": {"S": asked.tenant}}
        is_over: Item = {":now": {"N": str(int(now_s))}} if kind == SESSION else {}
        arguments: QueryArguments = {
            "TableName": self.name,
            "IndexName": BY_TENANT,
            "KeyConditionExpression": f"{ENTITY_TYPE} = :kind AND {TENANT_ID} = :tenant",
            "ExpressionAttributeValues": key | is_over,
            "Limit": asked.limit,
        }
        if is_over:
            arguments["FilterExpression"] = f"NOT ({IS_OVER})"
        if asked.after_id:
            of_index: Item = {ENTITY_TYPE: key[":kind"], TENANT_ID: key[":tenant"]}
            arguments["ExclusiveStartKey"] = key_of(kind, asked.after_id) | of_index
        answer = call(lambda: self.client.query(**arguments), deadline)
        last = answer.get("LastEvaluatedKey")
        return answer["Items"], text_of(last, PARTITION_KEY).partition("#")[2] if last else ""

    def enter(self, code_id: str, session: Session, now_s: float, deadline: Deadline) -> bool:
        """Take one use of a code and put the session that it is for: both or neither.

        Returns:
            Whether the code could be exchanged. A session that is there already is ours, whose answer got lost.
        """
        actions = self._exchange(code_id, session, now_s)
        attempt = 0
        while deadline.leaves_an_attempt():
            codes = transact(self.client, actions, secrets.token_hex(16), deadline, on_doubt=lambda: None)
            if not codes or codes[-1] == FAILED:
                return True
            if codes[0] == FAILED:
                return False
            attempt += 1
            METERS.conflict()
            deadline.pause(attempt)
        raise unavailable("Too many exchange this code at once", retry_after_s=1)

    def _exchange(self, code_id: str, session: Session, now_s: float) -> list[Action]:
        return [
            {
                "Update": {
                    "TableName": self.name,
                    "Key": key_of(CODE, code_id),
                    "UpdateExpression": "SET uses = uses + :one",
                    "ConditionExpression": f"uses < maxUses AND NOT ({IS_OVER})",
                    "ExpressionAttributeValues": {":one": {"N": "1"}, ":now": {"N": str(int(now_s))}},
                }
            },
            {
                "Put": {
                    "TableName": self.name,
                    "Item": session.to_item(),
                    "ConditionExpression": f"attribute_not_exists({PARTITION_KEY})",
                }
            },
        ]
