"""The tables in DynamoDB: one for each that moves, whose key is the primary key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from console.client.retry import Retry
from console.errors import ConsoleError
from console.migration.plan import PlannedTable
from console.migration.targets.dynamodb.items import SECONDS, attribute_types
from console.wording import joined, visible

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ROLES = ("HASH", "RANGE")
KEY_TYPES = ("S", "N", "B")
ACTIVE_WITHIN_S = 120.0
NAME_CHARACTERS = (3, 255)


def check_table(table: PlannedTable, name: str) -> None:
    """Raise ConsoleError where a planned table can be none in DynamoDB."""
    where, types = f"table {visible(table.name)}", attribute_types(table)
    if not 1 <= len(table.key) <= len(ROLES):
        has = f"{len(table.key)} columns" if table.key else "none"
        message = f"{where}: a key in DynamoDB has one column or two, and the primary key has {has}"
        raise ConsoleError(message, f'name them by a rule: [tables.{table.name}] key = "…"')
    for column in table.key:
        if types[column] not in KEY_TYPES:
            raise ConsoleError(f"{where}, column {visible(column)}: a boolean is no key in DynamoDB", "choose another")
    kinds = {column.target: column.kind for column in table.columns}
    if table.ttl is not None and kinds[table.ttl] not in SECONDS:
        message = f"{where}, column {visible(table.ttl)}: {kinds[table.ttl]} is no time to forget a row at"
        raise ConsoleError(message, f"ttl takes one of: {', '.join(SECONDS)}")
    low, high = NAME_CHARACTERS
    if not low <= len(name) <= high or not all(each.isascii() and (each.isalnum() or each in "_-.") for each in name):
        message = f"{where}: {visible(name)} is no name of a table in DynamoDB ({low} to {high} letters, digits, _ - .)"
        raise ConsoleError(message, "name it by a rule, or give a prefix")


class EnsuredTable(NamedTuple):
    """A table that is there, by the identity that no other table ever has."""

    identity: str
    is_new: bool


def ensure_table(
    client: DynamoDBClient, table: PlannedTable, name: str, *, known: str = "", may_have_items: bool = False
) -> EnsuredTable:
    """Make a table, unless it is there, and let it forget items by their time.

    Args:
        known: the identity of the table that has items of this copy.
        may_have_items: it may have those of anybody.

    Raises ConsoleError where one is there of another form, or with items that nothing was said of.
    """
    is_new = not _exists(client, name)
    if is_new:
        client.create_table(**_definition(table, name))
    description = _active(client, name)
    identity = description["TableId"]
    if not is_new:
        _check_form(table, name, description)
        if (
            not may_have_items
            and identity != known
            and client.scan(TableName=name, Limit=1, ConsistentRead=True)["Count"]
        ):
            message = f"the DynamoDB table {name} has items already"
            raise ConsoleError(message, "choose another prefix, or write over those of the same keys with --replace")
    if table.ttl is not None:
        _forget_by(client, name, table.ttl)
    return EnsuredTable(identity, is_new)


def _exists(client: DynamoDBClient, name: str) -> bool:
    try:
        client.describe_table(TableName=name)
    except client.exceptions.ResourceNotFoundException:
        return False
    return True


def _definition(table: PlannedTable, name: str) -> Any:  # noqa: ANN401 - plain data
    types = attribute_types(table)
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": each, "AttributeType": types[each]} for each in table.key],
        "KeySchema": [{"AttributeName": each, "KeyType": role} for each, role in zip(table.key, ROLES, strict=False)],
    }


def _active(client: DynamoDBClient, name: str) -> Any:  # noqa: ANN401 - plain data
    """Return the description of a table, once it takes items. Raises ConsoleError."""
    retry = Retry(ACTIVE_WITHIN_S)
    while True:
        found: Any = client.describe_table(TableName=name)["Table"]
        if found["TableStatus"] == "ACTIVE":
            return found
        if not retry.pause():
            state = found["TableStatus"]
            raise ConsoleError(f"the DynamoDB table {name} is {state} for {ACTIVE_WITHIN_S:.0f} s", "try again later")


def _check_form(table: PlannedTable, name: str, description: Any) -> None:  # noqa: ANN401
    wanted = _definition(table, name)
    types = {each["AttributeName"]: each["AttributeType"] for each in description["AttributeDefinitions"]}
    found = [(each["AttributeName"], types[each["AttributeName"]]) for each in description["KeySchema"]]
    needed = [(each["AttributeName"], each["AttributeType"]) for each in wanted["AttributeDefinitions"]]
    if found != needed:
        said = joined([f"{column} ({kind})" for column, kind in found])
        message = f"the DynamoDB table {name} has the key {said}, and {visible(table.name)} needs"
        raise ConsoleError(f"{message} {joined([f'{c} ({k})' for c, k in needed])}", "choose another prefix")


def _forget_by(client: DynamoDBClient, name: str, column: str) -> None:
    found: Any = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if found["TimeToLiveStatus"] in ("ENABLED", "ENABLING"):
        if found.get("AttributeName") != column:
            message = f"the DynamoDB table {name} forgets items by {found.get('AttributeName')}, not by {column}"
            raise ConsoleError(message, "choose another prefix, or another ttl by the rules")
        return
    client.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": column})
