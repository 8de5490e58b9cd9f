from __future__ import annotations

from dataclasses import replace

import pytest

from handlers.jobs.job import FAILED, IMPORT, KEEP_S, RESUME, WAITING, Job
from handlers.jobs.job_table import GREATEST, ID, JobChangedError, JobTable, id_number
from handlers.ledger.ids import new_id
from handlers.ledger.ledger import Ledger
from tests.support.meddling import Clock, MeddledLedger, lose_answer, no_time_limit

NOW_S = 1_700_000_000.0


@pytest.fixture
def now() -> Clock:
    return Clock(NOW_S)


@pytest.fixture
def jobs(ledger: Ledger, now: Clock) -> JobTable:
    return JobTable(ledger.client, ledger.table_name, now)


def job(jobs: JobTable, state: str = WAITING, **more: str) -> Job:
    made = Job(id=new_id(), kind=IMPORT, created_s=NOW_S, state=state)
    return jobs.save(replace(made, **more), no_time_limit())  # type: ignore[arg-type]


def test_a_job_comes_back_as_it_was_saved(jobs: JobTable) -> None:
    saved = job(jobs, order=RESUME)
    assert (saved.revision, saved.saved_s) == (1, NOW_S)
    assert jobs.get(saved.id, no_time_limit()) == saved


def test_of_two_who_change_a_job_the_second_has_to_look_again(jobs: JobTable) -> None:
    before = job(jobs)
    jobs.save(replace(before, rows_done=1), no_time_limit())
    with pytest.raises(JobChangedError) as raised:
        jobs.save(replace(before, rows_done=2), no_time_limit())
    assert raised.value.job == replace(before, rows_done=2)
    found = jobs.get(before.id, no_time_limit())
    assert found is not None
    assert found.rows_done == 1


def test_no_job_is_made_twice(jobs: JobTable) -> None:
    made = job(jobs)
    with pytest.raises(JobChangedError):
        jobs.save(replace(made, revision=0, name="other"), no_time_limit())


def test_a_save_whose_answer_got_lost_is_as_good_as_any(ledger: Ledger, now: Clock) -> None:
    meddled = MeddledLedger(ledger, put_item=[lose_answer])
    saved = job(JobTable(meddled.client, ledger.table_name, now))
    assert JobTable(ledger.client, ledger.table_name, now).get(saved.id, no_time_limit()) == saved


def test_a_job_past_its_time_is_gone(jobs: JobTable, now: Clock) -> None:
    made = job(jobs)
    now.pass_s(KEEP_S)
    assert jobs.get(made.id, no_time_limit()) is None
    assert jobs.newest(10, no_time_limit()) == ([], False)


def test_jobs_are_found_newest_first_of_all_states_or_one(jobs: JobTable) -> None:
    made = [job(jobs, state) for state in (WAITING, FAILED, WAITING)]
    ids = sorted((each.id for each in made), reverse=True)
    found, has_more = jobs.newest(2, no_time_limit())
    assert ([each.id for each in found], has_more) == (ids[:2], True)
    found, has_more = jobs.newest(2, no_time_limit(), before_id=ids[1])
    assert ([each.id for each in found], has_more) == (ids[2:], False)
    assert [each.id for each in jobs.every(FAILED, no_time_limit)] == [made[1].id]


def test_every_job_of_a_state_is_found_page_by_page(jobs: JobTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.jobs.job_table.PAGE_JOBS", 2)
    made = {job(jobs).id for _ in range(5)}
    assert {each.id for each in jobs.every(WAITING, no_time_limit)} == made


def test_an_id_is_a_number_that_the_table_can_hold() -> None:
    assert id_number("0" * 25 + "Z") == 31
    assert id_number("0" + "Z" * 25) == GREATEST - 1 < 10**38
    assert ID.fullmatch(new_id())
    assert not ID.fullmatch("1" + "0" * 25)
