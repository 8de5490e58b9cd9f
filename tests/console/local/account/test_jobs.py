"""Jobs from end to end: real requests, S3's own events, the emulator's queues, processes that are killed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.jobs import watching
from console.local import stream
from console.local.account import stores
from console.local.account.clients import make_clients
from console.local.background import BackgroundStack
from console.local.emulator import Emulator
from console.local.project import project_stack
from handlers.settings import STREAM
from tests.console.conftest import RunConsole
from tests.support.api import SOURCES
from tests.support.drafts import items
from tests.support.local import web
from tests.support.local.processes import children, until

ROWS = items(1200)
FILE = "".join(f"{json.dumps(row)}\n" for row in ROWS).encode()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> Iterator[BackgroundStack]:
    assert emulator  # the session's own is there before anybody looks at the processes
    before = children()
    folder = tmp_path_factory.mktemp("working")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores, "VISIBILITY_S", 1)
        patch.setattr(stream, "POLL_S", 0.02)
        patch.setattr(stream, "WINDOW_S", 0.0)
        made = project_stack(folder, sandboxes=1, check_interval_ms=0, projection=STREAM, has_worker=True)
        with BackgroundStack(made) as running:
            yield running
    assert children() <= before


@pytest.fixture
def own_children() -> None:
    """The module's stack starts sandboxes when it has to: its fixture looks, in place of the usual one."""


def ask(stack: BackgroundStack, content: bytes) -> tuple[str, dict[str, Any]]:
    """Ask for an import. Returns the job's address, and the upload."""
    answer = web.post(f"{stack.url}/imports", json={"format": "ndjson", "bytes": len(content)})
    assert answer.status_code == 201, answer.text
    return stack.url + answer.headers["location"], answer.json()["upload"]


def put(upload: dict[str, Any], content: bytes) -> int:
    return web.put(upload["url"], content=content, headers=upload["headers"]).status_code


def job_at(url: str) -> dict[str, Any]:
    return web.get(url).json()["job"]


def ended(url: str) -> dict[str, Any]:
    until(lambda: job_at(url)["ended_at"] is not None)
    return job_at(url)


def count_of(stack: BackgroundStack, bookmark: str) -> list[int]:
    """The rows on each path as soon as it holds a bookmark."""

    def count(path: str) -> int:
        url, headers = f"{stack.url}{path}/stats", {"min-bookmark": bookmark}
        until(lambda: web.get(url, headers=headers).status_code == 200)
        return web.get(url, headers=headers).json()["stats"]["count"]

    return [count(path) for path in SOURCES]


def test_a_file_that_is_put_becomes_rows_in_its_order_that_every_path_shows(stack: BackgroundStack) -> None:
    url, upload = ask(stack, FILE)
    assert put(upload, FILE) == 200
    job = ended(url)
    assert (job["state"], job["rows_done"], job["rows_rejected"]) == ("succeeded", len(ROWS), 0), job
    assert count_of(stack, job["bookmark"]) == [len(ROWS)] * len(SOURCES)
    oldest = web.get(f"{stack.url}/sqlite-efs", params={"order": "asc", "limit": "10"}).json()["data"]
    assert [{name: row[name] for name in ROWS[0]} for row in oldest] == ROWS[:10]


def test_the_console_uploads_a_file_and_watches_its_job(
    stack: BackgroundStack, run_console: RunConsole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path))  # with what imports remember
    monkeypatch.setattr(watching, "FIRST_PAUSE_S", 0.01)
    path, before = tmp_path / "rows.ndjson", count_at(stack)
    path.write_bytes(FILE)
    ran = run_console("import", str(path), "--via-s3", "--url", stack.url, "--json")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    job = job_at(f"{stack.url}/jobs/{result['job']}")
    assert (job["state"], job["name"], job["rows_done"]) == ("succeeded", path.name, len(ROWS))
    newest = web.get(f"{stack.url}/ddb", params={"order": "desc", "limit": "10"}).json()["data"]
    assert [{name: row[name] for name in ROWS[0]} for row in newest] == ROWS[:-11:-1]
    assert (result["rows"], result["bookmark"], count_at(stack)) == (len(ROWS), job["bookmark"], before + len(ROWS))
    (listed,) = json.loads(run_console("jobs", "list", "--limit", "1", "--url", stack.url, "--json").out)["jobs"]
    assert listed["id"] == job["id"]
    assert "are in already" in run_console("import", str(path), "--via-s3", "--url", stack.url).out
    assert count_at(stack) == before + len(ROWS)


def count_at(stack: BackgroundStack) -> int:
    """The rows in the ledger."""
    return web.get(f"{stack.url}/ddb/stats").json()["stats"]["count"]


def test_a_job_that_was_cancelled_is_left_alone_when_its_file_comes(stack: BackgroundStack) -> None:
    url, upload = ask(stack, FILE)
    assert web.delete(url).json()["job"]["state"] == "cancelled"
    assert put(upload, FILE) == 200
    queue = stack.environment["JOBS_QUEUE_URL"]
    until(lambda: messages_in(stack, queue) == 0)
    assert (job_at(url)["state"], job_at(url)["rows_done"]) == ("cancelled", 0)


def messages_in(stack: BackgroundStack, queue: str) -> int:
    (sqs,) = make_clients(stack.environment, "sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return sum(map(int, found.values()))


def test_a_worker_that_cannot_start_fails_the_job_after_three_times_and_it_is_redriven(stack: BackgroundStack) -> None:
    """A bad deployment: the dead letter is there until the next, which then says so."""
    before = count_at(stack)
    content = FILE[: FILE.index(b"\n") + 1]
    url, upload = ask(stack, content)
    stack.configure({"RETAIN_S": "nonsense"})
    assert put(upload, content) == 200
    dead = stack.environment["JOBS_QUEUE_URL"].replace(stores.JOBS, stores.DEAD_LETTERS)
    until(lambda: messages_in(stack, dead) == 1)
    stack.configure({"RETAIN_S": "3600"})
    failed = ended(url)
    assert (failed["state"], "again and again" in failed["error"]) == ("failed", True)
    until(lambda: messages_in(stack, dead) == 0)
    assert web.post(f"{url}/redrive", json={}).status_code == 202
    until(lambda: job_at(url)["state"] == "succeeded")
    assert count_at(stack) == before + 1


def test_a_rebuild_is_done_by_the_state_machine_and_told(stack: BackgroundStack) -> None:
    asked = web.post(f"{stack.url}/snapshots", json={"full": True}, headers={"prefer": "respond-async"})
    assert asked.status_code == 202, asked.text
    job = ended(stack.url + asked.headers["location"])
    assert (job["state"], job["error"]) == ("succeeded", None)
    queue = stack.environment["JOBS_QUEUE_URL"].replace(stores.JOBS, stores.NOTIFICATIONS)
    (sqs,) = make_clients(stack.environment, "sqs")
    told: list[str] = []

    def is_told() -> bool:
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        told.extend(json.loads(message["Body"])["Message"] for message in found.get("Messages", []))
        return any("job.succeeded" in text and job["id"] in text for text in told)

    until(is_told)
