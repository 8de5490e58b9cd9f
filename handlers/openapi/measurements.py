"""The schemas of what is measured: a request's receipt, and the benchmark's routes."""

from __future__ import annotations

from handlers.api.benchmarks import DEFAULT_ITERATIONS, MAX_ITERATIONS
from handlers.benchmark.report import FIGURES
from handlers.benchmark.workloads import WORKLOADS
from handlers.openapi.schemas import COUNT, Schema, array, nullable, record, ref
from handlers.routes import SOURCES

AMOUNT: Schema = {"type": "number", "minimum": 0}

# Each number of a receipt: (schema, description, example)
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
ID: Schema = {"type": "string", "pattern": "^[1-9][0-9]{0,14}$", "description": "Milliseconds since 1970."}
CHANGE: Schema = nullable(
    {
        "type": "number",
        "description": "Against the session before: 0.1 is a tenth slower. null where that one had other rows, or "
        "another version, region, memory or architecture.",
    }
)


def consumed() -> Schema:
    """Return the schema of the member `consumed`."""
    properties = {name: schema | {"description": text} for name, (schema, text, _) in NUMBERS.items()}
    example = {name: value for name, (_, _, value) in NUMBERS.items()}
    return record(properties, example=example) | {"description": "What the request consumed, without the gateway."}


def benchmark_schemas() -> dict[str, Schema]:
    """Return the benchmarks' part of `components.schemas`."""
    iterations: Schema = {"type": "integer", "minimum": 1, "maximum": MAX_ITERATIONS}
    workload: Schema = {"enum": list(WORKLOADS)}
    workloads = array(workload) | {"minItems": 1, "uniqueItems": True}
    settings = record({"iterations": iterations, "warm_ups": COUNT, "workloads": workloads})
    asked: dict[str, Schema] = {
        "iterations": iterations | {"default": DEFAULT_ITERATIONS},
        "workloads": workloads | {"default": list(WORKLOADS)},
    }
    return {
        "BenchmarkOrder": record({}, asked, {"iterations": 10, "workloads": ["by-id"]}),
        "Benchmark": record(_session(settings) | {"results": array(_result(workload))}),
        "Benchmarks": record({"benchmarks": array(record(_session(settings))), "next": nullable(ID)}),
        "Trends": record({"trends": array(_trend(workload))}),
    }


def _session(settings: Schema) -> dict[str, Schema]:
    return {
        "id": ID,
        "started_at": {"type": "string", "format": "date-time"},
        "duration_ms": AMOUNT,
        "complete": {"type": "boolean", "description": "false: the time was over before all iterations were done."},
        "bookmark": ref("Bookmark"),
        "last_bookmark": ref("Bookmark"),
        "rows": COUNT,
        "settings": settings,
        "environment": ref("Build"),
    }


def _result(workload: Schema) -> Schema:
    errors: Schema = {"type": "object", "additionalProperties": COUNT, "description": "How many, by status."}
    return record(
        {
            "workload": workload,
            "source": {"enum": list(SOURCES)},
            "requests": COUNT | {"description": "Those that count, errors left out."},
            "errors": errors,
            "server_ms": nullable(record(dict.fromkeys(FIGURES, AMOUNT))),
            "consumed": _total(),
        }
    )


def _total() -> Schema:
    properties = {name: schema for name, (schema, _, _) in NUMBERS.items() if name != "init_ms"}
    about = "The receipts of these requests, added up; empty where there are none."
    return record({}, properties) | {"description": about}


def _trend(workload: Schema) -> Schema:
    point = record(
        {
            "id": ID,
            "started_at": {"type": "string", "format": "date-time"},
            "rows": COUNT,
            "p50_ms": AMOUNT,
            "p99_ms": AMOUNT,
            "p50_change": CHANGE,
            "p99_change": CHANGE,
        }
    )
    return record({"workload": workload, "source": {"enum": list(SOURCES)}, "points": array(point)})
