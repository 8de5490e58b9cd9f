"""Imports from their order to the rows in the ledger, by the worker as its queue calls it."""

from __future__ import annotations

import hashlib
import json

import pytest

from tests.support.drafts import are_of
from tests.support.jobs.files import csv_file, drafts_of, ndjson_file
from tests.support.jobs.site import JobSite


@pytest.mark.parametrize("file_format", ["csv", "ndjson"])
def test_the_rows_of_a_file_are_in_the_ledger_in_its_order(site: JobSite, file_format: str) -> None:
    content = {"csv": csv_file, "ndjson": ndjson_file}[file_format](1500)
    job, message = site.upload(content, format=file_format, sha256=hashlib.sha256(content).hexdigest(), name="march")
    site.finish(message)
    done = site.call("GET", f"/jobs/{job.id}").json["job"]
    assert (done["state"], done["rows"], done["rows_done"], done["rows_rejected"]) == ("succeeded", 1500, 1500, 0)
    assert (done["name"], done["attempts"], done["error"], done["rejects"]) == ("march", 1, None, [])
    assert are_of(site.rows(), drafts_of(1500))


def test_of_rows_that_are_refused_as_many_are_shown_as_the_jobs_item_holds(
    site: JobSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A character that is not ASCII takes six bytes of it."""
    monkeypatch.setattr("handlers.jobs.importing.MOST_REJECTS_BYTES", 20_000)
    wrong = "".join(json.dumps({f"{number}{'ü' * 300}": "ü" * 300}) + "\n" for number in range(150))
    job, message = site.upload(wrong.encode() + ndjson_file(1), format="ndjson")
    site.finish(message)
    done = site.job(job.id)
    assert (done.state, done.rows_done, done.rows_rejected) == ("succeeded", 1, 150)
    assert 10_000 < len(json.dumps(done.rejects)) <= 20_000
    assert [reject.line for reject in done.rejects] == list(range(1, len(done.rejects) + 1))
    assert max(len(reason) for reject in done.rejects for reason in reject.reasons) <= 200
