"""The lake while the columns change: old pages and new ones, verified by code of either version, then written again."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from handlers.ledger.ledger import Ledger
from tests.handlers.lake.scene import new_objects, s3_client
from tests.handlers.test_schema_change import NEW, OLD
from tests.handlers.versions import Version

PAGE_ROWS = 3


class Side:
    """Code of one version, with a ledger and its lake."""

    def __init__(self, source: str, environ: dict[str, str], ledger: Ledger, bucket: str) -> None:
        self._version = Version(source, environ)
        self._ledger, self._bucket = ledger, bucket
        with self._version.active():
            for name in ("aws.table", "ledger.ledger", "lake.stretches", "lake.writer"):
                self._version.module(name).PAGE_ROWS = PAGE_ROWS

    def insert(self) -> None:
        """Add a page."""
        items = [{"amount": number / 2, "city": "Boston"} for number in range(PAGE_ROWS)]
        assert self._version.send("POST", "/insert", {"items": items}).status == 201

    def write(self) -> int:
        """Do what the worker does. Returns how many pages were put."""
        with self._version.active():
            return self._module("lake.lake").Lake(self._place().ledger, self._place().objects).write(60.0)["pages"]

    def verified(self) -> list[tuple[int, str]]:
        """Verify the lake deeply. Returns the pages that differ, in their order, and why."""
        with self._version.active():
            place = self._place()
            outcome = self._module("lake.verification", "console").verify_lake(
                place, place.head(), self._steps(), deep=True
            )
        return [(int(each.key.partition("page=")[2][:1]), each.fault) for each in outcome.differences]

    def backfill(self) -> int:
        with self._version.active():
            place = self._place()
            return self._module("lake.backfill", "console").backfill(place, place.head(), self._steps()).written

    def adopt(self) -> None:
        with self._version.active(), self._module("terminal", "console").progress("read", PAGE_ROWS) as advance:
            self._module("data.adoption", "console").adopt(self._place().ledger, advance)

    def columns(self, page: int) -> list[str]:
        """Return the names that a page's first line has."""
        with self._version.active():
            place = self._place()
            (key,) = (key for key in place.objects.list_keys("lake/") if f"/page={page}." in key)
            _, texts = self._module("lake.page").unpacked(place.objects.get(key))
        return [part.split('"')[1] for part in texts[0].split(",")]

    def _module(self, name: str, package: str = "handlers") -> Any:
        return self._version.module(name, package)

    def _place(self) -> Any:
        ledger = self._module("ledger.ledger").Ledger(self._ledger.client, self._ledger.table_name)
        objects = self._module("aws.objects").Objects(s3_client(), self._bucket)
        return self._module("lake.place", "console").LakePlace(ledger, objects)

    def _steps(self) -> Any:
        return self._module("terminal", "console").Steps(Console(file=io.StringIO()))


@pytest.fixture
def sides(environ: dict[str, str], ledger: Ledger) -> SimpleNamespace:
    bucket = new_objects().bucket
    return SimpleNamespace(old=Side(OLD, environ, ledger, bucket), new=Side(NEW, environ, ledger, bucket))


def test_pages_of_either_version_are_right_for_both_until_the_change_has_ended(sides: SimpleNamespace) -> None:
    for side in (sides.old, sides.new, sides.old):
        side.insert()
        assert side.write() == 1
    assert (sides.old.verified(), sides.new.verified()) == ([], [])
    assert [sides.new.columns(page) for page in (0, 1)] == [
        ["id", "amount", "city", "created_at"],
        ["id", "amount", "currency", "city", "created_at"],
    ]


def test_once_it_has_ended_older_pages_are_named_and_written_again(sides: SimpleNamespace) -> None:
    for side in (sides.old, sides.new):
        side.insert()
        side.write()
    sides.new.adopt()
    assert sides.new.verified() == [(0, "was written with other columns")]
    assert sides.new.backfill() == 1
    assert sides.new.verified() == []
    assert sides.new.columns(0) == ["id", "amount", "currency", "city", "created_at"]


def test_they_can_be_written_again_before(sides: SimpleNamespace) -> None:
    sides.old.insert()
    sides.old.write()
    assert sides.new.backfill() == 1
    assert "currency" in sides.new.columns(0)
    assert (sides.old.verified(), sides.new.verified()) == ([], [])
