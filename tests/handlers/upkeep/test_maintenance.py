from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from handlers.aws.dynamodb import Deadline
from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem, unavailable
from handlers.ledger.head import HEAD_KEY, Head
from handlers.ledger.ledger import Ledger, Range
from handlers.model.model import Row
from handlers.snapshots.publish import Publisher
from handlers.snapshots.published import DivergedError
from handlers.upkeep.findings import FULL, QUICK, Finding, VerificationError
from handlers.upkeep.maintenance import FULL_EVERY_S, Maintenance
from handlers.upkeep.verification import Verifier
from tests.handlers.upkeep.site import Site, Ticking, small_pages
from tests.support.files import MemoryLedger, count_of, flip_bit, make_row, names_in
from tests.support.meddling import EPOCH, Clock, head_of

HOUR_S = 3600.0
LIMIT_S = 100.0


@pytest.fixture
def site(ledger: Ledger, tmp_path: Path) -> Site:
    return Site(ledger, tmp_path)


def maintenance(site: Site, clock: Clock | None = None, *, verifies_fully: bool = False) -> Maintenance:
    """That of a sandbox that starts cold."""
    used = clock or Clock()
    publisher = Publisher(site.ledger, site.place.settings, used)
    verifier = site.verifier(clock=used)
    verifier._publisher = publisher  # pyright: ignore[reportPrivateUsage] - one sandbox has one
    return Maintenance(site.ledger, publisher, verifier, verifies_fully=verifies_fully, now=site.now, clock=used)


def maintain(site: Site, *, verifies_fully: bool = False) -> dict[str, Any]:
    return maintenance(site, verifies_fully=verifies_fully).maintain(LIMIT_S)


def test_without_a_ledger_there_is_nothing_to_do_and_none_is_made(site: Site) -> None:
    done = maintain(site, verifies_fully=True)
    assert (done.keys(), done["bookmark"], done["quick"]["is_right"]) == ({"bookmark", "quick"}, "0.0", True)
    assert names_in(site.place.snapshots) == []
    assert site.verifier().last(FULL) is None


def test_a_ledger_that_is_gone_while_its_snapshots_stand_is_an_error(site: Site) -> None:
    site.fill(3)
    site.ledger.client.delete_item(TableName=site.ledger.table_name, Key=HEAD_KEY)
    fault = f"The snapshots reach up to {EPOCH}.3, and the table has no ledger"
    with pytest.raises(VerificationError, match=fault):
        maintain(site)
    for level in (QUICK, FULL):
        with pytest.raises(VerificationError, match=fault):
            maintenance(site).verify(level, LIMIT_S)


def test_what_was_published_in_the_time_there_was_is_no_error(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.snapshots.maker.BATCH_ROWS", 10)
    clock = Clock()
    site.grow(35)
    publisher = Publisher(Slow(site.ledger, clock), site.place.settings, clock)
    verifier = Verifier(site.ledger, publisher, site.now, clock)
    slow = Maintenance(site.ledger, publisher, verifier, verifies_fully=False, now=site.now, clock=clock)
    assert slow.maintain(4.0) == {"bookmark": f"{EPOCH}.10", "is_done": False}
    assert maintain(site)["bookmark"] == f"{EPOCH}.35"


class Slow(Ledger):
    """A ledger of which each batch takes five seconds."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        super().__init__(ledger.client, ledger.table_name)
        self._clock = clock

    def rows(self, span: Range, deadline: Deadline) -> Iterator[list[Row]]:
        self._clock.pass_s(5)
        return super().rows(span, deadline)


def test_what_nobody_has_published_is_published(site: Site) -> None:
    site.grow(3)
    done = maintain(site)
    (path,) = site.segments()
    assert done == {
        "bookmark": f"{EPOCH}.3",
        "segments": 1,
        "build": "full",
        "written_bytes": path.stat().st_size,
        "quick": {
            "bookmark": f"{EPOCH}.3",
            "checked_at": "2023-11-14T22:13:20.000Z",
            "is_right": True,
            "fault": None,
            "last_fault": None,
            "last_fault_at": None,
        },
    }
    assert count_of(site.place.on_efs()) == 3
    again = maintain(site)
    assert (again["build"], again["written_bytes"]) == ("none", 0)


def test_the_small_files_that_requests_leave_become_few(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.snapshots.chain.MERGED_ROWS", 1)  # by requests
    site.fill(*[2] * 12)
    assert len(site.segments()) == 12
    done = maintain(site)
    assert (done["bookmark"], done["segments"], done["build"]) == (f"{EPOCH}.24", 1, "incremental")
    assert count_of(site.place.on_efs()) == 24


def test_what_is_past_its_time_goes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.fill(2, 2, 2)
    oldest, older, newest = (path.name for path in site.segments())
    published = {oldest: 0.0, older: HOUR_S, newest: 2 * HOUR_S}
    monkeypatch.setattr("handlers.snapshots.retention.linked_s", lambda path: published[Path(path).name])  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] - of a path
    orphan = site.place.staging / "orphan.tmp"
    orphan.touch()
    os.utime(orphan, (0, 0))
    maintain(site)
    assert names_in(site.place.snapshots) == [older, newest]
    assert not orphan.exists()


# Verification


def test_quickly_each_time_and_never_fully_unless_that_is_wanted(site: Site) -> None:
    site.fill(3)
    assert [set(maintain(site)) & {QUICK, FULL} for _ in range(2)] == [{QUICK}] * 2
    assert site.verifier().last(FULL) is None


def test_fully_once_a_day(site: Site) -> None:
    site.fill(3)
    done: list[bool] = []
    for _ in range(49):
        done.append(FULL in maintain(site, verifies_fully=True))
        site.now.pass_s(HOUR_S)
    assert [hour for hour, is_full in enumerate(done) if is_full] == [0, 24, 48]
    assert FULL_EVERY_S < 24 * HOUR_S


def test_fully_each_hour_until_a_fault_is_gone(site: Site) -> None:
    site.fill(3)
    site.change_row(2)
    for _ in range(2):
        with pytest.raises(VerificationError, match=r"full verification at .*do not have the hash"):
            maintain(site, verifies_fully=True)
        site.now.pass_s(HOUR_S)
    site.put_row(make_row(2))
    assert maintain(site, verifies_fully=True)[FULL]["is_right"]
    site.now.pass_s(HOUR_S)
    assert FULL not in maintain(site, verifies_fully=True)


def test_one_that_takes_longer_goes_on_each_time_until_it_is_done(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    small_pages(monkeypatch)
    site.fill(20, 15, 10)
    seen: list[object] = []
    for _ in range(9):
        done = maintenance(site, Ticking(), verifies_fully=True).maintain(14)
        seen.append(done.get(FULL))
        site.now.pass_s(HOUR_S)
        if site.verifier().last(FULL):
            break
    *parts, last = seen
    assert isinstance(last, dict)
    assert last["is_right"] is True  # pyright: ignore[reportUnknownMemberType] - a dictionary of JSON
    goals = [part["goal"] for part in parts if isinstance(part, dict)]  # pyright: ignore[reportUnknownVariableType]
    assert goals == [f"{EPOCH}.45"] * len(parts)
    assert parts


def test_after_a_publish_that_took_all_the_time_a_full_one_still_reads_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_pages(monkeypatch)
    site.fill(45)
    clock = Clock()
    work = maintenance(site, clock, verifies_fully=True)
    original = work._publish  # pyright: ignore[reportPrivateUsage]

    def slow(bookmark: Bookmark, limit_s: float) -> dict[str, object]:
        clock.pass_s(limit_s + 15)
        return original(bookmark, limit_s)

    monkeypatch.setattr(work, "_publish", slow)
    done = work.maintain(LIMIT_S)
    assert done[FULL] == {"goal": f"{EPOCH}.45", "reached": f"{EPOCH}.10", "segments": 0}


@pytest.mark.parametrize("level", ["", "fast", None, 1, ["full"]], ids=repr)
def test_an_unknown_level_names_those_there_are(site: Site, level: Any) -> None:
    with pytest.raises(ValueError, match="allowed: quick, full"):
        maintenance(site).verify(level, LIMIT_S)


# Faults

Wrong = Callable[[Site], object]


def publish_beyond(site: Site) -> None:
    site.place.publish(MemoryLedger(9, EPOCH))


def publish_other_rows(site: Site) -> None:
    """The snapshot's rows are others, as its hash tells once a row is added to them."""
    for path in site.segments():
        path.unlink()
    stranger = MemoryLedger(3, EPOCH)
    stranger.stored[0] = (1, *stranger.stored[1][1:])
    stranger.stored[1] = (2, *MemoryLedger(1).stored[0][1:])
    site.place.publish(stranger)
    site.grow(1)


@pytest.mark.parametrize(
    ("diverge", "said"),
    [(publish_beyond, "reaches beyond the ledger's head"), (publish_other_rows, "is not the ledger")],
)
def test_divergence_is_an_error_and_is_kept_as_a_finding(site: Site, diverge: Wrong, said: str) -> None:
    site.fill(3)
    diverge(site)
    before = names_in(site.place.snapshots)
    with pytest.raises(VerificationError, match=f"^quick verification at {head_of(site.ledger).bookmark}: .*{said}"):
        maintain(site, verifies_fully=True)
    last = site.verifier().last(QUICK)
    assert last is not None
    assert said in last.fault
    assert names_in(site.place.snapshots) == before


def test_divergence_that_only_verification_finds_is_an_error_too(site: Site) -> None:
    site.fill(3)
    publish_beyond(site)
    for level in (QUICK, FULL):
        with pytest.raises(VerificationError, match=f"^{level} verification"):
            maintenance(site).verify(level, LIMIT_S)


def test_a_damaged_segment_is_an_error_once_and_made_again(site: Site) -> None:
    site.fill(3)
    (path,) = site.segments()
    flip_bit(path, 40_007)
    with pytest.raises(VerificationError, match=rf"in quarantine now: {path.name}"):
        maintain(site)
    assert len(names_in(site.place.quarantine)) == 1
    assert names_in(site.place.snapshots) == [path.name]  # the same rows are the same bytes
    assert count_of(site.place.on_efs()) == 3
    assert maintain(site)[QUICK]["is_right"]


@pytest.mark.parametrize("level", [QUICK, FULL])
def test_a_verification_that_finds_damage_makes_it_again(site: Site, level: str) -> None:
    site.fill(3)
    (path,) = site.segments()
    flip_bit(path, 40_007)
    with pytest.raises(VerificationError, match="in quarantine now"):
        maintenance(site).verify(level, LIMIT_S)
    assert names_in(site.place.snapshots) == [path.name]
    assert count_of(site.place.on_efs()) == 3


@pytest.mark.parametrize(
    "error", [unavailable("The ledger is away"), OSError(5, "Input/output error"), DivergedError("another history")]
)
def test_what_keeps_it_from_being_made_again_hides_no_fault(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    site.fill(3)
    site.change_row(2)
    work = maintenance(site)

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(work, "_publish", fail)
    with pytest.raises(VerificationError, match="do not have the hash"):
        work.verify(FULL, LIMIT_S)
    assert "nothing was mended" in caplog.text


def test_a_restore_while_it_publishes_is_no_fault(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.fill(3)
    work = maintenance(site)
    original = work._publish  # pyright: ignore[reportPrivateUsage]
    begun: list[Head] = []

    def restored_first(bookmark: Bookmark, limit_s: float) -> dict[str, object]:
        if not begun:
            begun.append(site.restore())
        return original(bookmark, limit_s)

    monkeypatch.setattr(work, "_publish", restored_first)
    done = work.maintain(LIMIT_S)
    assert done["bookmark"] == str(begun[0].bookmark)
    assert site.verifier().last(QUICK) == Finding(QUICK, str(begun[0].bookmark), "2023-11-14T22:13:20.000Z")


def test_while_the_ledger_is_away_nothing_is_found(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.fill(3)

    def away(*_: object) -> None:
        raise unavailable("The ledger is away")

    with monkeypatch.context() as patch:
        patch.setattr(site.ledger, "head", away)
        with pytest.raises(Problem, match="away"):
            maintain(site)
    assert site.verifier().last(QUICK) is None


def test_a_build_that_was_not_done_in_time_is_no_finding_and_goes_on_next_time(site: Site) -> None:
    site.grow(3)
    with pytest.raises(Problem, match="ask again to go on"):
        maintenance(site).maintain(0.0)
    assert site.verifier().last(QUICK) is None
    assert maintain(site)["bookmark"] == f"{EPOCH}.3"
