from __future__ import annotations

import json

import pytest

from console.paths import PROGRAM
from tests.console.conftest import RunConsole
from tests.support.local.faults import answers, drops
from tests.support.local.job_service import JobService

REJECTS = [{"line": 3, "reasons": ["column 'a': got 1", "column 'b': got\x1b[2J 2"]}]


def test_jobs_are_listed_newest_first_page_by_page(service: JobService, run_console: RunConsole) -> None:
    ids = [service.add(name=f"{number}.csv", state="succeeded", phase="append") for number in range(4)]
    service.add(kind="rebuild", state="running", phase="build", rows_done=1234)
    ran = run_console("jobs", "list", "--url", service.url, "--json")
    assert [job["id"] for job in json.loads(ran.out)["jobs"]] == [*reversed(service.jobs)]
    out = run_console("jobs", "list", "--url", service.url, "--limit", "3").out
    assert "rebuild │ running, build │ 1,234 │" in out
    assert [job_id in out for job_id in ids] == [False, False, True, True]


def test_a_long_name_is_folded_and_takes_nothing_from_the_time(service: JobService, run_console: RunConsole) -> None:
    name = "x" * 150
    job_id = service.add(name=name, state="running", phase="append", rows_done=100_000)
    out = run_console("jobs", "list", "--url", service.url).out
    assert f"│ {service.jobs[job_id]['created_at'][:19]}Z │" in out
    assert out.count("x") == len(name)
    assert "…" not in out


def test_a_list_goes_on_where_it_ended(service: JobService, run_console: RunConsole) -> None:
    ids = [service.add(name=f"{number}.csv") for number in range(5)]
    first = json.loads(run_console("jobs", "list", "--url", service.url, "--limit", "3", "--json").out)
    assert ([job["id"] for job in first["jobs"]], first["next"]) == (ids[:1:-1], ids[2])
    rest = run_console("jobs", "list", "--url", service.url, "--cursor", first["next"], "--json")
    assert json.loads(rest.out) == {"jobs": [service.jobs[ids[1]], service.jobs[ids[0]]], "next": None}
    ran = run_console("jobs", "list", "--url", service.url, "--limit", "3")
    assert ran.err == f"more follow: --cursor {ids[2]}\n"
    assert run_console("jobs", "list", "--url", service.url, "--limit", "5").err == ""


def test_jobs_of_one_state_are_listed(service: JobService, run_console: RunConsole) -> None:
    service.add(state="failed", phase="check")
    wanted = service.add(state="running", phase="check")
    ran = run_console("jobs", "list", "--url", service.url, "--state", "running", "--json")
    assert [job["id"] for job in json.loads(ran.out)["jobs"]] == [wanted]
    assert run_console("jobs", "list", "--url", service.url, "--state", "cancelled").out == "no jobs\n"
    ran = run_console("jobs", "list", "--url", service.url, "--state", "done")
    assert (ran.code, ran.err.splitlines()[0]) == (2, "Error: --state done is no state")


def test_a_job_is_shown_with_the_rows_that_were_refused(service: JobService, run_console: RunConsole) -> None:
    job_id = service.add(
        state="failed",
        phase="check",
        bytes=2_000_000,
        bytes_done=1_000_000,
        rows_rejected=1,
        rejects=REJECTS,
        error="no",
    )
    assert run_console("jobs", "show", job_id, "--url", service.url).out.splitlines() == [
        f"{job_id}: failed, check, 1.00 MB of 2.00 MB, 1 refused",
        "  kind: import",
        "  created at: 2026-01-31T12:00:00.000000Z",
        "  attempts: 0",
        "  error: no",
        "  refused: 1 row",
        "    line 3: column 'a': got 1",
        "    line 3: column 'b': got\\x1b[2J 2",
    ]
    shown = run_console("jobs", "show", job_id, "--url", service.url, "--json").out
    assert json.loads(shown) == service.jobs[job_id]


def test_a_job_that_there_is_not_is_told(service: JobService, run_console: RunConsole) -> None:
    ran = run_console("jobs", "watch", "a/b?", "--url", service.url)
    assert ran.code == 1
    assert "/jobs/a%2Fb%3F was answered with 404: There is no job a%2Fb%3F" in ran.err


@pytest.mark.parametrize("action", ["show", "watch", "cancel", "redrive"])
def test_where_there_is_no_such_job_the_list_has_those_that_there_are(
    service: JobService, run_console: RunConsole, action: str
) -> None:
    ran = run_console("jobs", action, "unknown", "--url", service.url)
    assert (ran.code, ran.err.splitlines()[-1]) == (1, f"Try: {PROGRAM} jobs list --url {service.url}")
    service.script.append(answers(404, {"message": "Not Found"}))  # the gateway's own: there is no such path
    ran = run_console("jobs", action, "unknown", "--url", service.url)
    assert ran.err.splitlines()[-1].startswith("Try: check --url: ")


@pytest.mark.parametrize("action", ["show", "watch", "cancel", "redrive"])
def test_an_empty_id_is_refused_before_anything_is_asked(
    service: JobService, run_console: RunConsole, action: str
) -> None:
    service.script.append(answers(500))
    ran = run_console("jobs", action, " ", "--url", service.url)
    assert (ran.code, ran.err) == (2, f"Error: ID is empty\nTry: {PROGRAM} jobs list\n")
    assert len(service.script) == 1
    service.script.clear()


@pytest.mark.parametrize(
    ("end", "code", "said"),
    [
        ({"state": "succeeded"}, 0, ""),
        ({"state": "failed", "phase": "append", "error": "poison", "rows_done": 7}, 1, "failed: poison; 7 rows are in"),
        ({"state": "failed", "phase": "upload"}, 1, "failed: it does not say why\nTry: mend the file"),
        (
            {"state": "failed", "phase": "check", "error": "no; redrive it"},
            1,
            f"failed: no; redrive it\nTry: {PROGRAM} jobs redrive",
        ),
        ({"state": "cancelled"}, 1, "was cancelled"),
        ({"kind": "rebuild", "state": "failed", "phase": "build", "error": "no", "rows_done": 7}, 1, "failed: no\n"),
        ({"kind": "rebuild", "state": "cancelled", "phase": "build", "rows_done": 7}, 1, "was cancelled\n"),
    ],
    ids=["succeeded", "failed", "without a file", "redrivable", "cancelled", "failed rebuild", "cancelled rebuild"],
)
def test_a_job_is_watched_until_it_ends(
    service: JobService, run_console: RunConsole, end: dict[str, object], code: int, said: str
) -> None:
    job_id = service.add()
    service.steps(job_id, {}, {"state": "running", "phase": "check", "bytes": 10**7, "bytes_done": 10**6}, end)
    ran = run_console("jobs", "watch", job_id, "--url", service.url, "--json")
    assert (ran.code, json.loads(ran.out)["state"]) == (code, end["state"])
    assert ran.err.startswith("waiting: for its file\nrunning, check: 1.00 MB of 10.0 MB\n")
    assert said in ran.err
    assert service.pauses == [0.5, 0.65]


def test_a_watch_that_is_cut_off_says_how_to_go_on(service: JobService, run_console: RunConsole) -> None:
    job_id = service.add(kind="rebuild", state="running", phase="plan", rows=None)
    service.script.extend([service, answers(400, {"detail": "no more"})])
    ran = run_console("jobs", "watch", job_id, "--url", service.url)
    error, hint = ran.err.splitlines()[-2:]
    assert (ran.code, ran.err.splitlines()[0]) == (1, "running, plan: 0 rows")
    assert error.endswith("was answered with 400: no more; the job goes on without this terminal")
    assert hint == f"Try: {PROGRAM} jobs watch {job_id} --url {service.url}"


def test_a_job_is_cancelled_once(service: JobService, run_console: RunConsole) -> None:
    job_id = service.add(state="running", phase="append", rows_done=5, rows=9)
    for _ in range(2):
        ran = run_console("jobs", "cancel", job_id, "--url", service.url)
        assert ran.out.startswith(f"{job_id}: cancelled, append, 5 of 9 rows\n")


def test_a_job_that_has_ended_can_be_looked_at(service: JobService, run_console: RunConsole) -> None:
    job_id = service.add(state="succeeded", phase="append")
    for action in ("cancel", "redrive"):
        ran = run_console("jobs", action, job_id, "--url", service.url)
        error, hint = ran.err.splitlines()
        assert error.endswith("was answered with 409: The job is succeeded")
        assert hint == f"Try: {PROGRAM} jobs show {job_id} --url {service.url}"


def test_a_failed_job_is_redriven(service: JobService, run_console: RunConsole, pauses: list[float]) -> None:
    job_id = service.add(state="failed", phase="append")
    service.script.extend([answers(503, retry_after="1")])
    ran = run_console("jobs", "redrive", job_id, "--url", service.url, "--json")
    assert json.loads(ran.out)["state"] == "waiting"
    assert len(pauses) == 1


def test_a_refusal_for_another_reason_keeps_its_hint(service: JobService, run_console: RunConsole) -> None:
    for action in ("cancel", "redrive"):
        service.script.append(drops)
        ran = run_console("jobs", action, "a", "--url", service.url)
        assert "Try: start the local stack" in ran.err


def test_an_answer_that_is_no_list_of_jobs_is_told(service: JobService, run_console: RunConsole) -> None:
    wrong: list[object] = [{}, {"jobs": [{}]}, {"jobs": [5]}]
    for answer in wrong:
        service.script.append(answers(200, answer))
        assert "gave an unexpected answer: no " in run_console("jobs", "list", "--url", service.url).err
