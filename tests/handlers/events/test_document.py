"""docs/notifications.md shows what is sent."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from handlers.events.event import TYPES, Event, snapshot_published
from tests.handlers.events.samples import NOW_S, TABLE, diverged, ended
from tests.support.files import MemoryLedger, Place

DOCUMENT = (Path(__file__).parents[3] / "docs/notifications.md").read_text(encoding="utf-8")
EXAMPLES: dict[str, Any] = {
    found["type"]: found
    for text in re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    if "type" in (found := json.loads(text))
}
ATTRIBUTES = {"type", "table", "epoch", "kind"}


def test_every_event_has_an_example_below_its_name() -> None:
    assert tuple(EXAMPLES) == TYPES
    assert tuple(re.findall(r"^### `(.*)`$", DOCUMENT, re.MULTILINE)) == TYPES


@pytest.mark.parametrize(
    "event",
    [
        ended(),
        ended(state="succeeded", rows_done=1999, attempts=1, bookmark="1000.1999", error=None),
        diverged(),
    ],
    ids=lambda event: event.type,
)
def test_the_examples_are_what_is_sent(event: Event) -> None:
    assert json.loads(event.to_text()) == EXAMPLES[event.type]


def test_a_snapshot_is_told_as_in_the_example(tmp_path: Path) -> None:
    sent = json.loads(snapshot_published(TABLE, Place(tmp_path).publish(MemoryLedger(3)), NOW_S).to_text())
    shown = EXAMPLES["snapshot.published"]
    for name in ("bytes", "hash"):  # by the columns
        sent["data"][name] = shown["data"][name]
    assert sent == shown


@pytest.mark.parametrize("name", sorted(ATTRIBUTES))
def test_every_attribute_is_documented(name: str) -> None:
    assert name in ended().attributes
    assert f"\n| `{name}` |" in DOCUMENT


def test_the_filters_name_attributes_and_types_that_there_are() -> None:
    filters = [json.loads(text) for text in re.findall(r'`(\{"(?:type|table).*?\})` \|', DOCUMENT)]
    assert len(filters) == 4
    for found in filters:
        assert set(found) <= ATTRIBUTES
        for kind in found.get("type", []):
            assert kind in TYPES or any(each.startswith(kind["prefix"]) for each in TYPES)


def test_subjects_are_as_the_document_shows_one() -> None:
    assert f"`{ended().subject}`" in DOCUMENT
