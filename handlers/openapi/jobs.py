"""The schemas of jobs: what asks for an import, its upload, and what is told of a job."""

from __future__ import annotations

from handlers.imports.formats import FORMATS
from handlers.jobs.job import (
    IMPORT_PHASES,
    KINDS,
    MOST_BYTES,
    MOST_NAME_CHARACTERS,
    MOST_REJECTS,
    REBUILD_PHASES,
    STATES,
)
from handlers.openapi.schemas import AMOUNT, COUNT, ID, TEXT, TIME, Schema, array, choice, closed, nullable, record, ref

ORDER_EXAMPLES: dict[str, object] = {
    "a CSV file": {"format": "csv", "bytes": 48213},
    "all of it, or nothing": {
        "format": "ndjson",
        "bytes": 48213,
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "name": "march.ndjson",
        "max_rejects": 0,
    },
}
SHA256: Schema = {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"}


def job_schemas() -> dict[str, Schema]:
    """Return the jobs' part of `components.schemas`."""
    summary = _summary()
    rejects = array(ref("RejectedRow")) | {"maxItems": MOST_REJECTS, "description": "The first ones. Imports only."}
    own: dict[str, Schema] = {
        "format": choice(FORMATS, "Of an import's file."),
        "sha256": nullable(SHA256),
        "max_rejects": nullable(COUNT),
        "rejects": rejects,
    }
    return {
        "ImportOrder": _order(),
        "JobState": choice(STATES),
        "JobSummary": record(*summary),
        "Job": record(summary[0], {**summary[1], **own}),
        "RejectedRow": record({"line": COUNT | {"minimum": 1}, "reasons": array(TEXT)}),
        "Upload": _upload(),
        "UploadHeaders": {"type": "object", "additionalProperties": TEXT, "description": "To be sent as they are."},
        "OneJob": record({"job": ref("Job")}),
        "Accepted": record({"job": ref("Job"), "upload": ref("Upload")}),
        "Jobs": record({"jobs": array(ref("JobSummary")), "next": nullable(ID)}),
    }


def _order() -> Schema:
    size: Schema = {"type": "integer", "minimum": 1, "maximum": MOST_BYTES, "description": "The file's size."}
    optional: dict[str, Schema] = {
        "sha256": SHA256 | {"description": "Of the file: another one is refused."},
        "name": TEXT | {"maxLength": MOST_NAME_CHARACTERS, "description": "For people."},
        "max_rejects": COUNT | {"description": "Append nothing where more rows are refused. Without it, any number."},
    }
    return closed(record({"format": choice(FORMATS), "bytes": size}, optional))


def _upload() -> Schema:
    """Return the schema of the request that puts the file; to send it needs no other authorization."""
    url: Schema = {"type": "string", "format": "uri", "description": "Whoever has it may put the file."}
    return record(
        {"method": {"type": "string", "const": "PUT"}, "url": url, "headers": ref("UploadHeaders"), "expires_at": TIME},
    )


def _summary() -> tuple[dict[str, Schema], dict[str, Schema]]:
    """Return the members that all jobs have, and those of imports alone."""
    phases = [*IMPORT_PHASES, *REBUILD_PHASES]
    shown: dict[str, Schema] = {
        "id": ID,
        "kind": choice(KINDS),
        "state": ref("JobState"),
        "name": nullable(TEXT),
        "phase": nullable(choice(phases)),
        "created_at": TIME,
        "started_at": nullable(TIME),
        "ended_at": nullable(TIME),
        "attempts": COUNT | {"description": "How often somebody began to work on it."},
        "rows": nullable(COUNT) | {"description": "How many there are to do; null until that is known."},
        "rows_done": COUNT,
        "rows_per_s": nullable(AMOUNT),
        "eta_s": nullable(COUNT) | {"description": "Until the end of the phase, at its pace so far."},
        "bookmark": nullable(ref("Bookmark")) | {"description": "The point of the history that it has reached."},
        "error": nullable(TEXT),
    }
    return shown, {
        "rows_rejected": COUNT,
        "bytes": COUNT,
        "bytes_done": COUNT | {"description": "Read in this phase."},
    }
