"""A real client between which and the ledger things go wrong as told, and a clock that only sleeping moves."""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError, ReadTimeoutError

from handlers.aws.dynamodb import Deadline
from handlers.aws.table import page_of, rows_key
from handlers.ledger.appender import Appender
from handlers.ledger.head import HEAD_KEY, Head
from handlers.ledger.ledger import Ledger, Range
from handlers.rows import MODEL
from tests.support.drafts import draft, with_value

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from handlers.model.model import Draft, Row

EPOCH = 1_700_000_000_000

Run = Callable[[], Any]
Fault = Callable[[Run], Any]


class Clock:
    """Seconds that pass only by sleeping, or by `pass_s`."""

    def __init__(self, start_s: float = 1000.0) -> None:
        self.now_s = start_s
        self.slept_s: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    def pass_s(self, seconds: float) -> None:
        self.now_s += seconds

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now_s += seconds

    def deadline(self) -> Deadline:
        return Deadline(self, self.sleep)


class Meddled:
    """Passes every call on to a client, except where a fault is planned for it: one a call, in order; None: none.

    A fault gets the call as a function, and runs it or not.
    """

    def __init__(self, client: DynamoDBClient, plan: dict[str, list[Fault | None]], always: dict[str, Fault]) -> None:
        self._client = client
        self._plan = defaultdict(deque[Fault | None], {name: deque(faults) for name, faults in plan.items()})
        self._always = always
        self._lock = threading.Lock()
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        real = getattr(self._client, name)

        def run(**arguments: Any) -> Any:
            with self._lock:
                self.calls.append((name, arguments))
                fault = self._plan[name].popleft() if self._plan[name] else self._always.get(name)
            return fault(lambda: real(**arguments)) if fault else real(**arguments)

        return run

    def plan(self, name: str, faults: list[Fault | None]) -> None:
        """From now on these faults, one a call."""
        self._plan[name] = deque(faults)

    def arguments_of(self, name: str) -> list[dict[str, Any]]:
        """What a call was made with, each time."""
        return [arguments for called, arguments in self.calls if called == name]


class MeddledLedger(Ledger):
    """A ledger behind such a client."""

    def __init__(self, ledger: Ledger, always: dict[str, Fault] | None = None, **plan: list[Fault | None]) -> None:
        self.meddled = Meddled(ledger.client, plan, always or {})
        super().__init__(cast("DynamoDBClient", self.meddled), ledger.table_name)


def timeout() -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url="http://ledger")


def client_error(code: str, status: int = 400, reasons: list[str] | None = None) -> ClientError:
    response: dict[str, Any] = {
        "Error": {"Code": code, "Message": "as told"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    if reasons is not None:
        response["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return ClientError(cast("Any", response), "Operation")


def lose_answer(run: Run) -> Any:
    run()
    raise timeout()


def lose_request(_run: Run) -> Any:
    raise timeout()


def refuse(error: Exception) -> Fault:
    def fault(_run: Run) -> Any:
        raise error

    return fault


def cancel(*reasons: str) -> Fault:
    return refuse(client_error("TransactionCanceledException", reasons=list(reasons)))


def first(act: Callable[[], object]) -> Fault:
    """Something happens just before the call."""

    def fault(run: Run) -> Any:
        act()
        return run()

    return fault


def no_time_limit() -> Deadline:
    """For tests of many writers: on a slow machine they may take their time."""
    return Deadline(clock=lambda: 0.0)


def no_pauses() -> Deadline:
    """For tests that are to be quick: without a limit, and without waiting between attempts."""
    return Deadline(clock=lambda: 0.0, sleep=lambda _: None)


def appender(ledger: Ledger, epoch: int = EPOCH, now: Callable[[], float] = lambda: 1_700_000_000.25) -> Appender:
    return Appender(ledger, lambda: epoch, lambda _made: None, now)


def drafts(count: int, start: int = 0) -> list[Draft]:
    """Rows that can be told apart. The emulator denies a resend with "1.0": it made it "1"."""
    kept = (made for made in map(draft, itertools.count()) if not is_changed(made))
    return list(itertools.islice(kept, start, start + count))


def is_changed(made: Draft) -> bool:
    """Tell whether the emulator spells a number of this draft otherwise."""
    item = MODEL.to_item(MODEL.row_of(1, "", made, ""))
    return any(attribute.get("N", "").endswith(".0") for attribute in item.values())


def head_of(ledger: Ledger) -> Head:
    """The head of a ledger that is there."""
    head = ledger.head(no_time_limit())
    assert head is not None
    return head


def all_rows(ledger: Ledger) -> list[Row]:
    """Everything that the head says is there. Fails where a row is missing, or the head stands for other rows."""
    head = head_of(ledger)
    span = Range(head.roots, 1, head.seq)
    found = [row for page in ledger.rows(span, no_time_limit()) for row in page]
    assert [row[0] for row in found] == list(range(1, head.seq + 1))
    proven = Head.new(head.epoch).plus(found)
    assert (head.hash, head.stats.to_text()) == (proven.hash, proven.stats.to_text())
    return found


def remove_head(ledger: Ledger) -> None:
    """Nobody knows of a ledger any more; its rows stay."""
    ledger.client.delete_item(TableName=ledger.table_name, Key=HEAD_KEY)


def set_head(ledger: Ledger, head: Head) -> None:
    """What replacing a ledger amounts to."""
    ledger.client.put_item(TableName=ledger.table_name, Item={**HEAD_KEY, **head.to_item()})


def put_rows(ledger: Ledger, made: list[Row], epoch: int = EPOCH) -> Head:
    """Rows straight into the table, and a head that says so: quicker than appending."""
    for start in range(0, len(made), 25):
        requests: list[Any] = [
            {
                "PutRequest": {
                    "Item": {
                        "pk": {"S": rows_key(epoch, page_of(row[0]))},
                        "sk": {"N": str(row[0])},
                        **MODEL.to_item(row),
                    }
                }
            }
            for row in made[start : start + 25]
        ]
        ledger.client.batch_write_item(RequestItems={ledger.table_name: requests})
    head = Head.new(epoch).plus(made)
    set_head(ledger, head)
    return head


def row_of(seq: int, value: float = 0.5, created_at: str = "2026-01-01T00:00:00.000Z") -> Row:
    return with_value(MODEL.row_of(seq, f"{seq:026d}", draft(seq), created_at), value)
