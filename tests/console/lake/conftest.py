from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from console.lake.place import LakePlace
from console.terminal import Steps
from handlers.aws.objects import Objects
from handlers.lake.lake import Lake
from handlers.ledger.ledger import Ledger
from tests.handlers.lake.scene import new_objects, restore, shrink_pages
from tests.support.files import make_rows
from tests.support.meddling import EPOCH, appender, drafts, no_time_limit, put_rows

BRANCH = EPOCH + 1


@pytest.fixture
def steps() -> Steps:
    """Nobody watches."""
    return Steps(Console(file=io.StringIO()))


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Pages of ten rows."""
    yield shrink_pages(monkeypatch)


@pytest.fixture
def empty(ledger: Ledger) -> LakePlace:
    """A ledger of two roots, a page and a half under the first, one of whose rows was left; its lake has no object."""
    place = LakePlace(ledger, new_objects())
    put_rows(ledger, make_rows(15))
    restore(ledger, 14, BRANCH)
    appender(ledger).append(drafts(9), no_time_limit())
    return place


@pytest.fixture
def filled(ledger: Ledger) -> LakePlace:
    """The same ledger, with its lake, which has the row that was left."""
    objects = new_objects()
    put_rows(ledger, make_rows(15))
    fill(ledger, objects)
    restore(ledger, 14, BRANCH)
    appender(ledger).append(drafts(9), no_time_limit())
    fill(ledger, objects)
    return LakePlace(ledger, objects)


def fill(ledger: Ledger, objects: Objects) -> None:
    assert Lake(ledger, objects).write(60.0)["is_done"]
