"""The schema of a receipt: the one place that says what each of its numbers is."""

from __future__ import annotations

from handlers.openapi.schemas import COUNT, Schema, nullable, record

AMOUNT: Schema = {"type": "number", "minimum": 0}

# name: (schema, description, example)
NUMBERS: dict[str, tuple[Schema, str, object]] = {
    "read_units": (nullable(AMOUNT), "DynamoDB's own sum; null where it named none.", 1.5),
    "efs_metadata_operations": (COUNT, "Listings, opens, looks at attributes.", 1),
    "efs_reads": (COUNT, "Data reads.", 0),
    "efs_bytes": (COUNT, "Bytes of the data reads.", 0),
    "efs_metered_bytes": (COUNT, "What EFS meters at least: 32 KiB a data read, 4 KiB a metadata operation.", 4096),
    "efs_counted_by": (
        {"enum": ["nfs", "calls"]},
        "nfs: the kernel's NFS client; calls: the function's own calls, without what SQLite reads.",
        "nfs",
    ),
    "copied_bytes": (COUNT, "Copied to the sandbox's own disk.", 0),
    "billed_ms": (COUNT | {"minimum": 1}, "The function's own time, rounded up.", 2),
    "init_ms": (nullable(AMOUNT), "First receipt of a sandbox: CPU time until the function was ready.", None),
}


def consumed() -> Schema:
    """The schema of the member `consumed`."""
    properties = {name: schema | {"description": text} for name, (schema, text, _) in NUMBERS.items()}
    example = {name: value for name, (_, _, value) in NUMBERS.items()}
    return record(properties, example=example) | {"description": "What the request consumed, without the gateway."}
