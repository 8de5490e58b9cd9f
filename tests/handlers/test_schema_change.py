"""Two versions of `handlers/rows.py` side by side over one ledger: both write, publish and read, forth and back.

The newer one has a column more, a filter more and another table. Nobody ever gets a 503, and every path of either
version answers each `Min-Bookmark` with the right rows, whoever wrote or published them.
"""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from handlers.aws.dynamodb import Deadline
from handlers.aws.table import page_of, rows_key
from handlers.ledger.ledger import Ledger
from handlers.model.columns import Number, Text
from handlers.model.model import Model
from tests.handlers.versions import Version
from tests.support.api import SOURCES, Answer
from tests.support.meddling import set_head

OLD = """
from handlers.model.columns import Number, Text
from handlers.model.model import Model

MODEL = Model("randoms", Number("amount", statistics=True), Text("city", max_length=50))
"""
BEFORE = OLD.replace("MODEL =", "BEFORE =")
NEW = (
    BEFORE
    + """
MODEL = Model(
    "payments",
    Number("amount", statistics=True),
    Text("currency", choices=("EUR", "USD"), default="EUR", filter=True),
    Text("city", max_length=50, filter=True),
    replaces=BEFORE,
)
"""
)
UPGRADED = (
    BEFORE
    + """
MODEL = Model(
    "payments",
    Number("amount", statistics=True),
    Text("currency", choices=("EUR", "USD"), filter=True),
    Text("city", max_length=50, filter=True),
    replaces=BEFORE,
    upgrade=lambda row: {**row, "currency": "USD" if row["city"] == "Boston" else "EUR"},
)
"""
)
FINISHED = NEW.replace("    replaces=BEFORE,\n", "")
CITIES = ("Rome", "Boston", "Oslo")


@dataclass
class Side:
    """A version, and what its clients see of a row."""

    version: Version
    shown: Callable[[dict[str, Any]], dict[str, Any]]
    is_new: bool


@dataclass
class Play:
    """The rows as they were written, and the sides that are on stage."""

    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    bookmark: str = ""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def send(self, side: Side, *request: Any, **headers: str) -> Answer:
        answer = side.version.send(*request, **headers)
        assert answer.status < 400, (request, headers, answer.status, answer.text)
        return answer

    def insert(self, side: Side, **headers: str) -> Answer:
        """Insert three rows; a new version gives them currencies."""
        given = [{"amount": number * 0.25, "city": CITIES[number % 3]} for number in itertools.islice(self.numbers, 3)]
        if side.is_new:
            given = [row | {"currency": currency} for row, currency in zip(given, ("EUR", "USD", "EUR"), strict=True)]
        answer = self.send(side, "POST", "/insert", {"items": given}, "", **headers)
        self.bookmark = answer.headers["snapshot-bookmark"]
        assert answer.status in (201, 202)
        for row_id, row in zip(answer.json["ids"], given, strict=True):
            self.rows.append({"id": row_id, "by_new": side.is_new, **row})
        return answer

    def check(self, *sides: Side) -> None:
        """Read everything by every path of every side, at the last bookmark."""
        for side in sides:
            expected = [side.shown(row) for row in self.rows]
            for source in SOURCES:
                self._check_path(side, source, expected)
            for source in SOURCES[:2]:
                sql = {"sql": f"SELECT * FROM {side.version.model.table} ORDER BY seq"}
                rows = self.send(side, "POST", f"{source}/sql", sql, "", min_bookmark=self.bookmark).json["rows"]
                assert [row[1] for row in rows] == [row["id"] for row in expected]

    def _check_path(self, side: Side, source: str, expected: list[dict[str, Any]]) -> None:
        page = self.page(side, source)
        assert [{name: row[name] for name in expected[0]} for row in page] == expected, (source, self.bookmark)
        assert {*page[0]} == {*expected[0], "created_at"}
        assert self.page(side, source, f"&as_of={self.bookmark}") == page
        stats = self.send(side, "GET", f"{source}/stats", None, "", min_bookmark=self.bookmark).json["stats"]
        assert (stats["count"], stats["max"]) == (len(expected), max(row["amount"] for row in expected))
        one = self.send(side, "GET", f"{source}/{page[-1]['id']}", None, "", min_bookmark=self.bookmark)
        assert one.json["data"] == page[-1]
        for name, value in (("currency", "EUR"), ("currency", "USD"), ("city", "Boston")) if side.is_new else ():
            found = self.page(side, source, f"&{name}={value}")
            assert found == [row for row in page if row[name] == value], (source, name, value)

    def page(self, side: Side, source: str, more: str = "") -> list[dict[str, Any]]:
        answer = self.send(side, "GET", source, None, f"limit=1000&order=asc{more}", min_bookmark=self.bookmark)
        return answer.json["data"]


def as_old(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "amount", "city")}


def with_default(row: dict[str, Any]) -> dict[str, Any]:
    return {**as_old(row), "currency": row.get("currency", "EUR")}


def upgraded(row: dict[str, Any]) -> dict[str, Any]:
    meant = "USD" if row["city"] == "Boston" else "EUR"
    return {**as_old(row), "currency": row["currency"] if row["by_new"] else meant}


def sides_of(environ: dict[str, str], source: str = NEW, old_source: str = OLD) -> tuple[Side, Side]:
    """The old version and the new one, each in a sandbox of its own."""
    old = Version(old_source, {**environ, "TMP_DIR": f"{environ['TMP_DIR']}-old"})
    new = Version(source, {**environ, "TMP_DIR": f"{environ['TMP_DIR']}-new"})
    shown = upgraded if source == UPGRADED else with_default
    return Side(old, as_old, is_new=False), Side(new, shown, is_new=True)


@pytest.mark.parametrize("source", [NEW, UPGRADED], ids=["default", "upgrade"])
def test_forth_and_back(environ: dict[str, str], source: str) -> None:
    old, new = sides = sides_of(environ, source)
    play = Play()
    # Who writes, publishes and is read: the new one joins, is alone, the old one is back, alone, and the new one again.
    for stage in ((old,), sides, (new,), sides, (old,), (new,)):
        if play.rows:
            play.check(*stage)  # whoever joins is read before he has written or published
        for side in stage:
            play.insert(side)
            play.check(*stage)
        for side in stage:
            play.send(side, "POST", "/snapshots", {})
    play.check(*sides)
    for side in sides:
        assert side.version.task("verify", level="full")["is_right"]


def test_what_one_appends_the_other_may_publish_first(environ: dict[str, str]) -> None:
    old, new = sides_of({**environ, "PROJECTION": "stream"})
    play = Play()
    play.insert(old)
    new.version.task("maintain")
    play.insert(new)
    play.send(old, "POST", "/snapshots", {})
    play.check(old, new)
    assert {row["currency"] for row in play.page(new, "/sqlite-efs")} == {"EUR", "USD"}
    assert play.page(new, "/sqlite-tmp", "&refresh=1") == play.page(new, "/sqlite-tmp")


def test_a_call_is_carried_out_once_whichever_version_it_is_sent_to_again(environ: dict[str, str]) -> None:
    play = Play()
    for first, second in itertools.permutations(sides_of(environ)):
        items = {"items": [{"amount": 1, "city": "Rome"}, {"amount": 2, "city": "Oslo"}]}
        key = f"key-{first.is_new}"
        answers = [play.send(side, "POST", "/insert", items, "", idempotency_key=key) for side in (first, second)]
        assert answers[0].json["ids"] == answers[1].json["ids"]


def test_a_table_and_a_filter_alone(environ: dict[str, str]) -> None:
    renamed = BEFORE + 'MODEL = Model("payments", *BEFORE.columns[:1], Text("city", filter=True), replaces=BEFORE)'
    old, new = sides_of(environ, renamed)
    play = Play()
    for side in (old, new, old):
        play.insert(Side(side.version, as_old, is_new=False))
        for reader in (old, new):
            play.check(Side(reader.version, as_old, is_new=False))
    assert [row["city"] for row in play.page(new, "/sqlite-tmp", "&city=Oslo")] == ["Oslo"] * 3


def advance(rows: int) -> None:
    assert rows > 0


def adopted(new: Side, ledger: Ledger, meanwhile: Callable[[], object] = lambda: None, **options: bool) -> bool:
    """End the change, or undo that; something happens before the head is moved. Returns whether it was."""

    happens = iter([meanwhile])
    with new.version.active():
        found = new.version.module("data.adoption", "console")
        store = new.version.module("ledger.ledger").Ledger(ledger.client, ledger.table_name)
        put_head = new.version.module("ledger.branch").put_head

        def put(*arguments: object) -> bool:
            for happening in happens:
                happening()
            return put_head(*arguments)

        found.put_head = put
        return found.adopt(store, advance, **options).is_changed


@pytest.mark.parametrize("source", [NEW, UPGRADED], ids=["default", "upgrade"])
def test_the_end_of_a_change_and_its_undoing(environ: dict[str, str], ledger: Ledger, source: str) -> None:
    old, new = sides_of(environ, source)
    play = Play()
    for side in (old, new):
        play.insert(side)

    adopt = partial(adopted, new, ledger)

    def left_behind() -> list[int]:
        """The schema versions whose files go when nobody has published any for a week."""
        with new.version.active():
            catalog = new.version.module("snapshots.catalog").Catalog(f"{environ['EFS_DIR']}/snapshots")
            catalog.look()
            return sorted({name.schema for name in catalog.foreign})

    assert left_behind() == []
    assert not adopt(dry_run=True)
    play.insert(old)
    assert adopt(lambda: play.insert(old))  # it goes on with what is appended meanwhile
    assert not adopt()
    play.check(new)
    play.insert(new)
    play.send(new, "POST", "/snapshots", {})
    play.check(new)
    assert left_behind() == [old.version.model.schema_version]
    assert new.version.task("verify", level="full")["is_right"]
    refused = old.version.send("POST", "/insert", {"items": [{"amount": 1, "city": "Rome"}]})
    assert (refused.status, refused.json["type"].rpartition(":")[2]) == (409, "other-columns")
    if source == NEW:  # the old version need not be known any more
        finished = Side(Version(FINISHED, environ), with_default, is_new=True)
        play.check(finished)
        play.insert(finished)
        play.check(finished, new)
    else:
        assert adopt(undo=True)
        play.send(new, "POST", "/snapshots", {})
        play.check(old, new)
        play.insert(old)
        play.check(old, new)


def test_a_change_is_ended_where_there_is_one_and_the_head_is_that_of_the_rows(
    environ: dict[str, str], ledger: Ledger
) -> None:
    old, new = sides_of(environ)
    play = Play()
    play.insert(old)
    with pytest.raises(Exception, match="declares no columns in place of others"):
        adopted(old, ledger)

    def leave() -> None:
        play.send(old, "POST", "/snapshots", {"new_epoch": True})

    with pytest.raises(Exception, match="nothing was changed"):
        adopted(new, ledger, leave)
    head = ledger.any_head(Deadline())
    assert head is not None
    set_head(ledger, replace(head, hash=head.hash + 1))
    with pytest.raises(Exception, match="are not what the ledger's head says"):
        adopted(new, ledger)


def test_a_version_that_starts_a_ledger_lets_the_old_one_go_on_with_it(environ: dict[str, str]) -> None:
    old, new = sides_of(environ)
    play = Play()
    for side in (new, old):
        play.insert(side)
        play.check(old, new)


def test_a_restore_during_a_change_leaves_the_ledger_open_to_both(environ: dict[str, str], ledger: Ledger) -> None:
    old, new = sides_of(environ)
    play = Play()
    for side in (old, new, new):
        play.insert(side)
    with new.version.active():
        branches = new.version.module("data.branches", "console")
        store = new.version.module("ledger.ledger").Ledger(ledger.client, ledger.table_name)
        epoch, last = play.bookmark.split(".")
        at = branches.read_prefix(store, branches.find_target(store, f"{epoch}.{int(last) - 3}"), advance)
        new.version.module("ledger.branch").branch_off(store, branches.head_of(store), at, int(epoch) + 1, Deadline())
    play.rows = play.rows[:6]
    play.bookmark = play.send(old, "POST", "/snapshots", {}).headers["snapshot-bookmark"]
    play.check(old, new)
    play.insert(new)
    play.check(old, new)


def test_a_full_verification_holds_the_new_columns_against_the_ledger_too(
    environ: dict[str, str], ledger: Ledger
) -> None:
    old, new = sides_of(environ)
    play = Play()
    for side in (old, new):
        play.insert(side)
    assert new.version.task("verify", level="full")["is_right"]
    head = ledger.any_head(Deadline())
    assert head is not None
    key: Any = {"pk": {"S": rows_key(head.root, page_of(4))}, "sk": {"N": "4"}}
    item: Any = ledger.get(key, Deadline())
    assert item["currency"] == {"S": "EUR"}
    ledger.client.put_item(TableName=ledger.table_name, Item=item | {"currency": {"S": "USD"}})
    assert old.version.task("verify", level="full")["is_right"]
    with pytest.raises(Exception, match="rows 1 to 6 are not the snapshot's in the new columns"):
        new.version.task("verify", level="full")


def test_the_local_stack_goes_on_with_the_table_of_the_columns_before(environ: dict[str, str]) -> None:
    kept: set[str] = set()
    for side in sides_of(environ):
        with side.version.active():
            kept.add(side.version.module("local.project", "console").KEPT)
    assert len(kept) == 1


def test_the_declarations_of_the_document_are_right() -> None:
    text = (Path(__file__).parents[2] / "docs" / "schema-change.md").read_text()
    names: dict[str, Any] = {"Any": Any, "Model": Model, "Number": Number, "Text": Text}
    for block in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        exec(block, names)
    row = names["BEFORE"].row_of(7, "id", (3.0, "Boston"), "2026-01-01T00:00:00.000Z")
    assert names["MODEL"].change.upgraded(row)[2:-1] == (3.0, "USD", "Boston")


def test_a_verification_goes_on_with_what_was_read_by_its_own_columns_alone(environ: dict[str, str]) -> None:
    sides = sides_of(environ)
    play = Play()
    for side in sides:
        play.insert(side)
    for one, other in itertools.permutations(sides):
        begun = one.version.task("verify", level="full", limit_s=0)
        assert "is_right" not in begun
        assert other.version.task("verify", level="full")["is_right"]


def test_a_new_version_that_cannot_read_what_is_published_never_says_that_there_is_nothing(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = sides_of(environ)
    play = Play()
    play.insert(old)
    with new.version.active():
        tail, store = new.version.module("reads.tail"), new.version.module("ledger.ledger").Ledger
        problem = new.version.module("domain.problem").unavailable("DynamoDB is away")

    def head(_: object, _deadline: Deadline) -> None:
        raise problem

    def statuses() -> set[int]:
        paths = [
            path for source in SOURCES[:2] for path in (source, f"{source}/stats", f"{source}/{play.rows[0]['id']}")
        ]
        return {new.version.send("GET", path).status for path in paths}

    for target, name, value in ((tail, "MOST_ROWS", 2), (store, "head", head)):
        with monkeypatch.context() as patch:
            patch.setattr(target, name, value)
            assert statuses() == {503}
    play.check(new)
    shutil.rmtree(f"{environ['EFS_DIR']}/snapshots")
    play.check(new)  # what was shown is never taken back
    with monkeypatch.context() as patch:
        patch.setattr(store, "head", head)
        assert statuses() == {200}


def test_a_change_begins_when_the_one_before_has_ended(environ: dict[str, str], ledger: Ledger) -> None:
    third = NEW.replace("MODEL =", "SECOND =") + (
        'MODEL = Model("third", *SECOND.columns, Text("note", default="-"), replaces=SECOND)'
    )
    _, new = sides_of(environ)
    newest = Version(third, {**environ, "TMP_DIR": f"{environ['TMP_DIR']}-third"})
    play = Play()
    play.insert(new)
    refused = [newest.send("GET", source) for source in SOURCES]
    refused.append(newest.send("POST", "/snapshots", {}))
    assert {answer.status for answer in refused} == {409}
    assert all("adopt the last change first" in answer.text for answer in refused)
    head = ledger.any_head(Deadline())
    assert head is not None
    set_head(ledger, replace(head, columns=head.columns + 1))  # of a model that is none of these
    assert "restore a point" in newest.send("GET", "/ddb").text
    set_head(ledger, head)
    assert adopted(new, ledger)
    play.check(new, Side(newest, lambda row: {**with_default(row), "note": "-"}, is_new=True))


def test_the_columns_before_leave_time_for_ours(environ: dict[str, str], ledger: Ledger) -> None:
    now_s = 0.0
    old, new = sides_of(environ)
    Play().insert(old)
    with new.version.active():
        published = new.version.module("snapshots.publish")
        settings = new.version.module("settings").Settings(environ)
        store = new.version.module("ledger.ledger").Ledger(ledger.client, ledger.table_name)
        publisher = published.Publisher(store, settings, lambda: now_s)
        publish = publisher._before.publish

        def publish_for_long(*arguments: Any, **options: Any) -> Any:
            nonlocal now_s
            now_s += options["limit_s"]  # all that it may take
            return publish(*arguments, **options)

        publisher._before.publish = publish_for_long
        found = publisher.publish(store.head(Deadline()).bookmark, new.version.module("telemetry.usage").Usage())
    assert (found.bookmark.seq, found.missing_rows, now_s) == (3, 0, published.BUILD_LIMIT_S / 2)
