"""Everything on the file system is deleted: what readers answer meanwhile, and one publish brings all of it back."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handlers.domain.bookmark import NOTHING
from handlers.ledger.ledger import Ledger
from handlers.projector import make_handler
from handlers.reads.sqlite_view import SqliteView
from handlers.settings import Settings
from handlers.snapshots.publish import Publisher
from handlers.upkeep.verification import Verifier
from tests.faults.test_restored_table import assert_homes_agree
from tests.support.api import SOURCES, Api, Context
from tests.support.problems import assert_problem

SQLITE_PATHS = ("/sqlite-efs", "/sqlite-tmp")


def lose_everything(environ: dict[str, str]) -> None:
    """Delete what is below EFS_DIR; the folder itself is where the file system is mounted."""
    for entry in Path(environ["EFS_DIR"]).iterdir():
        shutil.rmtree(entry)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers do not wait for a bookmark that does not come."""
    monkeypatch.setattr("handlers.reads.reader.WAIT_S", 0.0)


@pytest.fixture
def bookmark(api: Api) -> str:
    """The newest point of a ledger in several segments, which the sandboxes of `api` have read on every path."""
    for count in (300, 40, 7):
        newest = api.post("/insert", {"count": count}).json["bookmark"]
    for source in SOURCES:
        assert api.get(source).json["bookmark"] == newest
    return newest


@pytest.fixture
def cold(api: Api, bookmark: str, environ: dict[str, str], tmp_path: Path) -> Api:
    """Sandboxes that start after the loss; those of `api` still run."""
    lose_everything(environ)
    (tmp_path / "other").mkdir()
    return Api(environ | {"TMP_DIR": str(tmp_path / "other")})


def stale(read: Callable[..., Any]) -> Callable[..., Any]:
    """Fail the first read as NFS does on a file that another machine has deleted."""
    errors = [OSError(errno.ESTALE, "Stale file handle")]

    def page(*arguments: Any) -> Any:
        if errors:
            raise errors.pop()
        return read(*arguments)

    return page


@pytest.mark.usefixtures("cold")
def test_the_ledgers_own_path_and_a_sandbox_with_a_copy_go_on(api: Api, bookmark: str) -> None:
    for source in ("/ddb", "/sqlite-tmp"):
        answer = api.get(source, min_bookmark=bookmark)
        assert (answer.status, answer.json["bookmark"], answer.json["count"]) == (200, bookmark, 100)


@pytest.mark.usefixtures("cold")
def test_a_sandbox_that_served_more_says_so_when_its_file_is_gone(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SqliteView, "page", stale(SqliteView.page))
    assert_problem(api.get("/sqlite-efs"), "unavailable")
    assert_problem(api.get("/sqlite-tmp", "refresh=1"), "unavailable")


@pytest.mark.parametrize("source", SQLITE_PATHS)
def test_a_new_sandbox_answers_as_before_the_first_publish(cold: Api, bookmark: str, source: str) -> None:
    """It cannot know that anything was there. Whoever names a bookmark is told to come again, and sees no empty set."""
    answer = cold.get(source)
    assert (answer.status, answer.headers["snapshot-bookmark"], answer.json["count"]) == (200, str(NOTHING), 0)
    assert_problem(cold.get(source, min_bookmark=bookmark), "not-there-yet", bookmark)
    assert cold.get("/ddb", min_bookmark=bookmark).json["bookmark"] == bookmark


def test_one_publish_brings_everything_back(
    api: Api, cold: Api, bookmark: str, environ: dict[str, str], ledger: Ledger
) -> None:
    answer = cold.post("/snapshots")
    assert (answer.status, answer.json["snapshot"]["bookmark"], answer.json["snapshot"]["rows"]) == (201, bookmark, 347)
    for some in (api, cold, Api(environ)):
        assert_homes_agree(some, ledger)
        for source in SQLITE_PATHS:
            assert some.get(source, "limit=1", min_bookmark=bookmark).status == 200
    settings = Settings(environ)
    finding = Verifier(ledger, Publisher(ledger, settings)).full(60.0)
    assert (finding.answer()["is_right"], finding.answer()["bookmark"]) == (True, bookmark)


def test_maintenance_brings_everything_back_too(
    cold: Api, bookmark: str, environ: dict[str, str], ledger: Ledger
) -> None:
    done = make_handler(environ)({"task": "maintain"}, Context())
    assert isinstance(done, dict)
    assert_homes_agree(cold, ledger)
    assert cold.get("/sqlite-efs").json["bookmark"] == bookmark


def test_the_next_insert_brings_everything_back_too(cold: Api, bookmark: str, ledger: Ledger) -> None:
    inserted = cold.post("/insert", {"count": 1}).json
    assert inserted["snapshot"]["bookmark"] == inserted["bookmark"] != bookmark
    assert_homes_agree(cold, ledger)
