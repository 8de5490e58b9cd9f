"""The schemas of what is measured: a request's receipt, and the benchmark's routes."""

from __future__ import annotations

from handlers.benchmark.operations import DEFAULT_ITERATIONS, MAX_ITERATIONS
from handlers.benchmark.report import FIGURES
from handlers.benchmark.workloads import WORKLOADS
from handlers.openapi.schemas import AMOUNT, COUNT, NUMBER, TIME, Schema, array, choice, closed, nullable, record, ref

# Each number of a receipt: (schema, description, example)
NUMBERS: dict[str, tuple[Schema, str, object]] = {
    "read_units": (nullable(AMOUNT), "DynamoDB's own sum; null where it named none.", 1.5),
    "efs_metadata_operations": (COUNT, "Listings, opens, looks at attributes.", 1),
    "efs_reads": (COUNT, "Data reads.", 0),
    "efs_bytes": (COUNT, "Bytes of the data reads.", 0),
    "efs_metered_bytes": (COUNT, "What EFS meters at least: 32 KiB a data read, 4 KiB a metadata operation.", 4096),
    "efs_counted_by": (
        choice(("nfs", "calls")),
        "nfs: the kernel's NFS client; calls: the function's own calls, without what SQLite reads.",
        "nfs",
    ),
    "copied_bytes": (COUNT, "Copied to the sandbox's own disk.", 0),
    "billed_ms": (COUNT | {"minimum": 1}, "The function's own time, rounded up.", 2),
    "init_ms": (nullable(AMOUNT), "First receipt of a sandbox: CPU time until the function was ready.", None),
}
# The same of a database's answers alone.
OF_DATABASE: dict[str, Schema] = {
    "database_rows": COUNT | {"description": "postgres only: the rows that it gave."},
    "database_ms": AMOUNT | {"description": "postgres only: how long its statements took, with the way there."},
    "database_connections": COUNT | {"description": "postgres only: connections made for this request."},
}
ID: Schema = {"type": "string", "pattern": "^[1-9][0-9]{0,14}$", "description": "Milliseconds since 1970."}
INTERVAL: Schema = array(nullable(AMOUNT)) | {
    "minItems": 2,
    "maxItems": 2,
    "description": "Between which it lies with 95 % confidence; null: too few requests for an upper end.",
}
CHANGE: Schema = nullable(NUMBER) | {
    "description": "Against the session before: 0.1 is a tenth slower. null where that one had other rows, or "
    "another version, region, memory or architecture."
}


def consumed() -> Schema:
    """Return the schema of the member `consumed`."""
    properties = {name: schema | {"description": text} for name, (schema, text, _) in NUMBERS.items()}
    example = {name: value for name, (_, _, value) in NUMBERS.items()}
    return record(properties, OF_DATABASE, example=example) | {
        "description": "What the request consumed, without the gateway."
    }


def benchmark_schemas() -> dict[str, Schema]:
    """Return the benchmarks' part of `components.schemas`."""
    iterations: Schema = {"type": "integer", "minimum": 1, "maximum": MAX_ITERATIONS}
    workloads = array(ref("Workload")) | {"minItems": 1, "uniqueItems": True}
    asked: dict[str, Schema] = {
        "iterations": iterations | {"description": f"Without it, {DEFAULT_ITERATIONS}."},
        "workloads": workloads | {"description": "Without it, all of them."},
    }
    session = _session()
    return {
        "Workload": choice(WORKLOADS),
        "BenchmarkOrder": closed(record({}, asked, {"iterations": 10, "workloads": ["by-id"]})),
        "BenchmarkSettings": record({"iterations": iterations, "warm_ups": COUNT, "workloads": workloads}),
        "BenchmarkSession": record(session),
        "Benchmark": record(session | {"results": array(ref("BenchmarkResult"))}),
        "BenchmarkResult": _result(),
        "ErrorCounts": {"type": "object", "additionalProperties": COUNT, "description": "How many, by status."},
        "Distribution": _distribution(),
        "ConsumedInTotal": _total(),
        "Benchmarks": record({"benchmarks": array(ref("BenchmarkSession")), "next": nullable(ID)}),
        **_trends(),
    }


def _session() -> dict[str, Schema]:
    return {
        "id": ID,
        "started_at": TIME,
        "duration_ms": AMOUNT,
        "complete": {"type": "boolean", "description": "false: the time was over before all iterations were done."},
        "bookmark": ref("Bookmark"),
        "last_bookmark": ref("Bookmark"),
        "rows": COUNT,
        "settings": ref("BenchmarkSettings"),
        "environment": ref("Build"),
    }


def _result() -> Schema:
    return record(
        {
            "workload": ref("Workload"),
            "source": ref("Source"),
            "requests": COUNT | {"description": "Those that count, errors left out."},
            "errors": ref("ErrorCounts"),
            "server_ms": nullable(ref("Distribution")),
            "consumed": ref("ConsumedInTotal"),
        }
    )


def _distribution() -> Schema:
    return record(dict.fromkeys(FIGURES, AMOUNT), {"p50_interval": INTERVAL, "p99_interval": INTERVAL}) | {
        "description": "Milliseconds."
    }


def _total() -> Schema:
    properties = {name: schema for name, (schema, _, _) in NUMBERS.items() if name != "init_ms"}
    about = "The receipts of these requests, added up; empty where there are none."
    return record({}, properties) | {"description": about}


def _trends() -> dict[str, Schema]:
    point: dict[str, Schema] = {
        "id": ID,
        "started_at": TIME,
        "rows": COUNT,
        "p50_ms": AMOUNT,
        "p90_ms": AMOUNT,
        "p99_ms": AMOUNT,
        "p50_interval": nullable(INTERVAL),
        "p99_interval": nullable(INTERVAL),
        "p50_change": CHANGE,
        "p99_change": CHANGE,
    }
    return {
        "TrendPoint": record(point),
        "Trend": record({"workload": ref("Workload"), "source": ref("Source"), "points": array(ref("TrendPoint"))}),
        "Trends": record({"trends": array(ref("Trend"))}),
    }
