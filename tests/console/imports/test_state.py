from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from console.errors import ConsoleError
from console.imports.mapping import Mapping
from console.imports.state import SAFE_S, ImportState, StateFile, begin_or_go_on, identity_of
from handlers.domain.bookmark import Bookmark
from handlers.ledger.idempotency import KEEP_S
from handlers.model.columns import Text
from handlers.model.model import Model
from tests.console.imports.conftest import MODEL

NOW_S = 2_000_000_000.0
HEAD = Bookmark(7, 500)
NEW = ImportState("id", "a.csv", "http://api", HEAD.epoch, str(HEAD), NOW_S)
LATER_S = NOW_S - SAFE_S - 1  # too long ago
PART = replace(NEW, batches=2, rows=2000, bookmark="7.2000", begun_at_s=LATER_S)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.imports.state.time", SimpleNamespace(time=lambda: NOW_S))


def test_a_key_is_safe_for_less_time_than_the_api_knows_it() -> None:
    assert 0 < SAFE_S < KEEP_S


def test_a_first_import_begins() -> None:
    assert begin_or_go_on(None, NEW, HEAD, again=False) == NEW
    assert begin_or_go_on(None, NEW, HEAD, again=True).run


@pytest.mark.parametrize(
    "found",
    [
        PART,
        replace(PART, sent_at_s=NOW_S - SAFE_S + 1),
        replace(PART, sent_at_s=LATER_S, bookmark=str(HEAD)),  # nothing was added since
        replace(PART, run="-x"),
    ],
)
@pytest.mark.parametrize("again", [False, True])
def test_an_import_that_was_cut_short_goes_on(found: ImportState, again: bool) -> None:
    assert begin_or_go_on(found, NEW, HEAD, again=again) == found


def test_a_file_that_is_in_is_in_until_it_is_wanted_again() -> None:
    done = replace(PART, is_complete=True, run="-x")
    assert begin_or_go_on(done, NEW, HEAD, again=False) == done
    anew = begin_or_go_on(done, NEW, HEAD, again=True)
    assert anew.key() not in {NEW.key(), done.key()}
    assert anew == replace(NEW, run=anew.run)


@pytest.mark.parametrize("is_complete", [False, True])
def test_in_another_history_the_same_keys_tell_which_rows_it_holds(is_complete: bool) -> None:
    found = replace(PART, epoch=6, begun_at_s=NOW_S - 5, run="-x", is_complete=is_complete)
    assert begin_or_go_on(found, NEW, HEAD, again=False) == replace(NEW, run="-x", begun_at_s=NOW_S - 5)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (replace(PART, identity="other"), "read as other columns or with other limits"),
        (replace(PART, epoch=6), "but in epoch 6; the ledger is at 7.500"),
        (replace(PART, sent_at_s=LATER_S), "the next ones were sent over a day ago without an answer"),
    ],
)
def test_nothing_is_sent_where_nobody_can_tell_what_is_in(found: ImportState, said: str) -> None:
    with pytest.raises(ConsoleError) as error:
        begin_or_go_on(found, NEW, HEAD, again=False)
    assert str(error.value).startswith("2,000 rows of a.csv are in already")
    assert said in str(error.value)
    unanswered = replace(found, batches=0, rows=0, sent_at_s=LATER_S)
    with pytest.raises(ConsoleError, match=r"^the first rows of a\.csv may be in already[,;] (read|but|they) "):
        begin_or_go_on(unanswered, NEW, HEAD, again=False)
    assert begin_or_go_on(found, NEW, HEAD, again=True).run


def test_keys_tell_batches_runs_and_files_apart() -> None:
    states = [NEW, replace(NEW, run="-x"), replace(NEW, identity="other"), NEW.after(5, Bookmark(7, 505))]
    assert len({state.key() for state in states}) == 4
    assert max(len(state.key()) for state in states) < 100


def test_the_identity_is_of_the_content_its_columns_and_the_model() -> None:
    name, note = MODEL.columns[:2]
    strict = Model("things", Text("name", max_length=5))
    identities = [
        identity_of("digest", Mapping({"a": name}), MODEL),
        identity_of("other", Mapping({"a": name}), MODEL),
        identity_of("digest", Mapping({"a": note}), MODEL),
        identity_of("digest", Mapping({"a": strict.columns[0]}), strict),
    ]
    assert len(set(identities)) == 4
    assert identities[0] == identity_of("digest", Mapping({"a": name}), MODEL)


def test_the_state_is_kept_for_each_file_and_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path / "local"))
    file = StateFile("digest", "http://api")
    assert file.load() is None
    assert file.save(PART) == PART
    assert StateFile("digest", "http://api").load() == PART
    assert StateFile("digest", "http://other").load() is None
    assert StateFile("other", "http://api").load() is None
    assert [path.parent for path in tmp_path.rglob("*.json*")] == [tmp_path / "local" / "imports"]


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"identity": "x"})])
def test_a_state_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path))
    file = StateFile("digest", "http://api")
    file.path.parent.mkdir()
    file.path.write_text(text)
    with pytest.raises(ConsoleError, match="cannot be read"):
        file.load()


def test_a_state_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path / "file"))
    with pytest.raises(ConsoleError, match="cannot be written"):
        StateFile("digest", "http://api").save(NEW)
