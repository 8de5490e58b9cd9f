"""Tables and their rows, put into DynamoDB: every row is looked at before the first one is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.data.ledger import explain_errors
from console.errors import INTERRUPTED, ConsoleError
from console.migration.plan import PlannedTable
from console.migration.targets.dynamodb.batches import BatchWriter
from console.migration.targets.dynamodb.items import ItemFaultError, ItemForm
from console.migration.targets.dynamodb.state import CopyState, CopyStateFile
from console.migration.targets.dynamodb.tables import check_table, ensure_table
from console.terminal import Advance, Steps
from console.wording import rows, visible

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MOST_FAULTS = 10
RowsFrom = Callable[[PlannedTable, int], Iterable[Sequence[Any]]]


@dataclass(frozen=True)
class DynamoCopy:
    """The outcome.

    Attributes:
        rows: by DynamoDB's names.
        known: how many were in before.
        made: the tables that are new.
    """

    rows: dict[str, int]
    known: int
    made: tuple[str, ...]


class ItemTransfer:
    """The tables that go to DynamoDB.

    Args:
        prefix: of their names there.
        rows_from: gives a table's rows, but for so many of the first.
        steps: shows what is done.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        tables: Sequence[PlannedTable],
        prefix: str,
        rows_from: RowsFrom,
        steps: Steps,
    ) -> None:
        self._client = client
        self._tables = {f"{prefix}{table.target}": table for table in tables}
        self._rows_from = rows_from
        self._steps = steps

    def check(self) -> None:
        """Look at every row. Raises ConsoleError that names those which cannot be items."""
        faults: list[str] = []
        for name, table in self._tables.items():
            check_table(table, name)
        for table in self._tables.values():
            with self._steps(f"check {visible(table.target)}, {rows(table.rows)}", table.rows) as advance:
                faults += self._faults(table, advance, MOST_FAULTS - len(faults))
        if faults:
            message = f"{'; '.join(faults)}; nothing was written to DynamoDB"
            raise ConsoleError(message, "mend these rows, leave them out, or let the table go to PostgreSQL")

    def run(self, file: CopyStateFile, state: CopyState, *, replaces: bool) -> DynamoCopy:
        """Write what is not in. Raises ConsoleError that says how much is."""
        made = list[str]()
        total = sum(table.rows for table in self._tables.values())
        try:
            with explain_errors():
                for name, table in self._tables.items():
                    known = state.identities.get(name, "")
                    ensured = ensure_table(self._client, table, name, known=known, may_have_items=replaces)
                    made += [name] * ensured.is_new
                    state = file.save(state.within(name, ensured.identity))
                known_rows = sum(state.rows.values())
                for name, table in self._tables.items():
                    state = self._write(name, table, file, state)
        except (ConsoleError, KeyboardInterrupt) as error:
            reason, code = (str(error), error.code) if isinstance(error, ConsoleError) else ("interrupted", INTERRUPTED)
            done = sum(file.load().rows.values())
            message = f"{reason}; {done:,} of {rows(total)} are in DynamoDB"
            hint = error.hint if isinstance(error, ConsoleError) else "the same command goes on"
            raise ConsoleError(message, hint, code) from error
        return DynamoCopy(state.rows, known_rows, tuple(made))

    def _write(self, name: str, table: PlannedTable, file: CopyStateFile, state: CopyState) -> CopyState:
        done = state.rows[name]
        with (
            self._steps(f"write {visible(name)}, {rows(table.rows - done)}", table.rows - done) as advance,
            BatchWriter(self._client, name) as writer,
        ):

            def written(count: int) -> None:
                nonlocal state
                state = file.save(state.after(name, count))
                advance(count)

            writer.write(ItemForm(table).items(self._rows_from(table, done)), written)
        return state

    def _faults(self, table: PlannedTable, advance: Advance, most: int) -> list[str]:
        form, faults, keys = ItemForm(table), list[str](), set[bytes]()
        for row in self._rows_from(table, 0):
            try:
                key = form.key_digest(form.item(row))
                if key in keys:
                    raise form.fault(row, None, "has a key that another row has")
                keys.add(key)
            except ItemFaultError as fault:
                faults.append(str(fault))
                if len(faults) >= most:
                    break
            advance(1)
        return faults
