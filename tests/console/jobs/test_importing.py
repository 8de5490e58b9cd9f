from __future__ import annotations

import hashlib
import io
import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from console.paths import PROGRAM
from handlers.imports.rows import read_rows
from handlers.rows import MODEL
from tests.console.conftest import RunConsole
from tests.support.drafts import VALUE, draft, items
from tests.support.local.faults import answers, drops
from tests.support.local.job_service import JobService

COUNT = 25
Command = list[str]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "rows.ndjson"
    path.write_text("".join(json.dumps(row) + "\n" for row in items(COUNT)))
    return path


@pytest.fixture
def command(path: Path, service: JobService) -> Command:
    return ["import", str(path), "--via-s3", "--url", service.url]


def typed(command: Command) -> str:
    return f"{PROGRAM} {shlex.join(command)}"


def test_the_rows_of_a_file_are_uploaded_and_imported(
    service: JobService, run_console: RunConsole, command: Command, local_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.jobs.importing.ADVANCED_EVERY", 10)
    ran = run_console(*command, "--json")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    (job_id,) = service.jobs
    assert (result["rows"], result["inserted"], result["known"], result["rejected"]) == (COUNT, COUNT, 0, 0)
    assert (result["job"], result["bookmark"], result["snapshot"]) == (job_id, f"7.{500 + COUNT}", None)
    content = service.files[job_id]
    rows = list(read_rows(io.BytesIO(content), "ndjson", MODEL))
    assert [row.draft for row in rows] == [draft(number) for number in range(1, COUNT + 1)]
    digest = hashlib.sha256(content).hexdigest()
    said = {"format": "ndjson", "bytes": len(content), "sha256": digest, "name": "rows.ndjson", "max_rejects": 0}
    assert service.asked == [said]
    (headers,) = service.headers
    assert (headers["content-length"], headers["x-amz-checksum-sha256"]) == (str(len(content)), digest)
    assert "transfer-encoding" not in headers
    assert len(service.pauses) == 2
    assert "running, append: 12 of 25 rows, 12.5 rows/s, 1 s to go" in ran.err
    assert list(local_dir.rglob("*.ndjson")) == []


def test_the_words_name_the_job(service: JobService, run_console: RunConsole, command: Command) -> None:
    out = run_console(*command).out
    assert out.startswith(f"{COUNT} rows added in ")
    assert out.endswith(f" by job {next(iter(service.jobs))}: bookmark 7.525\n")


def test_a_file_that_is_in_is_not_uploaded_again_unless_it_is_wanted(
    service: JobService, run_console: RunConsole, command: Command, path: Path
) -> None:
    run_console(*command)
    for again in (command, [each for each in command if each != "--via-s3"]):
        ran = run_console(*again)
        assert (ran.code, ran.out) == (0, f"{path}: all 25 rows are in already; --again imports the file once more\n")
    assert len(service.files) == 1
    assert run_console(*command, "--again").code == 0
    assert len(service.files) == 2


def test_rows_that_are_wrong_are_refused_before_the_upload(
    service: JobService, run_console: RunConsole, command: Command, path: Path
) -> None:
    with path.open("a") as file:
        file.write(json.dumps({VALUE: "x"}) + "\n")
    ran = run_console(*command)
    assert (ran.code, service.jobs) == (1, {})
    assert "Error: 1 of 26 rows is wrong; nothing was sent" in ran.err
    ran = run_console(*command, "--max-rejects", "1")
    assert "Error: 1 of 26 rows is wrong; the rest is in" in ran.err
    assert next(iter(service.files.values())).count(b"\n") == COUNT
    again = run_console(*command)
    assert (again.code, again.out) == (1, f"{path}: {COUNT} of {COUNT + 1} rows are in already, 1 is refused\n")


def test_a_file_of_more_rows_than_one_upload_takes_is_not_written_to_its_end(
    service: JobService, run_console: RunConsole, command: Command, local_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_console(*command)
    (content,) = service.files.values()
    monkeypatch.setattr("console.jobs.importing.MOST_BYTES", len(content) - 1)
    ran = run_console(*command, "--again")
    error, hint = ran.err.splitlines()[-2:]
    assert (ran.code, error.endswith("GiB, the most of one upload"), len(service.jobs)) == (1, True, 1)
    assert hint == "Try: split the file, with the first line of a CSV in each part, or leave out --via-s3"
    assert list(local_dir.rglob("*.ndjson")) == []
    monkeypatch.setattr("console.jobs.importing.MOST_BYTES", len(content))
    assert run_console(*command, "--again").code == 0


def test_jobs_that_are_off_are_said_to_be(service: JobService, run_console: RunConsole, command: Command) -> None:
    service.is_on = False
    ran = run_console(*command)
    assert ran.code == 1
    error, hint = ran.err.splitlines()[-2:]
    assert error.endswith("/imports was answered with 403: There are no imports here: the stack's setting jobs is off")
    assert (
        hint
        == "Try: `pulumi config set jobs true` and `pulumi up` switch them on; `import` without --via-s3 needs none"
    )


@pytest.mark.parametrize("step", [drops, answers(503, "<Error><Code>SlowDown</Code></Error>"),
                                  answers(400, "<Error><Code>RequestTimeout</Code></Error>")],
                         ids=["lost", "slow down", "idle"])  # fmt: skip
def test_an_upload_that_got_lost_is_sent_again(
    service: JobService, run_console: RunConsole, command: Command, pauses: list[float], step: Any
) -> None:
    service.uploads.extend([step, step])
    assert run_console(*command).code == 0
    assert len(pauses) == 2
    assert [content.count(b"\n") for content in service.files.values()] == [COUNT]


def test_an_upload_that_s3_refuses_says_its_code_and_no_secret(
    service: JobService, run_console: RunConsole, command: Command, local_dir: Path
) -> None:
    said = "<?xml?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
    service.uploads.append(answers(403, said))
    ran = run_console(*command)
    error, hint = ran.err.splitlines()[-2:]
    assert ran.code == 1
    assert error == "Error: the upload to 127.0.0.1 failed: 403 AccessDenied: Request has expired; nothing is in"
    assert hint == f"Try: {typed(command)}"
    assert "secret" not in ran.err
    assert list(local_dir.rglob("*.ndjson")) == []
    assert run_console(*command).code == 0  # by another job
    assert [job["state"] for job in service.jobs.values()] == ["cancelled", "succeeded"]


def test_an_upload_that_always_gets_lost_is_given_up(
    service: JobService, run_console: RunConsole, command: Command, pauses: list[float]
) -> None:
    service.uploads.extend([answers(500)] * 9)
    ran = run_console(*command)
    assert "the upload to 127.0.0.1 failed: 500 Internal Server Error; nothing is in" in ran.err
    assert (len(pauses), len(service.uploads)) == (4, 4)


def test_an_interrupted_upload_leaves_nothing(
    service: JobService, run_console: RunConsole, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("console.jobs.importing.send_file", interrupt)
        ran = run_console(*command)
    assert ran.code == 130
    assert ran.err.splitlines()[-2:] == ["Error: interrupted; nothing is in", f"Try: {typed(command)}"]
    assert run_console(*command).code == 0
    assert [job["state"] for job in service.jobs.values()] == ["cancelled", "succeeded"]


def test_an_interrupt_leaves_the_job_at_work_and_says_how_to_watch_it(
    service: JobService, run_console: RunConsole, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("console.jobs.watching.time.sleep", interrupt)
        ran = run_console(*command)
    (job_id,) = service.jobs
    assert (ran.code, service.jobs[job_id]["state"]) == (130, "running")
    error, hint = ran.err.splitlines()[-2:]
    assert error == "Error: interrupted; the job goes on without this terminal"
    assert hint == f"Try: {PROGRAM} jobs watch {job_id} --url {service.url}"
    ran = run_console(*command)
    assert (ran.code, len(service.files)) == (0, 1)
    assert f"job {job_id} is at work on it\n" in ran.err


def test_a_plain_import_leaves_a_file_to_its_job(
    service: JobService, run_console: RunConsole, command: Command, path: Path
) -> None:
    service.ends = {"state": "failed", "phase": "append", "rows_done": 10, "error": "the ledger is away"}
    run_console(*command)
    ran = run_console(*[each for each in command if each != "--via-s3"])
    (job_id,) = service.jobs
    said = f"Error: the first rows of {path} may be in already: job {job_id} imports it, and --via-s3 goes on with that"
    assert (ran.code, ran.err.splitlines()[-2]) == (1, said)


@pytest.mark.parametrize("phase", ["checksum", "check", "upload"])
def test_after_a_job_that_failed_before_it_appended_another_is_made(
    service: JobService, run_console: RunConsole, command: Command, phase: str
) -> None:
    service.ends = {"state": "failed", "phase": phase, "error": "no", "rows_done": 0}
    ran = run_console(*command)
    assert (ran.code, ran.err.splitlines()[-2]) == (1, f"Error: job {next(iter(service.jobs))} failed: no")
    service.ends = {"state": "succeeded", "phase": "append"}
    assert run_console(*command).code == 0
    assert len(service.files) == 2


def test_a_job_that_failed_with_rows_in_is_to_be_redriven(
    service: JobService, run_console: RunConsole, command: Command
) -> None:
    service.ends = {"state": "failed", "phase": "append", "rows_done": 10, "error": "the ledger is away"}
    (first, again) = (run_console(*command), run_console(*command))
    (job_id,) = service.jobs
    for ran in (first, again):
        error, hint = ran.err.splitlines()[-2:]
        assert error == f"Error: job {job_id} failed: the ledger is away; 10 rows are in"
        assert hint == f"Try: {PROGRAM} jobs redrive {job_id} --url {service.url}"
    service.jobs[job_id] |= {"state": "succeeded", "rows_done": COUNT, "bookmark": "7.525"}
    assert "all 25 rows are in already" in run_console(*command).out


def test_a_job_that_was_cancelled_with_rows_in_goes_on_where_it_is_redriven(
    service: JobService, run_console: RunConsole, command: Command
) -> None:
    service.ends = {"state": "cancelled", "phase": "append", "rows_done": 1}
    ran = run_console(*command)
    (job_id,) = service.jobs
    assert ran.err.splitlines()[-2] == f"Error: job {job_id} was cancelled; 1 row is in"
    ran = run_console(*command)
    assert ran.err.splitlines()[-2:] == [
        f"Error: job {job_id} was cancelled; 1 row is in",
        f"Try: {PROGRAM} jobs redrive {job_id} --url {service.url}",
    ]
    service.ends = {"state": "succeeded", "phase": "append"}
    assert run_console(*command, "--again").code == 0


def test_a_job_that_is_forgotten_needs_a_look(service: JobService, run_console: RunConsole, command: Command) -> None:
    service.ends = {"state": "failed", "phase": "append", "rows_done": 10}
    run_console(*command)
    (job_id,) = service.jobs
    service.jobs.clear()
    ran = run_console(*command)
    assert ran.err.splitlines()[-2].endswith(f"was handed to job {job_id}, which is forgotten")
    service.script.extend([service, answers(400, {"detail": "no"})])
    assert "was answered with 400: no" in run_console(*command).err
    service.ends = {"state": "succeeded", "phase": "append"}
    assert run_console(*command, "--again").code == 0


def test_a_file_read_as_other_columns_needs_a_look(
    service: JobService, run_console: RunConsole, command: Command, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.ends = {"state": "failed", "phase": "append", "rows_done": 10}
    run_console(*command)
    monkeypatch.setattr("console.jobs.importing.identity_of", lambda *_: "other")  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] - a text
    ran = run_console(*command)
    said = f"Error: the first rows of {path} may be in already, read as other columns or with other limits"
    assert (ran.code, ran.err.splitlines()[-2]) == (1, said)
    service.ends = {"state": "succeeded", "phase": "append"}
    assert run_console(*command, "--again").code == 0


def test_another_history_needs_a_look(service: JobService, run_console: RunConsole, command: Command) -> None:
    run_console(*command)
    service.head = "8.500"
    for again in (command, [each for each in command if each != "--via-s3"]):
        ran = run_console(*again)
        assert (ran.code, ran.err.splitlines()[-1]) == (
            1,
            "Try: look whether its rows are there; --again imports all of them",
        )
        assert "are in already, but in epoch 7; the ledger is at 8.500" in ran.err
    assert len(service.files) == 1


def test_a_file_that_was_sent_in_part_is_not_uploaded(
    service: JobService, run_console: RunConsole, command: Command, path: Path
) -> None:
    plain = [each for each in command if each != "--via-s3"]
    service.script.extend([service, answers(500)])
    assert run_console(*plain).code == 1
    ran = run_console(*command)
    assert ran.err.splitlines()[-2:] == [
        f"Error: 0 rows of {path} are in already, sent without --via-s3",
        "Try: the same command without --via-s3 goes on with it",
    ]
    assert service.jobs == {}


def test_a_file_of_which_nothing_was_sent_is_uploaded(
    service: JobService, run_console: RunConsole, command: Command
) -> None:
    plain = [each for each in command if each != "--via-s3"]
    service.script.extend([service, answers(400)])
    assert run_console(*plain).code == 1
    assert run_console(*command).code == 0


def test_an_answer_that_allows_nothing_is_told(service: JobService, run_console: RunConsole, command: Command) -> None:
    service.script.extend([service, answers(201, {"job": {"id": "a", "state": "waiting"}})])
    assert "/imports gave an unexpected answer: no upload" in run_console(*command).err
    service.script.extend([service, answers(201, {"upload": {"url": "http://h/", "method": "PUT", "headers": {}}})])
    assert "/imports gave an unexpected answer: no job" in run_console(*command).err


def test_a_job_without_a_bookmark_is_told(service: JobService, run_console: RunConsole, command: Command) -> None:
    service.ends = {"state": "succeeded", "phase": "append", "bookmark": None}
    assert "has succeeded, but names no bookmark" in run_console(*command).err


def test_a_folder_that_cannot_be_written_to_is_told(
    service: JobService, run_console: RunConsole, command: Command, local_dir: Path
) -> None:
    service.uploads.append(answers(403))
    run_console(*command)
    (state,) = local_dir.rglob("*.json")
    state.with_suffix(".ndjson").mkdir()
    ran = run_console(*command)
    assert (ran.code, ran.err.splitlines()[-1]) == (1, "Try: name another folder in LOCAL_DIR")
