"""The inputs of the cost model that a benchmark's result tells.

A result from this machine tells how much data there is and nothing else: its times lack EFS, DynamoDB and a network,
and the emulator counts read units by calls, not by bytes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple, Self

from console.costs.prices import PriceList
from console.costs.row_size import snapshot_bytes_a_row_byte
from console.costs.scenario import Scenario, ScenarioValues, assemble
from console.costs.study import Study
from console.errors import ConsoleError
from console.results.result import Environment, FunctionBuild, Measurement, Size
from handlers.routes import POSTGRES, SOURCES
from handlers.telemetry.usage import METERED_METADATA_BYTES, METERED_READ_BYTES

MainWorkload = Literal["newest-100", "by-id", "range"]  # those of which one request is one read
TELLING_BYTES = 1_000_000  # beside so many, the pages that every snapshot has count for little
ROWS_PER_READ: dict[str, float] = {"newest-100": 100, "by-id": 1}


def choose_size(sizes: Sequence[Size], rows: float | None) -> Size:
    """Choose the size that a question is about: the one nearest to a number of rows, else the largest.

    Raises ConsoleError where there is none.
    """
    known = [size for size in sizes if size.rows]
    if not known:
        raise ConsoleError("nothing was measured of any rows", "load some, and run `bench` again")
    if rows is None:
        return max(known, key=lambda size: size.rows)
    return min(known, key=lambda size: abs(math.log(size.rows / max(rows, 1))))


class Case(NamedTuple):
    """The case that a verdict is about: what was measured of a size, and what the load at hand costs.

    Args:
        workload: what most reads are like.
        study: of the load, with what was measured in it.
    """

    environment: Environment
    size: Size
    workload: MainWorkload
    study: Study

    @classmethod
    def from_sizes(
        cls,
        environment: Environment,
        sizes: Sequence[Size],
        price_list: PriceList,
        given: ScenarioValues,
        workload: MainWorkload = "newest-100",
    ) -> Self:
        """Put together what is given and what was measured, and look at what it costs.

        Args:
            sizes: all that was measured; the largest counts, or the one nearest to the rows that are given.

        Raises ConsoleError where nothing was measured, and for a value outside its limits.
        """
        rows = given.get("rows")
        size = choose_size(sizes, rows if isinstance(rows, float) else None)
        assembled = assemble(given, measured_values(environment, sizes, size, workload, given.get("rows", size.rows)))
        return cls(environment, size, workload, Study.from_assembled(price_list, assembled, find_region(environment)))


def find_region(environment: Environment) -> str | None:
    """Find where the stack is that was measured; None where it does not say, or is this machine."""
    return None if environment.is_local else environment.function.region


def measured_values(
    environment: Environment,
    sizes: Sequence[Size],
    size: Size,
    workload: MainWorkload,
    rows: float | str,
) -> dict[str, float | str]:
    """Return the scenario's values that were measured.

    Args:
        sizes: all that were measured.
        size: the one nearest to the question.
        workload: what most reads are like.
        rows: that the question is about; what was measured at so many is taken as it is.
    """
    data = data_values(sizes, size, rows)
    if workload in ROWS_PER_READ:
        data["rows_per_read"] = ROWS_PER_READ[workload]
    if POSTGRES in size.homes:
        data["postgres"] = 1.0
    if environment.is_local:
        return data
    return data | _machine(environment.function) | _times(size, workload) | _receipts(size, workload)


def data_values(sizes: Sequence[Size], size: Size, rows: float | str) -> dict[str, float | str]:
    """Return the scenario's values that say how much data there is, of `measured_values`."""
    return {"rows": size.rows, **_row_bytes(sizes, size, is_measured=rows == size.rows)}


def billed_ms(measurement: Measurement | None) -> float | None:
    """Return what Lambda bills for a request: by its receipt, else by the function's own time."""
    if measurement is None:
        return None
    if "billed_ms" in measurement.consumed:
        return measurement.consumed["billed_ms"]
    return measurement.server_ms.mean if measurement.server_ms else None


def _row_bytes(sizes: Sequence[Size], size: Size, *, is_measured: bool) -> dict[str, float | str]:
    """Return a snapshot's bytes for each row, and a row's in the ledger: that of an older result by their usual ratio.

    Args:
        is_measured: the question is about this very size, whose snapshot is as large as it is.
    """
    grown_bytes = _grown_row_bytes(sizes, size)
    known: dict[str, float | str] = {}
    if grown_bytes is not None:
        known = {"row_bytes": grown_bytes / snapshot_bytes_a_row_byte(), "snapshot_row_bytes": grown_bytes}
    if size.row_bytes is not None:
        known["row_bytes"] = size.row_bytes
    return known | ({"snapshot_row_bytes": size.snapshot_bytes / size.rows} if is_measured else {})


def _grown_row_bytes(sizes: Sequence[Size], size: Size) -> float | None:
    """By how much a snapshot grows with a row, from the smallest to the largest; of one size what a row of it takes.
    None where the files are too small to tell.
    """
    least, most = (end((it for it in sizes if it.rows), key=lambda it: it.rows) for end in (min, max))
    grown_bytes = most.snapshot_bytes - least.snapshot_bytes
    if most.rows > least.rows and grown_bytes > TELLING_BYTES:
        return grown_bytes / (most.rows - least.rows)
    return size.snapshot_bytes / size.rows if size.snapshot_bytes > TELLING_BYTES else None


def _machine(function: FunctionBuild) -> dict[str, float | str]:
    known: dict[str, float | str] = {}
    if function.memory_mb:
        known["memory_mb"] = function.memory_mb
    if function.architecture:
        known["architecture"] = "arm64" if function.architecture in ("arm64", "aarch64") else "x86"
    return known


def _times(size: Size, workload: MainWorkload) -> dict[str, float | str]:
    known: dict[str, float | str] = {}
    for source in size.homes:
        warm_ms = billed_ms(size.measured(workload, source))
        if warm_ms is not None:
            known[f"{source.replace('-', '_')}_ms"] = warm_ms
    first = [size.measured("first-in-sandbox", source) for source in SOURCES]
    init_ms = [found.consumed["init_ms"] for found in first if found and "init_ms" in found.consumed]
    if init_ms:
        known["init_ms"] = sum(init_ms) / len(init_ms)
    for source in ("ddb", POSTGRES):
        warm_ms, first_ms = known.get(f"{source}_ms"), billed_ms(size.measured("first-in-sandbox", source))
        if isinstance(warm_ms, float) and first_ms is not None:
            known[f"{source}_first_ms"] = max(0.0, first_ms - warm_ms)
    return known


def _receipts(size: Size, workload: MainWorkload) -> dict[str, float | str]:
    known: dict[str, float | str] = {}
    ddb, on_efs = size.measured(workload, "ddb"), size.measured(workload, "sqlite-efs")
    if ddb and "read_units" in ddb.consumed:
        known["read_units"] = ddb.consumed["read_units"]
    if on_efs and "efs_metered_bytes" in on_efs.consumed:
        known["efs_reads_per_read"] = _data_reads(on_efs)
    cold = size.measured("first-in-sandbox", "sqlite-efs")
    is_read_in_full = size.snapshot_bytes <= Scenario.verify_max_bytes
    if cold and not is_read_in_full and "efs_metered_bytes" in cold.consumed:
        known["cold_efs_reads"] = _data_reads(cold)
    return known


def _data_reads(measurement: Measurement) -> float:
    """Count what EFS meters for data, in reads of the least size; looks for a newer snapshot are metadata."""
    metadata_bytes = measurement.consumed.get("efs_metadata_operations", 0.0) * METERED_METADATA_BYTES
    return max(0.0, measurement.consumed["efs_metered_bytes"] - metadata_bytes) / METERED_READ_BYTES
