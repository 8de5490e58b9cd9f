"""The DynamoDB table's definition: it stands here once, for the emulator, the tests and the stack's program.

Rows live under pk = "ledger#<root>#<page>", sk = seq, with 1000 rows a page, so that any range can be read with
strong consistency and a long prefix in parallel; a root is the epoch that they were written in. The index `by_id` finds
one row by its id. Benchmark sessions live under pk = "benchmark", sk = milliseconds since 1970, so that a Query gives
the newest.
"""

from __future__ import annotations

PARTITION_KEY = "pk"
SORT_KEY = "sk"
ID = "id"
BY_ID = "by_id"
TTL = "expires_at"
PAGE_ROWS = 1000
STREAM_VIEW = "NEW_IMAGE"
VERIFICATION = "verification"  # partition of what verification has found, which the projector writes
BENCHMARKS = "benchmark"  # partition of the benchmark sessions, the only one that the query function may write to
JOBS = "job"  # partition of the jobs; the sort key is the job's id as a number, so the newest is the greatest
JOB, JOB_STATE, JOB_ORDER = "job", "job_state", "job_order"  # what a job is; its state; what the worker is to do for it
BY_JOB_STATE = "by_job_state"  # holds jobs alone: nothing else has the attribute
EVENTS = "event"  # partition of what is to be told outside; the worker finds it in the stream
EVENT = "event"  # attribute: the event as JSON
LAKE = "lake"  # partition of how far the data lake is; the sort key is a root

ATTRIBUTES = {PARTITION_KEY: "S", SORT_KEY: "N", ID: "S", JOB_STATE: "S"}


def rows_key(root: int, page: int) -> str:
    """Return the partition key of one page of rows; page 0 holds seq 1 to 1000."""
    return f"ledger#{root}#{page}"


def page_of(seq: int) -> int:
    """Return the page that holds a sequence number."""
    return (seq - 1) // PAGE_ROWS


def create_table_arguments(name: str) -> dict[str, object]:
    """Return the arguments of DynamoDB's CreateTable. Time to live is switched on by a call of its own.

    The stream is free as long as nobody reads it.
    """
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": STREAM_VIEW},
        "AttributeDefinitions": [
            {"AttributeName": attribute, "AttributeType": kind} for attribute, kind in ATTRIBUTES.items()
        ],
        "KeySchema": [
            {"AttributeName": PARTITION_KEY, "KeyType": "HASH"},
            {"AttributeName": SORT_KEY, "KeyType": "RANGE"},
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": BY_ID,
                "KeySchema": [{"AttributeName": ID, "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            },
            {
                "IndexName": BY_JOB_STATE,
                "KeySchema": [
                    {"AttributeName": JOB_STATE, "KeyType": "HASH"},
                    {"AttributeName": SORT_KEY, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": [JOB, TTL]},
            },
        ],
    }
