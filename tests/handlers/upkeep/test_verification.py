from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from handlers.aws.dynamodb import Deadline
from handlers.domain.problem import Problem, unavailable
from handlers.ledger.head import Head
from handlers.ledger.ledger import Ledger
from handlers.snapshots.names import Name
from handlers.telemetry.usage import Usage
from handlers.upkeep import verification
from handlers.upkeep.findings import FULL, QUICK, Finding, Findings
from handlers.upkeep.integrity import check_segment
from handlers.upkeep.progress import Reached, load_progress
from tests.handlers.upkeep.site import AwayAfter, Site, Ticking, row_key, set_stats, small_pages
from tests.support.files import MemoryLedger, flip_bit, make_rows, names_in
from tests.support.meddling import EPOCH, head_of, no_time_limit, put_rows, set_head

COUNTS = (20, 15, 10)
TOTAL = 45


@pytest.fixture
def site(ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """45 rows on five pages, in three segments."""
    small_pages(monkeypatch)
    site = Site(ledger, tmp_path)
    site.fill(*COUNTS)
    return site


def reached(outcome: Finding | Reached) -> tuple[int, int]:
    """How many rows and segments a verification that goes on has seen."""
    assert isinstance(outcome, Reached)
    return outcome.reached.seq, len(outcome.segments)


# What is right


def test_what_is_right_is_found_right_and_that_is_kept(site: Site) -> None:
    expected = Finding("", f"{EPOCH}.{TOTAL}", "2023-11-14T22:13:20.000Z")
    assert site.verifier().quick() == replace(expected, level=QUICK)
    assert site.finding() == replace(expected, level=FULL)
    for level in (QUICK, FULL):
        assert site.verifier().last(level) == replace(expected, level=level)
        assert replace(expected, level=level).is_right
    assert load_progress(Findings(site.ledger), no_time_limit()) is None


def test_a_snapshot_that_lags_behind_is_right(site: Site) -> None:
    site.grow(7)
    assert site.verifier().quick().is_right
    assert site.finding().is_right


def test_before_anything_is_published_the_ledger_is_verified(ledger: Ledger, tmp_path: Path) -> None:
    site = Site(ledger, tmp_path)
    site.grow(3)
    assert site.verifier().quick().is_right
    assert site.finding() == Finding(FULL, f"{EPOCH}.3", "2023-11-14T22:13:20.000Z")
    site.change_row(2)
    assert "the hash that the head says" in site.finding().fault


def test_an_empty_ledger_and_none_at_all_are_right(ledger: Ledger, tmp_path: Path) -> None:
    site = Site(ledger, tmp_path)
    assert site.verifier().last(QUICK) is None
    assert (site.verifier().quick().bookmark, site.finding().bookmark) == ("0.0", "0.0")
    set_head(ledger, Head.new(EPOCH))
    site.publish()
    assert (site.verifier().quick().bookmark, site.finding().bookmark) == (f"{EPOCH}.0", f"{EPOCH}.0")


def test_a_publish_between_the_head_and_the_listing_is_no_fault(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    verifier = site.verifier()
    before = head_of(site.ledger)
    site.grow(5)
    site.publish()
    heads = [before]
    newest = site.ledger.head
    monkeypatch.setattr(site.ledger, "head", lambda deadline: heads.pop() if heads else newest(deadline))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] - as the method
    found = verifier.full(1000)
    assert isinstance(found, Finding)
    assert (found.bookmark, found.fault) == (str(before.bookmark), "")


# What is wrong

Wrong = Callable[[Site], object]


def set_hash(site: Site) -> None:
    set_head(site.ledger, replace(head_of(site.ledger), hash=7))


def publish_stranger(site: Site) -> None:
    """What is published is of another table of the same epoch and length."""
    for path in site.segments():
        path.unlink()
    stranger = MemoryLedger(epoch=EPOCH)
    stranger.stored = make_rows(TOTAL + 1)[1:]
    stranger.stored = [(seq, *row[1:]) for seq, row in enumerate(stranger.stored, 1)]
    site.place.publish(stranger)


def publish_beyond(site: Site) -> None:
    site.place.publish(MemoryLedger(TOTAL + 1, EPOCH))


def publish_newer_epoch(site: Site) -> None:
    site.place.publish(MemoryLedger(3, EPOCH + 1))


def damage(site: Site) -> None:
    flip_bit(site.segments()[1], 40_007)


def change_old_row(site: Site) -> None:
    """The ledger's hash was moved with it, as by another hand; its newest row is what it was."""
    rows = make_rows(TOTAL + 5)
    changed = [rows[0], (2, *rows[7][1:]), *rows[2:]]
    put_rows(site.ledger, changed)


EITHER: list[tuple[Wrong, str]] = [
    (set_hash, "does not hold the ledger's rows"),
    (publish_stranger, "does not hold the ledger's rows"),
    (publish_beyond, "reaches beyond the ledger's head"),
    (publish_newer_epoch, "of a newer ledger than"),
    (damage, "damaged, and are in quarantine now: .*its bytes have the digest"),
]
FULL_ALONE: list[tuple[Wrong, str]] = [
    (lambda site: site.change_row(2), f"rows 1 to {TOTAL} do not have the hash that the snapshot says"),
    (lambda site: site.change_row(TOTAL), f"rows 1 to {TOTAL} do not have the hash that the snapshot says"),
    (lambda site: site.remove_row(12), "lacks 1 of the rows 11 to 20"),
    (lambda site: set_stats(site.ledger), f"rows 1 to {TOTAL} do not have the statistics that the head says"),
    (change_old_row, f"rows 1 to {TOTAL} do not have the hash that the snapshot says"),
]


def name_of(value: object) -> str:
    return value.__name__ if callable(value) else str(value)[:40]


@pytest.mark.parametrize(("make_wrong", "said"), EITHER, ids=name_of)
@pytest.mark.parametrize("level", [QUICK, FULL])
def test_what_hashes_and_digests_tell_both_levels_find(site: Site, make_wrong: Wrong, said: str, level: str) -> None:
    make_wrong(site)
    finding = site.verifier().quick() if level == QUICK else site.finding()
    assert not finding.is_right
    with pytest.raises(Exception, match=said):
        raise finding.error()
    assert site.verifier().last(level) == finding
    assert load_progress(Findings(site.ledger), no_time_limit()) is None


@pytest.mark.parametrize(("make_wrong", "said"), FULL_ALONE, ids=name_of)
def test_what_only_reading_all_tells_a_full_one_finds(site: Site, make_wrong: Wrong, said: str) -> None:
    make_wrong(site)
    assert site.verifier().quick().is_right
    finding = site.finding()
    assert said in finding.fault
    assert site.verifier().last(FULL) == finding


def test_a_hole_at_the_snapshots_end_is_found_by_both(site: Site) -> None:
    site.grow(2)
    site.remove_row(TOTAL)
    for finding in (site.verifier().quick(), site.finding()):
        assert f"lacks 1 of the rows {TOTAL} to {TOTAL}" in finding.fault


def test_a_fault_that_is_gone_is_gone_from_the_next_finding(site: Site) -> None:
    head = head_of(site.ledger)
    set_hash(site)
    assert not site.finding().is_right
    set_head(site.ledger, head)
    assert site.finding().is_right


def test_damage_that_was_in_use_already_is_found_by_a_full_one_and_goes_to_quarantine(site: Site) -> None:
    verifier = site.verifier()
    assert verifier.quick().is_right
    path = site.segments()[1]
    stands = path.stat()
    flip_bit(path, 40_007)
    os.utime(path, ns=(stands.st_atime_ns, stands.st_mtime_ns))  # as decay does
    assert verifier.quick().is_right
    found = verifier.full(1000)
    assert isinstance(found, Finding)
    assert path.name in found.fault
    (moved,) = names_in(site.place.quarantine)
    assert moved.startswith(path.name)
    assert verifier.quick().is_right  # it is told once


def test_damage_that_a_publish_has_found_is_told_by_the_next_verification(site: Site) -> None:
    verifier = site.verifier()
    damage(site)
    verifier._publisher.publish(head_of(site.ledger).bookmark, Usage())  # pyright: ignore[reportPrivateUsage]
    assert "in quarantine now" in verifier.quick().fault
    assert verifier.quick().is_right


def test_the_last_fault_stays_known_when_it_is_gone(site: Site) -> None:
    before = site.ledger.get(row_key(2), no_time_limit()) or {}
    site.change_row(2)
    fault = site.finding()
    assert (fault.last_fault, fault.last_fault_at) == (fault.fault, fault.checked_at)
    site.now.pass_s(3600)
    site.ledger.client.put_item(TableName=site.ledger.table_name, Item=before)
    for _ in range(2):
        found = site.finding()
        assert (found.fault, found.last_fault, found.last_fault_at) == ("", fault.fault, fault.checked_at)


def test_damage_that_could_not_be_told_is_told_next_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    verifier = site.verifier()
    damage(site)

    def away(*_: object) -> None:
        raise unavailable("The ledger is away")

    with monkeypatch.context() as patch:
        patch.setattr(Findings, "keep", away)
        with pytest.raises(Problem):
            verifier.quick()
    assert "in quarantine now" in verifier.quick().fault
    assert verifier.quick().is_right


# In parts


def test_it_goes_on_across_calls_and_sandboxes(site: Site) -> None:
    seen = [reached(site.verifier(clock=Ticking()).full(limit_s)) for limit_s in (1, 1, 1, 1, 5)]
    assert seen == [(10, 0), (20, 0), (30, 0), (40, 0), (45, 1)]
    assert reached(site.verifier(clock=Ticking()).full(4)) == (45, 2)
    assert site.finding().is_right


class CutOffError(BaseException):
    """The function was killed: nothing that it would still do happens."""


def test_a_call_that_is_cut_off_loses_little(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "SAVED_ROWS", 20)
    saved: list[tuple[int, int]] = []
    save = verification.save_progress

    def cut_off_later(findings: Findings, progress: Reached | None, deadline: Deadline) -> None:
        if len(saved) == 3:
            raise CutOffError
        save(findings, progress, deadline)
        saved.append(reached(cast("Reached", progress)))

    monkeypatch.setattr(verification, "save_progress", cut_off_later)
    with pytest.raises(CutOffError):
        site.verifier().full(1000)
    assert saved == [(20, 0), (40, 0), (45, 1)]
    monkeypatch.setattr(verification, "save_progress", save)
    known = load_progress(Findings(site.ledger), no_time_limit())
    assert reached(cast("Reached", known)) == (45, 1)


def test_a_segment_that_cannot_be_done_in_time_is_left_to_a_call_that_has_just_begun(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "CHECKED_ROWS_PER_S", 0.1)  # 100 s for the newest one
    monkeypatch.setattr(verification, "JUST_BEGUN_S", 4.0)
    seen = [reached(site.verifier(clock=Ticking()).full(50)) for _ in range(2)]
    assert [rows for rows, _ in seen] == [45, 45]
    assert seen[0][1] < seen[1][1]
    assert site.finding().is_right


def test_what_was_read_long_ago_is_read_again(site: Site) -> None:
    site.verifier(clock=Ticking()).full(1)
    site.now.pass_s(verification.TOO_OLD_S)
    assert reached(site.verifier(clock=Ticking()).full(1)) == (10, 0)


def test_a_part_tells_how_far_it_is(site: Site) -> None:
    outcome = site.verifier(clock=Ticking()).full(1)
    assert outcome.answer() == {"goal": f"{EPOCH}.{TOTAL}", "reached": f"{EPOCH}.10", "segments": 0}
    assert site.verifier().last(FULL) is None


def test_rows_and_segments_that_come_meanwhile_do_not_change_the_goal(site: Site) -> None:
    site.verifier(clock=Ticking()).full(1)
    site.grow(15)
    site.publish()
    assert site.finding() == Finding(FULL, f"{EPOCH}.{TOTAL}", "2023-11-14T22:13:20.000Z")


def test_what_a_part_has_read_wrong_the_last_one_finds(site: Site) -> None:
    site.change_row(2)
    site.verifier(clock=Ticking()).full(1)
    assert "do not have the hash" in site.finding().fault


@pytest.mark.parametrize("limit_s", [1, 4])
def test_after_a_restore_it_begins_anew(site: Site, limit_s: int) -> None:
    site.verifier(clock=Ticking()).full(limit_s)
    begun = site.restore()
    assert site.finding() == Finding(FULL, str(begun.bookmark), "2023-11-14T22:13:20.000Z")


def test_a_ledger_that_was_set_back_in_its_epoch_begins_anew(site: Site) -> None:
    site.verifier(clock=Ticking()).full(1)
    put_rows(site.ledger, make_rows(TOTAL - 1))
    finding = site.finding()
    assert (finding.bookmark, "reaches beyond" in finding.fault) == (f"{EPOCH}.{TOTAL - 1}", True)


@pytest.mark.parametrize("level", [QUICK, FULL])
def test_a_restore_within_a_call_is_no_fault(site: Site, level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    verifier = site.verifier()
    publisher = verifier._publisher  # pyright: ignore[reportPrivateUsage]
    original = publisher.check_published

    def restored_first(head: Head) -> None:
        monkeypatch.setattr(publisher, "check_published", original)
        site.restore()
        original(head)

    monkeypatch.setattr(publisher, "check_published", restored_first)
    found = verifier.quick() if level == QUICK else verifier.full(1000)
    assert found == Finding(level, str(head_of(site.ledger).bookmark), "2023-11-14T22:13:20.000Z")


def test_segments_that_are_merged_and_removed_meanwhile_are_passed_over(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = site.segments()
    looked_into: list[Name] = []

    def check(path: str, name: Name) -> None:
        if not looked_into:
            site.publish(compact=True)
            for removed in old:
                removed.unlink()
        looked_into.append(name)
        check_segment(path, name)

    monkeypatch.setattr(verification, "check_segment", check)
    assert site.finding().is_right
    assert [(name.first, name.last) for name in looked_into] == [(36, 45), (1, 45)]
    assert not site.place.quarantine.exists()


# What is away


def test_what_was_read_of_a_ledger_that_goes_away_is_kept(site: Site) -> None:
    with pytest.raises(Problem, match="away"):
        site.verifier(AwayAfter(site.ledger, 2)).full(1000)
    assert site.verifier().last(FULL) is None
    kept = load_progress(Findings(site.ledger), no_time_limit())
    assert kept is not None
    assert kept.reached.to_item() == Head.new(EPOCH).plus(make_rows(20)).to_item()
    assert reached(site.verifier(clock=Ticking()).full(1)) == (30, 0)
    assert site.finding().is_right


def test_what_was_looked_into_before_efs_went_away_is_kept(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_into: list[Name] = []

    def check(path: str, name: Name) -> None:
        if len(looked_into) == 1:
            looked_into.append(name)
            raise OSError(errno.EIO, "Input/output error")
        looked_into.append(name)
        check_segment(path, name)

    monkeypatch.setattr(verification, "check_segment", check)
    with pytest.raises(OSError, match="Input/output error"):
        site.verifier().full(1000)
    assert site.verifier().last(FULL) is None
    assert site.finding().is_right
    assert [name.last for name in looked_into] == [45, 35, 35, 20]


@pytest.mark.parametrize("level", [QUICK, FULL])
def test_without_the_file_system_there_is_no_finding(site: Site, level: str) -> None:
    site.place.efs.rename(site.place.efs.with_name("away"))
    verifier = site.verifier()
    with pytest.raises(FileNotFoundError):
        if level == QUICK:
            verifier.quick()
        else:
            verifier.full(1000)
    assert verifier.last(level) is None


def test_without_time_a_page_is_read_all_the_same(site: Site) -> None:
    assert reached(site.verifier().full(0.0)) == (10, 0)
