from __future__ import annotations

import json
from pathlib import Path

import pytest

from handlers.domain.bookmark import Bookmark
from handlers.events.event import MOST_FAULT_CHARACTERS, Event, snapshot_published
from handlers.jobs.importing import GONE
from tests.handlers.events.samples import AT, NOW_S, TABLE, diverged, ended
from tests.support.files import MemoryLedger, Place

DAY_S = 24 * 3600


def test_a_snapshot_tells_of_its_bookmark_and_what_it_holds(tmp_path: Path) -> None:
    published = Place(tmp_path).publish(MemoryLedger(3))
    event = snapshot_published(TABLE, published, NOW_S)
    assert (event.id, event.type, event.at) == ("snapshot.published/shop-dev/1000.3", "snapshot.published", AT)
    assert event.data == {
        "bookmark": "1000.3",
        "rows": 3,
        "bytes": published.size_bytes,
        "segments": 1,
        "hash": f"{published.hash:032x}",
        "build": "full",
    }
    assert event.attributes == {"type": "snapshot.published", "table": TABLE, "epoch": "1000"}
    assert event.subject == "shop-dev: snapshot 1000.3 published"


@pytest.mark.parametrize("event", [diverged(), ended()], ids=lambda event: event.type)
def test_the_json_says_everything_and_is_read_again(event: Event) -> None:
    assert json.loads(event.to_text()) == {
        "version": "1",
        "id": event.id,
        "type": event.type,
        "at": AT,
        "table": TABLE,
        "data": event.data,
    }
    assert Event.from_text(event.to_text()) == event


@pytest.mark.parametrize(
    "text",
    ["", "7", "{}", diverged().to_text().replace('"1"', '"2"', 1), diverged().to_text().replace(".diverged", ".eaten")],
    ids=["nothing", "a number", "no members", "another version", "another type"],
)
def test_other_text_is_no_event(text: str) -> None:
    with pytest.raises(ValueError):
        Event.from_text(text)


def test_a_fault_found_again_as_the_ledger_grows_is_the_same_event_until_the_next_day() -> None:
    first = diverged("With the rows up to 1000.9, what is published is not the ledger")
    later = diverged(
        "With the rows up to 1000.12, what is published is not the ledger",
        bookmark=Bookmark(1000, 12),
        now_s=NOW_S + 60,
    )
    assert later.id == first.id
    assert diverged().id != first.id
    assert diverged(bookmark=Bookmark(1001, 9)).id != diverged().id
    assert diverged(now_s=NOW_S + DAY_S).id != diverged().id


def test_a_fault_is_told_and_a_very_long_one_is_cut() -> None:
    assert diverged().data == {"bookmark": "1000.9", "fault": "Row 7 of the snapshot 1000.7 is not the ledger's"}
    assert diverged().attributes == {"type": "ledger.diverged", "table": TABLE, "epoch": "1000"}
    assert len(diverged("x" * 2000).data["fault"]) == MOST_FAULT_CHARACTERS


def test_a_job_tells_how_it_ended_and_how_far_it_came() -> None:
    event = ended()
    assert (event.type, event.at) == ("job.failed", AT)
    assert event.id == f"job.failed/shop-dev/01HF7YAT00000000000000000A/{AT}"
    assert event.data == {
        "id": "01HF7YAT00000000000000000A",
        "kind": "import",
        "name": "products.csv",
        "created_at": "2023-11-14T22:00:00.000Z",
        "started_at": "2023-11-14T22:00:03.000Z",
        "ended_at": AT,
        "attempts": 3,
        "rows": 2000,
        "rows_done": 1200,
        "rows_rejected": 1,
        "bookmark": "1000.1200",
        "error": GONE,
    }
    assert event.attributes == {"type": "job.failed", "table": TABLE, "epoch": "1000", "kind": "import"}


def test_a_job_that_fails_again_is_another_event() -> None:
    assert ended().id == ended(attempts=4).id
    assert ended().id != ended(ended_at="2023-11-15T00:00:00.000Z").id


def test_a_job_without_a_bookmark_cannot_be_filtered_by_epoch() -> None:
    assert "epoch" not in ended(bookmark=None).attributes


@pytest.mark.parametrize(
    ("event", "subject"),
    [
        (diverged(), "shop-dev: diverged: Row 7 of the snapshot 1000.7 is not the ledger's"),
        (ended(), "shop-dev: import of products.csv failed"),
        (ended(state="succeeded"), "shop-dev: import of products.csv succeeded"),
        (ended(kind="rebuild", name=None), "shop-dev: rebuild 01HF7YAT00000000000000000A failed"),
        (ended(name="Übersicht\nMärz.csv"), "shop-dev: import of ?bersicht?M?rz.csv failed"),
        (ended(name="x" * 200), "shop-dev: import of " + "x" * 79),
    ],
    ids=["diverged", "failed", "succeeded", "without a name", "not ASCII", "long"],
)
def test_a_subject_says_the_matter_in_a_line_that_an_email_can_have(event: Event, subject: str) -> None:
    assert event.subject == subject
