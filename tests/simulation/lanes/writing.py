"""The lanes that write: sandboxes of the command function, and somebody at the console who restores."""

from __future__ import annotations

import json
import random

import httpx

from console.data.branches import find_target, read_prefix, restore
from console.errors import ConsoleError
from handlers import command
from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem
from handlers.ledger.ledger import Ledger
from handlers.model.model import Draft
from handlers.rows import MODEL
from handlers.settings import STREAM
from tests.simulation.lanes.lane import Lane, Serve, shown
from tests.simulation.plan import Operation
from tests.simulation.surroundings.table import TableClient
from tests.support.api import Answer, event


class WritingLane(Lane):
    """Sandboxes of the command function."""

    def start(self) -> None:
        self.serve: Serve = command.make_handler(self.environ())

    def ask(self, path: str, content: object, expected: set[int], **headers: str) -> Answer:
        """POST, and check that the status is one that is documented here."""
        made = event("POST", path, json.dumps(content), {"content-type": "application/json", **headers})
        answer = Answer(self.serve(made, None))
        self.world.note(f"{answer.status} {shown(answer)}")
        expected = expected - {503} if self.invariants.is_calm else expected
        self.invariants.check(answer.status in expected, f"POST {path}: {answer.status} {answer.text}")
        return answer

    def insert(self, operation: Operation, **headers: str) -> None:
        drafts = drafts_of(operation, self.world.seed)
        if operation.target:
            headers["idempotency-key"] = operation.target
        epoch = self.invariants.head.epoch
        expected = {201, 202, 503, 409} if operation.target else {201, 202, 503}
        answer = self.ask("/insert", {"items": [*map(MODEL.draft_fields, drafts)]}, expected, **headers)
        if answer.status in (201, 202):
            is_awaited = "prefer" not in headers and self.world.settings.get("PROJECTION") != STREAM
            self.invariants.check((answer.status == 201) == is_awaited, f"insert: {answer.status}")
            self.invariants.check_inserted(answer.json, drafts)
            is_moved = epoch != self.invariants.head.epoch
            warning = str(answer.json.get("warning", ""))
            self.invariants.check("another history" not in warning or is_moved, f"insert: {warning}")
        else:
            self.invariants.check_ids(answer.json.get("ids", []))

    def append(self, operation: Operation) -> None:
        self.insert(operation, prefer="respond-async")

    def compact(self, operation: Operation) -> None:
        self.publish({})

    def rebuild(self, operation: Operation) -> None:
        self.publish({"full": True})

    def new_epoch(self, operation: Operation) -> None:
        self.publish({"new_epoch": True})

    def publish(self, content: dict[str, object]) -> Answer:
        """POST /snapshots. It is diverged only where another epoch has begun meanwhile."""
        epoch = self.invariants.head.epoch
        answer = self.ask("/snapshots", content, {200, 201, 409, 503})
        if answer.status in (200, 201):
            self.invariants.check_snapshot(answer.json["snapshot"])
        elif answer.status == 409:
            is_moved = "new_epoch" in content or epoch != self.invariants.head.epoch
            self.invariants.check(is_moved, f"POST /snapshots: {answer.text}")
        return answer


class ConsoleLane(WritingLane):
    """Somebody who restores; the console is killed with the function that it talks to."""

    url = "http://simulated"

    def restore(self, operation: Operation) -> None:
        """Go back so many rows, or to any point of another history."""
        luck, histories = self.process.luck, self.invariants.histories
        epoch = luck.choice(sorted(histories)) if histories and luck.random() < 0.4 else self.invariants.head.epoch
        known = len(histories[epoch].texts) if epoch in histories else 0
        ledger = Ledger(TableClient(self.world), "ledger")  # pyright: ignore[reportArgumentType] - as much as is called
        try:
            target = find_target(ledger, str(Bookmark(epoch, max(0, known - operation.amount))))
            restored = restore(ledger, self, read_prefix(ledger, target, lambda _: None))  # pyright: ignore[reportArgumentType]
        except (ConsoleError, Problem) as error:
            self.world.note(f"not restored: {error}")
        else:
            self.invariants.check_point(Bookmark.parse(str(restored.bookmark)))

    def get(self, path: str) -> httpx.Response:
        """Stand in for the console's client."""
        return self._response(Answer(self.serve(event("GET", path), None)))

    def post(self, path: str, content: dict[str, object]) -> httpx.Response:
        """Stand in for the console's client."""
        return self._response(self.publish(content))

    def _response(self, answer: Answer) -> httpx.Response:
        if answer.status >= 400:
            raise ConsoleError(answer.text, "")
        return httpx.Response(answer.status, text=answer.text, request=httpx.Request("GET", self.url))


def drafts_of(operation: Operation, seed: int) -> list[Draft]:
    """Return the rows of an insert: with one key always the same; no two operations have a row in common."""
    luck = random.Random(f"{seed} key {operation.target}" if operation.target else operation.seed)
    count = luck.choice((1, 1, 2, 4, 7)) if operation.target else operation.amount
    return [MODEL.random_draft(luck) for _ in range(count)]
