"""The lanes that read: every answer is held against the prefix of the history that it names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import urlencode

from handlers import query
from handlers.domain.bookmark import NOTHING, Bookmark
from tests.simulation.lanes.lane import Lane, Serve, shown
from tests.simulation.plan import Operation
from tests.support.api import Answer, event
from tests.support.drafts import value_of

ALL = {"limit": "1000", "order": "asc"}
LEAST = 0.5  # of a filtered page
EXPECTED = {200, 304, 404, 409, 503}


class ReadingLane(Lane):
    """Sandboxes of the query function.

    Attributes:
        served: by path, the newest bookmark that this sandbox has answered with.
        tags: by path, the entity tag of the last whole page, with its bookmark.
    """

    check_interval_ms = "0"

    def start(self) -> None:
        more = {"CHECK_INTERVAL_MS": self.check_interval_ms}
        self.serve: Serve = query.make_handler(self.environ(**more))
        self.served: dict[str, Bookmark] = {}
        self.tags: dict[str, tuple[str, Bookmark]] = {}

    def page(self, operation: Operation) -> None:
        self.read(operation, ALL)

    def newest(self, operation: Operation) -> None:
        self.read(operation, {"limit": "3"})

    def filtered(self, operation: Operation) -> None:
        self.read(operation, ALL | {"min_value": str(LEAST)})

    def stats(self, operation: Operation) -> None:
        self.read(operation, {}, "/stats")

    def row(self, operation: Operation) -> None:
        known = [
            row_id for epoch in sorted(self.invariants.histories) for row_id in self.invariants.histories[epoch].places
        ]
        if known:
            self.read(operation, {}, f"/{self.process.luck.choice(known)}")

    def as_of(self, operation: Operation) -> None:
        """Read a point of the history that is published."""
        newest = self.invariants.acknowledged
        point = Bookmark(newest.epoch, self.process.luck.randint(0, newest.seq))
        self.read(operation, ALL | {"as_of": str(point)})

    def again(self, operation: Operation) -> None:
        """Ask for the whole page again, if it has changed."""
        tag = self.tags.get(operation.target)
        self.read(operation, ALL, **({"if-none-match": tag[0]} if tag else {}))

    def list(self, operation: Operation) -> None:
        """GET /snapshots: each entry's hash is the history's."""
        answer = Answer(self.serve(event("GET", "/snapshots"), None))
        self.invariants.check(answer.status in (200, 503), f"GET /snapshots: {answer.status} {answer.text}")
        for entry in answer.json.get("snapshots", []):
            self.invariants.check_snapshot(entry, is_news=False)

    def read(self, operation: Operation, parameters: Mapping[str, str], tail: str = "", **headers: str) -> None:
        """Ask, and check the answer."""
        asked = self._min_bookmark(operation.amount)
        if asked != NOTHING:
            headers["min-bookmark"] = str(asked)
        path, _, fresh = operation.target.partition("?")
        parameters = {**parameters, **({"fresh": "1"} if fresh else {})}
        promised = self._promised(operation)
        made = event("GET", f"/{path}{tail}", None, headers, urlencode(parameters))
        answer = Answer(self.serve(made, None))
        self.world.note(f"{answer.status} {shown(answer)}")
        expected = EXPECTED - {503} if self.world.is_calm else EXPECTED
        self.invariants.check(answer.status in expected, f"GET /{path}{tail}: {answer.status} {answer.text}")
        if answer.status in (200, 304):
            bookmark = Bookmark.parse(answer.headers["snapshot-bookmark"])
            self._check_bookmark(operation.target, parameters, bookmark, asked, promised)
            self._check_content(operation.target, parameters, tail, answer, bookmark)
        elif answer.status == 404:
            self._check_not_found(path, tail.removeprefix("/"), answer, asked)
        elif answer.status == 409:
            named = {asked, Bookmark.parse(parameters.get("as_of", "0.0"))} - {NOTHING}
            is_replaced = answer.json["type"].endswith("epoch-replaced") and any(
                each.epoch < self.invariants.head.epoch for each in named
            )
            self.invariants.check(is_replaced, f"409: {answer.text}")

    def _min_bookmark(self, which: int) -> Bookmark:
        known = self.invariants.bookmarks
        if not which or not known:
            return NOTHING
        return known[-1] if which == 1 else self.process.luck.choice(known)

    def _promised(self, operation: Operation) -> Bookmark:
        """Return what an answer has to hold at least, however the sandbox came to it."""
        if operation.target.startswith("sqlite") and "?" not in operation.target:
            is_sure = self.check_interval_ms == "0" and not operation.faults
            return self.invariants.acknowledged if is_sure else NOTHING
        return self.invariants.head.bookmark

    def _check_bookmark(
        self, target: str, parameters: Mapping[str, str], bookmark: Bookmark, asked: Bookmark, promised: Bookmark
    ) -> None:
        check = self.invariants.check
        if "as_of" in parameters:
            check(str(bookmark) == parameters["as_of"], f"as_of {parameters['as_of']} was answered at {bookmark}")
            return
        is_held = asked == NOTHING or (bookmark.epoch == asked.epoch and bookmark >= asked)
        check(is_held, f"Min-Bookmark {asked} was answered at {bookmark}")
        check(
            bookmark >= promised or self.process.had_trouble, f"{target} answered {bookmark} when {promised} was there"
        )
        before = self.served.get(target, NOTHING)
        check(bookmark >= before, f"{target} went back from {before} to {bookmark}")
        self.served[target] = bookmark

    def _check_content(
        self, target: str, parameters: Mapping[str, str], tail: str, answer: Answer, bookmark: Bookmark
    ) -> None:
        history = self.invariants.check_point(bookmark)
        texts = history.texts[: bookmark.seq]
        if answer.status == 304:
            _, tagged = self.tags[target]
            self.invariants.check(tagged == bookmark, f"{target} says that {bookmark} is like {tagged}")
            return
        if tail == "/stats":
            expected = f'"stats":{json.dumps(history.stats(bookmark.seq))},'
        elif tail:
            seq = history.places.get(tail[1:], 0)
            expected = f'"data":{history.texts[seq - 1]},' if 0 < seq <= bookmark.seq else "no such row"
        else:
            if "min_value" in parameters:
                kept = [row[0] for row in history.rows[: bookmark.seq] if value_of(row) >= LEAST]
                texts = [texts[seq - 1] for seq in kept]
            texts = texts if "order" in parameters else texts[::-1][: int(parameters["limit"])]
            expected = f'"count":{len(texts)},"data":[{",".join(texts)}],'
        self.invariants.check(expected in answer.text, f"{target}{tail} is wrong at {bookmark}: {answer.text[:300]}")
        if parameters == ALL:
            self.tags[target] = answer.headers["etag"], bookmark

    def _check_not_found(self, path: str, row_id: str, answer: Answer, asked: Bookmark) -> None:
        """Check that a row is not there; without a bookmark the index of `ddb` may not know it yet."""
        named = re.search(r"at the bookmark (\d+\.\d+)", answer.json["detail"])
        self.invariants.check(named is not None, f"404: {answer.text}")
        bookmark = Bookmark.parse(named[1] if named else "")
        seq = self.invariants.check_point(bookmark).places.get(row_id)
        is_there = seq is not None and seq <= (asked.seq if path == "ddb" else bookmark.seq)
        self.invariants.check(not is_there, f"{path} does not find row {seq} at {bookmark}")


class PatientReadingLane(ReadingLane):
    """Sandboxes that look for a newer snapshot once a second."""

    check_interval_ms = "1000"
