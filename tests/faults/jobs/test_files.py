"""The file is not what it was said to be, or does not stay it: the job says so, and what is appended is right."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Sequence

import pytest

from handlers.jobs.importing import GONE
from handlers.jobs.job import FAILED, SUCCEEDED, Job
from handlers.jobs.messages import object_key
from handlers.model.model import Draft
from handlers.rows import MODEL
from tests.faults.calls.kinds import Kind
from tests.faults.calls.outside import Call
from tests.faults.jobs.test_killed import check_right
from tests.faults.jobs.world import BUCKET, MakeWorld, World, file_of
from tests.support.drafts import VALUE, are_of, fields
from tests.support.meddling import all_rows, drafts

ROWS = drafts(11)
FILE = file_of(ROWS)
BOM = b"\xef\xbb\xbf"
OTHER = file_of(drafts(11, 100))
SIZE = 5 * 1024**3
LARGE_BYTES = 1 << 20


def csv_of(rows: Sequence[Draft]) -> bytes:
    text = io.StringIO()
    shown = [MODEL.draft_fields(made) for made in rows]
    writer = csv.DictWriter(text, shown[0], lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows([{name: _cell(value) for name, value in row.items()} for row in shown])
    return text.getvalue().encode()


def _cell(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def imported(world: World, content: bytes, file_format: str = "ndjson", **asked: object) -> Job:
    """Return the job of a file after all is done."""
    job_id = world.ask(content, file_format=file_format, **asked)  # pyright: ignore[reportArgumentType]
    world.put(job_id, content)
    world.run()
    world.check_quiet()
    return world.job(job_id)


# Files that are right, whatever they look like


@pytest.mark.parametrize(
    ("content", "file_format"),
    [
        pytest.param(BOM + FILE, "ndjson", id="a mark of UTF-8"),
        pytest.param(FILE.replace(b"\n", b"\r\n"), "ndjson", id="CRLF"),
        pytest.param(FILE.rstrip(), "ndjson", id="no end of the last line"),
        pytest.param(b"\n" + FILE.replace(b"\n", b"\n\n"), "ndjson", id="blank lines"),
        pytest.param(BOM + csv_of(ROWS).replace(b"\n", b"\r\n"), "csv", id="CSV as Excel writes it"),
        pytest.param(csv_of(ROWS), "csv", id="CSV with every cell quoted"),
    ],
)
def test_what_can_be_read_is_imported(world: World, content: bytes, file_format: str) -> None:
    check_right(world, imported(world, content, file_format).id)


# Files that are not


@pytest.mark.parametrize(
    ("content", "file_format", "said"),
    [
        pytest.param(gzip.compress(FILE), "ndjson", "gzip; unpack it first", id="gzip"),
        pytest.param(FILE.decode().encode("utf-16"), "ndjson", "UTF-16; convert it", id="UTF-16"),
        pytest.param(csv_of(ROWS).decode().encode("utf-16-le"), "csv", "UTF-16; convert it", id="UTF-16, no mark"),
        pytest.param(FILE + b'{"\xe4": 1}\n', "ndjson", "line 12: this is not UTF-8", id="Latin-1, far into it"),
        pytest.param(csv_of(ROWS) + b'"open', "csv", "line 13: this is not CSV", id="a quote left open"),
        pytest.param(FILE + b'{"a": "' + b"x" * 3_000_001, "ndjson", "line 12: the row", id="a row beyond any"),
        pytest.param(b"\0" * 1000, "ndjson", "every row of the file is refused", id="zeros"),
        pytest.param(b"\n\n", "ndjson", "the file has no rows", id="blank"),
        pytest.param(b"[" + FILE.replace(b"\n", b",") + b"]", "ndjson", "array", id="an array"),
        pytest.param(FILE, "csv", "line 1", id="NDJSON said to be CSV"),
        pytest.param(csv_of(ROWS), "ndjson", "every row of the file is refused", id="CSV said to be NDJSON"),
    ],
)
def test_what_cannot_be_read_fails_before_anything_is_appended(
    make_world: MakeWorld, content: bytes, file_format: str, said: str
) -> None:
    world = make_world(block_bytes=LARGE_BYTES)
    job = imported(world, content, file_format)
    assert (job.state, all_rows(world.ledger())) == (FAILED, [])
    assert said in job.error
    assert not world.sqs.dead


def test_rows_that_are_refused_are_told_and_all_others_are_there(make_world: MakeWorld) -> None:
    world = make_world(block_bytes=LARGE_BYTES)
    bad = [b"{", b"\0", b"[1]", json.dumps(fields() | {VALUE: "x" * 400_000}).encode(), b'"' * 9]
    lines = FILE.splitlines()
    for place, line in enumerate(bad):
        lines.insert(place * 3, line)
    job = imported(world, b"\n".join(lines))
    world.check_imported(*ROWS)
    assert (job.state, job.rows_done, job.rows_rejected) == (SUCCEEDED, len(ROWS), len(bad))
    assert [reject.line for reject in job.rejects] == [place * 3 + 1 for place in range(len(bad))]
    assert max(len(reason) for reject in job.rejects for reason in reject.reasons) <= 200


@pytest.mark.parametrize("size_bytes", [SIZE, len(FILE) - 1, len(FILE) + 1])
def test_a_file_of_another_size_fails(world: World, size_bytes: int) -> None:
    job = imported(world, FILE, declared_bytes=size_bytes)
    assert (job.state, job.error) == (FAILED, f"the file has {len(FILE)} bytes, declared were {size_bytes}")
    assert all_rows(world.ledger()) == []


def test_a_file_with_another_checksum_fails(world: World) -> None:
    job = imported(world, FILE, sha256=hashlib.sha256(OTHER).hexdigest())
    assert (job.state, all_rows(world.ledger())) == (FAILED, [])
    assert hashlib.sha256(FILE).hexdigest() in job.error


# Files that do not stay


def run_with(world: World, act: str, at: Call | None) -> list[Call]:
    """Run; something happens to the file at a call."""
    key = object_key(world.jobs().newest(1, world.clock.deadline())[0][0].id)

    def meanwhile(call: Call) -> Kind | None:
        if call == at and act == "replaced":
            world.put(key.rpartition("/")[2], OTHER)
        elif call == at and act == "deleted":
            world.s3.put(BUCKET, key, None)
        elif call == at:
            world.s3.forget(BUCKET, key)
        return None

    return world.run(meanwhile)


def calls_of(world: World) -> list[Call]:
    world.start_import(FILE, has_sha256=True)
    return run_with(world, "", None)


@pytest.mark.parametrize("act", ["replaced", "deleted"])
def test_a_file_that_is_replaced_or_deleted_midway_is_read_as_it_was(make_world: MakeWorld, act: str) -> None:
    """Every version stays for a while, and a job reads one alone."""
    for call in calls_of(make_world()):
        world = make_world()
        job_id = world.start_import(FILE, has_sha256=True)
        run_with(world, act, call)
        check_right(world, job_id)


def test_a_file_whose_versions_are_gone_midway_leaves_a_part_from_its_beginning(make_world: MakeWorld) -> None:
    states: set[str] = set()
    for call in calls_of(make_world()):
        world = make_world()
        job_id = world.start_import(FILE, has_sha256=True)
        run_with(world, "forgotten", call)
        job, rows = world.job(job_id), all_rows(world.ledger())
        world.check_quiet()
        assert are_of(rows, ROWS[: len(rows)])
        assert (job.state, job.error) in [(SUCCEEDED, ""), (FAILED, GONE)]
        assert job.state == FAILED or len(rows) == len(ROWS)
        states.add(job.state)
    assert states == {SUCCEEDED, FAILED}


def test_of_two_uploads_the_one_that_is_told_first_is_imported(world: World) -> None:
    job_id = world.ask(FILE)
    for content in (FILE, FILE[::-1]):
        world.put(job_id, content)
    world.run()
    check_right(world, job_id)


def test_a_file_that_never_comes_ends_its_job(world: World) -> None:
    job_id = world.ask(FILE)
    world.run()
    world.clock.pass_s(3600.0)
    world.sweep()
    assert (world.job(job_id).state, world.job(job_id).error[:14]) == (FAILED, "no file came u")
