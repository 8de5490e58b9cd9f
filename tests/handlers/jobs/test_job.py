from __future__ import annotations

from dataclasses import replace

import pytest

from handlers.jobs.job import (
    APPEND,
    BUILD,
    CHECK,
    FAILED,
    IMPORT,
    KEEP_S,
    MOST_ERROR_CHARACTERS,
    REBUILD,
    RESUME,
    RUNNING,
    SUCCEEDED,
    WAITING,
    Job,
    Reject,
)

NOW_S = 1_700_000_000.0
JOB = Job(id="01HF7YAT00AYEYAEJN3YJ8N6R4", kind=IMPORT, created_s=NOW_S, format="csv", size_bytes=100)


def test_a_job_survives_its_way_as_text() -> None:
    job = replace(JOB, columns=("a", "b"), rejects=(Reject(3, ("wrong", "more")),), revision=4, max_rejects=0)
    text, rejects = job.to_texts()
    assert Job.from_texts(text, rejects, 4) == job
    assert "wrong" not in text


def test_an_end_leaves_nothing_to_do_and_shortens_its_reason() -> None:
    job = replace(JOB, order=RESUME, lease_end_s=NOW_S + 9).ended(FAILED, NOW_S, "x" * 1000)
    assert (job.state, job.order, job.lease_end_s, job.ended_s) == (FAILED, "", 0.0, NOW_S)
    assert job.error == "x" * MOST_ERROR_CHARACTERS
    assert job.has_ended
    assert not JOB.has_ended
    assert job.expires_s == NOW_S + KEEP_S


@pytest.mark.parametrize(
    ("phase", "rows", "rejected"), [(APPEND, 50, 2), (CHECK, None, 0)], ids=["what is checked counts", "all anew"]
)
def test_a_redriven_job_begins_its_phase_anew(phase: str, rows: int | None, rejected: int) -> None:
    failed = replace(
        JOB,
        state=FAILED,
        phase=phase,
        rows=50,
        rows_rejected=2,
        rejects=(Reject(3, ("wrong",)),),
        done_bytes=60,
        line=9,
        chunk=1,
        rows_done=40,
        epoch=7,
        error="no",
    )
    again = failed.redriven(RESUME)
    assert (again.state, again.order, again.turn, again.error) == (WAITING, RESUME, 1, "")
    assert (again.done_bytes, again.line, again.chunk, again.rows_done, again.epoch) == (0, 0, 0, 0, 0)
    assert (again.rows, again.rows_rejected, len(again.rejects)) == (rows, rejected, min(1, rejected))


def test_a_phase_begins_at_the_files_beginning() -> None:
    job = replace(JOB, phase=CHECK, done_bytes=100, line=10).in_phase(APPEND, NOW_S)
    assert (job.phase, job.phase_began_s, job.done_bytes, job.line) == (APPEND, NOW_S, 0, 0)


def test_a_job_tells_how_fast_it_is_and_when_its_phase_will_be_over() -> None:
    job = replace(
        JOB, state=RUNNING, phase=APPEND, phase_began_s=NOW_S, done_bytes=25, rows=40, rows_done=10, saved_s=NOW_S
    )
    shown = job.summary(NOW_S + 10)
    assert (shown["rows_per_s"], shown["eta_s"]) == (1.0, 30)
    assert (shown["bytes"], shown["bytes_done"], shown["rows"], shown["rows_rejected"]) == (100, 25, 40, 0)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"phase_began_s": NOW_S},
        {"phase_began_s": NOW_S + 10, "done_bytes": 25},
        {"phase_began_s": NOW_S - 90, "done_bytes": 25, "saved_s": NOW_S - 60},
    ],
    ids=["not begun", "nothing done", "no time passed", "nobody at work"],
)
def test_a_job_that_has_not_come_forward_tells_no_pace(changes: dict[str, float]) -> None:
    shown = replace(JOB, **changes).summary(NOW_S + 10)  # type: ignore[arg-type]
    assert (shown["rows_per_s"], shown["eta_s"]) == (None, None)


def test_a_job_that_has_ended_tells_the_pace_that_it_had() -> None:
    job = replace(JOB, phase_began_s=NOW_S, done_bytes=100, rows=40, rows_done=40).ended(SUCCEEDED, NOW_S + 4)
    shown = job.summary(NOW_S + 1000)
    assert (shown["rows_per_s"], shown["eta_s"]) == (10.0, None)
    assert (shown["created_at"], shown["ended_at"]) == ("2023-11-14T22:13:20.000Z", "2023-11-14T22:13:24.000Z")


def test_a_rebuild_counts_rows_and_has_no_file() -> None:
    job = replace(JOB, kind=REBUILD, phase=BUILD, phase_began_s=NOW_S, rows=100, rows_done=25, lease_end_s=NOW_S + 60)
    shown = job.answer(NOW_S + 10)
    assert shown["eta_s"] == 30
    assert not {"bytes", "bytes_done", "rows_rejected", "format", "rejects"} & shown.keys()
