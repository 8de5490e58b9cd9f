from __future__ import annotations

from itertools import islice
from types import SimpleNamespace

import pytest

from console.data.loading import LoadPlan, generate_drafts, load
from console.data.writers import ApiWriter
from console.errors import ConsoleError


def test_a_row_of_a_seed_is_the_same_however_it_gets_there() -> None:
    whole = [draft for batch in LoadPlan(250, 7, 1, "r", 1000).batches() for draft in batch]
    for size in (1, 99, 250):
        assert [draft for batch in LoadPlan(250, 7, 1, "r", size).batches() for draft in batch] == whole
        assert [draft for batch in LoadPlan(100, 7, 151, "r", size).batches() for draft in batch] == whole[150:]
    assert whole == list(islice(generate_drafts(7), 250))
    assert next(LoadPlan(1, 8, 1, "r", 1).batches()) != whole[:1]
    assert len(set(whole)) > 1


def test_loading_and_publishing_are_timed_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1000.0
    monkeypatch.setattr("console.data.loading.time", SimpleNamespace(monotonic=lambda: now_s))

    class Slow(ApiWriter):
        def __init__(self) -> None:
            """Needs no client."""

        def append(self, key: str, drafts: object) -> str:
            nonlocal now_s
            now_s += 2.0
            return "7.1"

        def publish(self) -> str:
            nonlocal now_s
            now_s += 5.0
            return "7.1"

    loaded = load(Slow(), LoadPlan(300, 2, 1, "r", 100), lambda _: None, "seed")
    assert (loaded.seconds, loaded.publish_seconds, loaded.per_second) == (6.0, 5.0, 50.0)


def test_an_interrupt_before_the_first_row_still_says_how_to_start_again() -> None:
    class Interrupted(ApiWriter):
        def __init__(self) -> None:
            """Needs no client."""

        def append(self, key: str, drafts: object) -> str:
            raise KeyboardInterrupt

    with pytest.raises(ConsoleError, match=r"^interrupted; 0 of 9 rows are in, and perhaps the next 9$") as error:
        load(Interrupted(), LoadPlan(9, 2, 1, "r", 1000), lambda _: None, "seed")
    assert (error.value.code, error.value.hint) == (130, "seed --count 9 --seed 2 --start 1 --run r")
