"""Imports from their order to the rows in the ledger, by the worker as its queue calls it."""

from __future__ import annotations

import hashlib

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
