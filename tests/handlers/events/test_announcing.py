"""What is told outside, by whom, and how often; and that nothing that fails there fails the work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from handlers import command
from handlers.events.announcing import AnnouncingPublisher, make_publisher
from handlers.events.event import Event
from handlers.events.outbox import Outbox
from handlers.ledger.ledger import Ledger
from handlers.projector import Projector
from handlers.settings import Settings
from handlers.snapshots.publish import Publisher
from handlers.snapshots.published import DivergedError, LeftError
from handlers.snapshots.rebuild import Rebuild
from handlers.telemetry.usage import Usage
from handlers.upkeep.findings import VerificationError
from tests.handlers.events.samples import NOW_S, TABLE
from tests.support.api import Answer, Api, Context, event, failed, record
from tests.support.files import MemoryLedger, Place, publish
from tests.support.meddling import MeddledLedger, client_error, head_of, refuse, set_head


class Noted(Outbox):
    """An outbox that keeps the events here."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def put(self, event: Event) -> None:
        self.events.append(event)

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(event.type, event.data["bookmark"]) for event in self.events]


class Office:
    """A ledger in memory, folders, and an outbox that keeps what is told."""

    def __init__(self, folder: Path) -> None:
        self.ledger = MemoryLedger()
        self.ledger.table_name = TABLE
        self.place = Place(folder)
        self.outbox = Noted()

    def publisher(self) -> AnnouncingPublisher:
        """Of a sandbox that starts cold."""
        return AnnouncingPublisher(self.ledger, self.place.settings, self.outbox, lambda: NOW_S)

    def publish(self, *, compact: bool = False) -> None:
        publish(self.publisher(), self.ledger, compact=compact)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_each_new_bookmark_is_told_once(office: Office) -> None:
    for _ in range(2):
        office.ledger.grow(3)
        office.publish()
        office.publish()
    assert office.outbox.told == [("snapshot.published", "1000.3"), ("snapshot.published", "1000.6")]
    assert [event.data["build"] for event in office.outbox.events] == ["full", "incremental"]


def test_an_empty_ledger_and_a_new_epoch_are_news(office: Office) -> None:
    office.publish()
    office.ledger.grow(3)
    office.publish()
    office.ledger.epoch = 2000
    office.ledger.branch(2000, 3)
    office.publish()
    assert [bookmark for _, bookmark in office.outbox.told] == ["1000.0", "1000.3", "2000.3"]


def test_files_that_are_merged_are_no_news(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("handlers.snapshots.chain.MERGED_ROWS", 1)
        for _ in range(3):
            office.ledger.grow(3)
            office.publish()
    del office.outbox.events[:]
    files = len(list(office.place.snapshots.iterdir()))
    office.publish(compact=True)
    assert len(list(office.place.snapshots.iterdir())) > files
    assert office.outbox.told == []


def test_a_rebuild_tells_of_what_it_has_built(office: Office) -> None:
    office.ledger.grow(3)
    rebuilt = Rebuild(office.publisher(), office.place.settings).go_on(office.ledger.bookmark, Usage())
    assert rebuilt.build == "full"
    assert office.outbox.told == [("snapshot.published", "1000.3")]


def test_a_rebuild_by_ranges_tells_of_what_it_has_built(office: Office) -> None:
    office.ledger.grow(30)
    rebuild = Rebuild(office.publisher(), office.place.settings)
    goal, spans = rebuild.plan(None, 10)
    for span in spans:
        rebuild.build(goal, span, 60.0, Usage())
    assert office.outbox.told == []
    assert rebuild.publish(goal, 60.0, Usage()) is not None
    assert office.outbox.told == [("snapshot.published", "1000.30")]
    assert office.outbox.events[0].data["build"] == "full"


def test_a_divergence_is_told_and_remains_an_error(office: Office) -> None:
    office.ledger.grow(3)
    office.publish()
    del office.ledger.stored[1:]
    with pytest.raises(DivergedError):
        office.publish()
    (_, event) = office.outbox.events
    assert event.type == "ledger.diverged"
    assert event.data == {"bookmark": "1000.1", "fault": "The snapshot 1000.3 reaches beyond the ledger's head 1000.1"}


def test_a_ledger_that_was_restored_meanwhile_is_no_fault(office: Office) -> None:
    office.ledger.grow(3)
    late = office.ledger.bookmark
    office.ledger.branch(2000, 3)
    office.ledger.epoch = 2000
    with pytest.raises(LeftError):
        office.publisher().publish(late, Usage())
    assert office.outbox.told == []


def test_nobody_listens_unless_it_is_switched_on(ledger: Ledger, tmp_path: Path) -> None:
    place = Place(tmp_path)
    assert type(make_publisher(ledger, place.settings)) is Publisher
    listened_to = make_publisher(ledger, Settings({"NOTIFICATIONS": "on"}))
    assert type(listened_to) is AnnouncingPublisher


# By the functions


def events_of(ledger: Ledger) -> list[tuple[str, str]]:
    """What was put down, as type and bookmark."""
    answer = ledger.client.query(
        TableName=ledger.table_name,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "event"}},
    )
    found = [Event.from_text(item["event"].get("S", "")) for item in answer["Items"]]
    return sorted((event.type, event.data["bookmark"]) for event in found)


class Functions:
    """Command and projector of one table, with notifications on or off, and puts of events that fail, or not."""

    def __init__(self, ledger: Ledger, environ: dict[str, str], *, fails: bool = False, **changed: str) -> None:
        settings = Settings(environ | {"NOTIFICATIONS": "on"} | changed)
        self.ledger = MeddledLedger(
            ledger, {"put_item": refuse(client_error("AccessDeniedException"))} if fails else {}
        )
        self._router = command.make_router(self.ledger, settings)
        self.project = Projector(self.ledger, settings)

    def post(self, path: str, body: str = "{}") -> Answer:
        return Answer(self._router(event("POST", path, body, {"content-type": "application/json"}), None))

    def puts(self) -> int:
        """How many events were put so far, or failed to be."""
        items: list[dict[str, Any]] = [arguments["Item"] for arguments in self.ledger.meddled.arguments_of("put_item")]
        return sum(item["pk"] == {"S": "event"} for item in items)


def test_an_insert_tells_of_its_snapshot_with_one_write(ledger: Ledger, environ: dict[str, str]) -> None:
    functions = Functions(ledger, environ)
    functions.post("/insert")  # makes the ledger
    before = functions.puts()
    bookmark = functions.post("/insert").json["snapshot"]["bookmark"]
    assert functions.puts() == before + 1
    assert events_of(ledger)[-1] == ("snapshot.published", bookmark)


def test_the_projector_tells_of_what_it_publishes_and_of_nothing_that_is_there(
    ledger: Ledger, environ: dict[str, str], api: Api
) -> None:
    functions = Functions(ledger, environ)
    appended = api.post("/insert", prefer="respond-async").json["bookmark"]
    for _ in range(2):
        assert functions.project({"Records": [record(7, head_of(ledger).bookmark)]}, Context()) == failed()
    assert events_of(ledger) == [("snapshot.published", appended)]
    assert functions.puts() == 1


def test_switched_off_nothing_is_put_down(ledger: Ledger, environ: dict[str, str]) -> None:
    functions = Functions(ledger, environ, NOTIFICATIONS="off")
    functions.post("/insert")
    functions.post("/snapshots")
    functions.project({"task": "maintain"}, Context())
    assert functions.puts() == 0


def test_a_put_that_fails_fails_no_work(
    ledger: Ledger, environ: dict[str, str], api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    api.post("/insert")  # makes the ledger
    functions = Functions(ledger, environ, fails=True)
    inserted = functions.post("/insert")
    assert (inserted.status, "warning" in inserted.json) == (201, False)
    assert inserted.json["snapshot"]["rows"] == 2
    api.post("/insert", prefer="respond-async")
    assert functions.post("/snapshots").status == 201
    api.post("/insert", prefer="respond-async")
    assert functions.project({"Records": [record(7, head_of(ledger).bookmark)]}, Context()) == failed()
    assert caplog.text.count("an event was not put down") == functions.puts() == 3
    assert events_of(ledger) == []


def test_a_fault_that_every_sandbox_finds_again_is_told_once(ledger: Ledger, environ: dict[str, str], api: Api) -> None:
    api.post("/insert", {"count": 3})
    before = head_of(ledger)
    api.post("/insert", {"count": 3})
    set_head(ledger, before)
    for _ in range(2):
        functions = Functions(ledger, environ)
        for task in ("maintain", "verify", "maintain"):
            with pytest.raises(VerificationError):
                functions.project({"task": task}, Context())
        assert functions.post("/snapshots").status == 409
        assert functions.puts() == 2  # by the projector's sandbox and the command's
    assert events_of(ledger) == [("ledger.diverged", str(before.bookmark))]
