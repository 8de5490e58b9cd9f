from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from handlers.aws.bucket import Bucket
from handlers.aws.queue import Queue
from handlers.aws.sdk import ServiceError
from handlers.jobs.job import FAILED, REBUILD, RESUME, RUNNING, Job
from handlers.jobs.job_table import JobTable
from handlers.jobs.sweep import QUIET_S, STOPPED, Sweep
from tests.support.jobs.files import csv_file
from tests.support.jobs.site import JobSite
from tests.support.meddling import no_time_limit

CONTENT = csv_file(3)
UPLOAD_S = 3600


def run(site: JobSite) -> dict[str, object]:
    return Sweep(site.jobs, Bucket(site.bucket, ""), Queue(site.queue_url, ""), site.now).run()


def save(site: JobSite, job: Job, **changes: Any) -> Job:
    return site.jobs.save(replace(job, **changes), no_time_limit())


def test_whatever_is_young_is_left_alone(site: JobSite) -> None:
    site.order(CONTENT)
    site.now.pass_s(UPLOAD_S + QUIET_S)
    assert run(site) == {"jobs": 1, "woken": 0, "failed": 0}


def test_an_import_whose_file_never_came_has_failed(site: JobSite) -> None:
    job = site.order(CONTENT)
    site.now.pass_s(UPLOAD_S + QUIET_S + 1)
    assert run(site) == {"jobs": 1, "woken": 0, "failed": 1}
    assert site.job(job.id).error.startswith("no file came until 2096-")


def test_a_file_of_which_nobody_told_is_imported(site: JobSite) -> None:
    job, _ = site.upload(CONTENT)
    site.now.pass_s(UPLOAD_S + QUIET_S + 1)
    assert run(site)["woken"] == 1
    (message,) = site.messages()
    site.finish(message)
    assert site.job(job.id).rows_done == 3


def test_an_import_that_nobody_works_on_is_woken_and_one_with_a_lease_is_not(site: JobSite) -> None:
    job, _ = site.upload(CONTENT)
    site.now.pass_s(UPLOAD_S + QUIET_S + 1)
    job = save(site, job, state=RUNNING, phase="check", turn=2, lease_end_s=site.now() + 60)
    site.now.pass_s(QUIET_S + 60)
    assert run(site) == {"jobs": 1, "woken": 0, "failed": 0}
    site.now.pass_s(1)
    assert run(site) == {"jobs": 1, "woken": 1, "failed": 0}
    assert site.messages() == [{"job": job.id, "turn": 2, "offset": 0}]


def test_an_order_that_the_stream_has_lost_is_given_again(site: JobSite) -> None:
    job = save(site, site.order(CONTENT), order=RESUME)
    site.now.pass_s(UPLOAD_S + QUIET_S + 1)
    assert run(site)["woken"] == 1
    again = site.job(job.id)
    assert (again.order, again.revision) == (RESUME, job.revision + 1)


def test_a_rebuild_that_stopped_without_a_word_has_failed(site: JobSite) -> None:
    job = save(site, site.order(CONTENT), kind=REBUILD, state=RUNNING, phase="build")
    site.now.pass_s(UPLOAD_S + QUIET_S + 1)
    assert run(site)["failed"] == 1
    assert site.job(job.id).error == STOPPED


def test_a_job_that_somebody_has_for_long_is_left_to_him(site: JobSite) -> None:
    job, _ = site.upload(CONTENT)
    site.now.pass_s(UPLOAD_S)
    save(site, job, state=RUNNING, phase="check", lease_end_s=site.now() + 2 * QUIET_S)
    site.now.pass_s(QUIET_S + 1)
    assert run(site) == {"jobs": 1, "woken": 0, "failed": 0}


def test_a_lease_of_a_clock_that_went_wrong_keeps_nobody_away(site: JobSite) -> None:
    job, _ = site.upload(CONTENT)
    save(site, job, state=RUNNING, phase="check", lease_end_s=site.now() + 9e6)
    site.now.pass_s(UPLOAD_S + QUIET_S + 1)
    assert run(site)["woken"] == 1


def test_a_job_that_cannot_be_looked_at_keeps_no_other_from_it(site: JobSite, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [site.order(CONTENT) for _ in range(2)]
    site.now.pass_s(UPLOAD_S + QUIET_S + 1)
    newest = max(job.id for job in jobs)
    as_it_is = Bucket.uploaded

    def refuse(bucket: Bucket, key: str, version: str = "") -> object:
        if key.endswith(newest):
            raise ServiceError("refused", "403")
        return as_it_is(bucket, key, version)

    monkeypatch.setattr("handlers.aws.bucket.Bucket.uploaded", refuse)
    with pytest.raises(ServiceError):
        run(site)
    assert sorted(site.job(job.id).state for job in jobs) == [FAILED, "waiting"]


def test_a_job_that_goes_on_meanwhile_is_left_alone(site: JobSite, monkeypatch: pytest.MonkeyPatch) -> None:
    job = site.order(CONTENT)
    site.now.pass_s(UPLOAD_S + QUIET_S + 1)
    uploaded = Bucket.uploaded

    def meddle(bucket: Bucket, key: str, version: str = "") -> object:
        save(site, site.job(job.id), name="other")
        return uploaded(bucket, key, version)

    monkeypatch.setattr("handlers.aws.bucket.Bucket.uploaded", meddle)
    assert run(site) == {"jobs": 1, "woken": 0, "failed": 0}
    assert site.job(job.id).state != FAILED


def test_a_job_that_the_index_still_has_is_looked_at_as_it_is(site: JobSite, monkeypatch: pytest.MonkeyPatch) -> None:
    site.order(CONTENT)
    site.now.pass_s(UPLOAD_S + QUIET_S + 1)

    def find_nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(JobTable, "get", find_nothing)
    assert run(site) == {"jobs": 1, "woken": 0, "failed": 0}
