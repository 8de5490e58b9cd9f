from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from console.errors import INTERRUPTED, ConsoleError
from console.migration.targets.dynamodb.batches import GROUP
from console.migration.targets.dynamodb.state import CopyStateFile
from console.migration.targets.dynamodb.tables import ensure_table
from console.migration.targets.dynamodb.transfer import ItemTransfer
from console.terminal import Steps
from tests.support.database.planned import Rows, column, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

    from console.migration.plan import PlannedTable

COUNT = GROUP + 30
ROWS = [(number, f"name {number}") for number in range(COUNT)]


@pytest.fixture
def file(tmp_path: Path, prefix: str, monkeypatch: pytest.MonkeyPatch) -> CopyStateFile:
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path / "local"))
    return CopyStateFile(tmp_path / "app.sqlite", f"dynamodb:{prefix}")


class Tables:
    """Tables with their rows, one of which may be the last that is read before something happens."""

    def __init__(self, client: DynamoDBClient, prefix: str, rows: dict[str, Rows], **others: Any) -> None:
        self.planned = [table(name, each, column("name"), **others) for name, each in rows.items()]
        self.read: list[tuple[str, int]] = []
        self.error: BaseException | None = None
        self._rows = rows
        self._made = (client, self.planned, prefix, self._from, Steps(Console(quiet=True)))

    def transfer(self) -> ItemTransfer:
        return ItemTransfer(*self._made)

    def _from(self, planned: PlannedTable, start: int) -> Iterator[Sequence[Any]]:
        self.read.append((planned.name, start))
        for number, row in enumerate(self._rows[planned.name][start:], start):
            if self.error and number >= GROUP:
                raise self.error
            yield row

    def run(self, file: CopyStateFile, *, replaces: bool = False) -> Any:
        state = file.begin_or_go_on("now", "content", self.planned, anew=replaces)
        return self.transfer().run(file, state, replaces=replaces)


def test_every_table_has_its_own_with_all_rows(
    client: DynamoDBClient, prefix: str, file: CopyStateFile, stored: Callable[[str], list[Any]]
) -> None:
    tables = Tables(client, prefix, {"users": ROWS, "codes": [], "notes": [(5, None)]})
    tables.transfer().check()
    copied = tables.run(file)
    assert copied.rows == {f"{prefix}users": COUNT, f"{prefix}codes": 0, f"{prefix}notes": 1}
    assert copied.made == tuple(copied.rows)
    assert copied.known == 0
    assert stored("users")[0] == {"id": {"N": "0"}, "name": {"S": "name 0"}}
    assert len(stored("users")) == COUNT
    assert stored("notes") == [{"id": {"N": "5"}}]
    again = tables.run(file)
    assert (again.known, again.made) == (COUNT + 1, ())


@pytest.mark.parametrize(
    ("error", "said", "code"),
    [(ConsoleError("away", "wait"), "away", 1), (KeyboardInterrupt(), "interrupted", INTERRUPTED)],
    ids=["error", "interrupt"],
)
def test_what_was_cut_short_goes_on_after_what_is_in(
    client: DynamoDBClient,
    prefix: str,
    file: CopyStateFile,
    stored: Callable[[str], list[Any]],
    *,
    error: BaseException,
    said: str,
    code: int,
) -> None:
    tables = Tables(client, prefix, {"users": ROWS})
    tables.error = error
    with pytest.raises(ConsoleError, match=rf"^{said}; {GROUP} of {COUNT} rows are in DynamoDB$") as raised:
        tables.run(file)
    assert raised.value.code == code
    tables.error = None
    copied = tables.run(file)
    assert (copied.known, copied.rows) == (GROUP, {f"{prefix}users": COUNT})
    assert tables.read == [("users", 0), ("users", GROUP)]
    assert len(stored("users")) == COUNT


@pytest.mark.parametrize("is_made_again", [False, True], ids=["gone", "made again"])
def test_a_table_that_is_another_by_now_gets_all_rows(
    client: DynamoDBClient,
    prefix: str,
    file: CopyStateFile,
    stored: Callable[[str], list[Any]],
    *,
    is_made_again: bool,
) -> None:
    tables = Tables(client, prefix, {"users": ROWS, "notes": [(5, None)]})
    tables.run(file)
    client.delete_table(TableName=f"{prefix}users")
    if is_made_again:
        ensure_table(client, tables.planned[0], f"{prefix}users")
    copied = tables.run(file)
    assert (copied.known, copied.rows) == (1, {f"{prefix}users": COUNT, f"{prefix}notes": 1})
    assert len(stored("users")) == COUNT


def test_items_of_others_are_written_over_only_where_it_is_wanted(
    client: DynamoDBClient, prefix: str, file: CopyStateFile, stored: Callable[[str], list[Any]]
) -> None:
    Tables(client, prefix, {"users": [(1, "ann"), (2, "bob")]}).run(file)
    file.path.unlink()
    tables = Tables(client, prefix, {"users": [(2, "cem")]})
    with pytest.raises(ConsoleError, match=r"users has items already; 0 of 1 row are in DynamoDB"):
        tables.run(file)
    tables.run(file, replaces=True)
    assert [item["name"]["S"] for item in stored("users")] == ["ann", "cem"]


def test_rows_that_can_be_no_items_are_named_before_one_is_written(client: DynamoDBClient, prefix: str) -> None:
    rows = [(1, float("inf")), (2, 1.0), (2, 2.0), *((number, 1e200) for number in range(3, 30))]
    tables = Tables(client, prefix, {})
    tables.planned.append(table("points", rows, column("x", "double precision")))
    tables._rows["points"] = rows  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(ConsoleError) as raised:
        tables.transfer().check()
    complaints = str(raised.value).split("; ")
    assert complaints[0] == "table points, row id 1, column x: inf is no number that DynamoDB has"
    assert complaints[1] == "table points, row id 2: has a key that another row has"
    assert len(complaints) == 11
    assert complaints[-1] == "nothing was written to DynamoDB"
    assert not [name for name in client.list_tables()["TableNames"] if name.startswith(prefix)]


def test_a_table_that_dynamodb_cannot_have_is_named_before_one_is_made(client: DynamoDBClient, prefix: str) -> None:
    with pytest.raises(ConsoleError, match=r"table users: a key in DynamoDB has one column or two"):
        Tables(client, prefix, {"users": [("ann",)]}, key=()).transfer().check()


def test_what_dynamodb_says_is_told(client: DynamoDBClient, prefix: str, file: CopyStateFile) -> None:
    client.create_table(
        TableName=f"{prefix}users",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "other", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "other", "KeyType": "HASH"}],
    )
    with pytest.raises(ConsoleError, match=r"has the key other \(S\), and users needs id \(N\); 0 of 1 row are in"):
        Tables(client, prefix, {"users": [(1, "ann")]}).run(file)
