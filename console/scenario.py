"""What is to be paid for: the data, the load on it, and how the stack runs.

Each field of `Scenario` is an option of `python -m console cost`. Some can be measured instead: given beats measured,
measured beats assumed. `LIMITS` is what a value may be, wherever it comes from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

from console.errors import ConsoleError
from handlers.settings import VARIABLES

Architecture = Literal["arm64", "x86"]
Origin = Literal["given", "measured", "assumed"]
Values = Mapping[str, float | str]

READ_UNIT_BYTES = 4096
HEAD_READ_UNITS = 1.0  # every read of the ledger begins with its head
SNAPSHOT_BYTES_A_ROW_BYTE = 2.5  # columns, the row's JSON text and three indexes; measured with this project's rows
LARGEST_SNAPSHOT_BYTES = 5 * 2**30  # /tmp has 10 GB at most, and holds two snapshots while one replaces the other
_SETTINGS = {name: float(default) for name, default, _ in VARIABLES if default.isdigit()}


@dataclass(frozen=True)
class Scenario:
    """One data set under one load. A month has 30 days; what is None follows from the rest.

    Args:
        row_bytes: a row in the ledger, as DynamoDB counts it.
        snapshot_row_bytes: a snapshot's bytes for each of its rows.
        writes_per_month: calls of `POST /insert`.
        publishes_per_month: snapshots published; the path `ddb` needs none.
        reads_per_sandbox: reads that a sandbox of the query function answers in its life.
        writes_per_sandbox: writes that a sandbox of the command function answers in its life.
        sandboxes: of the query function, warm at once.
        sqlite_efs_ms: billed time of a warm read; so are sqlite_tmp_ms and ddb_ms.
        write_ms: billed time of a write without publishing.
        init_ms: billed time until a new sandbox is ready.
        ddb_first_ms: what a sandbox's first use of DynamoDB takes longer, the SDK's import above all.
        read_units: of DynamoDB, for a read on `ddb`.
        efs_reads_per_read: of 32 KiB, by a warm read on `sqlite-efs`.
        cold_efs_reads: of 32 KiB, to open a snapshot that is too large to be read in full.
    """

    rows: float = 100_000
    row_bytes: float = 115
    snapshot_row_bytes: float | None = None
    reads_per_month: float = 1_000_000
    writes_per_month: float = 1_000
    rows_per_write: float = 1
    publishes_per_month: float | None = None
    rows_per_read: float = 100
    reads_per_sandbox: float = 1_000
    writes_per_sandbox: float = 10
    sandboxes: float = 1
    memory_mb: float = 1024
    architecture: Architecture = "arm64"
    check_interval_ms: float = field(default=_SETTINGS["CHECK_INTERVAL_MS"])
    retain_snapshots: float = field(default=_SETTINGS["RETAIN_SNAPSHOTS"])
    verify_max_bytes: float = field(default=_SETTINGS["VERIFY_MAX_BYTES"])
    sqlite_efs_ms: float = 3
    sqlite_tmp_ms: float = 3
    ddb_ms: float = 12
    write_ms: float = 50
    init_ms: float = 150
    ddb_first_ms: float = 160
    read_units: float | None = None
    efs_reads_per_read: float = 0
    cold_efs_reads: float = 13

    @property
    def snapshot_bytes(self) -> float:
        """A snapshot's size."""
        return self.rows * (self.snapshot_row_bytes or SNAPSHOT_BYTES_A_ROW_BYTE * self.row_bytes)

    @property
    def publishes(self) -> float:
        """Snapshots published in a month; one a write unless something else is said."""
        return self.writes_per_month if self.publishes_per_month is None else self.publishes_per_month

    @property
    def ddb_read_units(self) -> float:
        """Units of a read on `ddb`: its head and one Query, both strongly consistent."""
        if self.read_units is not None:
            return self.read_units
        return HEAD_READ_UNITS + math.ceil(self.rows_per_read * self.row_bytes / READ_UNIT_BYTES)


LIMITS: dict[str, tuple[float, float]] = {
    "rows": (1, 1e9),
    "row_bytes": (1, 400 * 1024),
    "snapshot_row_bytes": (1, 1e7),
    "reads_per_month": (0, 1e11),
    "writes_per_month": (0, 1e9),
    "rows_per_write": (1, 1000),
    "publishes_per_month": (0, 1e8),
    "rows_per_read": (1, 1000),
    "reads_per_sandbox": (1, 1e9),
    "writes_per_sandbox": (1, 1e9),
    "sandboxes": (1, 10_000),
    "memory_mb": (128, 10_240),
    "check_interval_ms": (0, 3_600_000),
    "retain_snapshots": (1, 200),
    "verify_max_bytes": (0, 2**40),
    "sqlite_efs_ms": (0, 900_000),
    "sqlite_tmp_ms": (0, 900_000),
    "ddb_ms": (0, 900_000),
    "write_ms": (0, 900_000),
    "init_ms": (0, 900_000),
    "ddb_first_ms": (0, 900_000),
    "read_units": (0, 1e6),
    "efs_reads_per_read": (0, 1e6),
    "cold_efs_reads": (0, 1e6),
}


@dataclass(frozen=True)
class Assembled:
    """A scenario, and where each of its values comes from."""

    scenario: Scenario
    origins: dict[str, Origin]


def assemble(given: Values, measured: Values) -> Assembled:
    """Put a scenario together: given beats measured, measured beats assumed.

    Raises ConsoleError for a value outside its limits.
    """
    values = {**measured, **given}
    for name, value in values.items():
        if isinstance(value, float | int):
            _check(name, value, "measured" if name not in given else "given")
    scenario = Scenario(**values)  # pyright: ignore[reportArgumentType] - the names are those of the fields, checked above
    if scenario.snapshot_bytes > LARGEST_SNAPSHOT_BYTES:
        message = f"a snapshot of {scenario.snapshot_bytes / 2**30:,.1f} GB does not fit into /tmp twice"
        raise ConsoleError(message, f"fewer --rows, or smaller ones: {LARGEST_SNAPSHOT_BYTES / 2**30:.0f} GB are the limit")
    return Assembled(scenario, {name: _origin(name, given, measured) for name in names()})


def names() -> list[str]:
    """The names of all values of a scenario."""
    return [each.name for each in fields(Scenario)]


def option(name: str) -> str:
    """The command line's option for a value."""
    return "--" + name.replace("_", "-")


def _origin(name: str, given: Values, measured: Values) -> Origin:
    if name in given:
        return "given"
    return "measured" if name in measured else "assumed"


def _check(name: str, value: float, origin: str) -> None:
    least, most = LIMITS[name]
    if not least <= value <= most:  # false for NaN too
        raise ConsoleError(f"{option(name)}: {origin} {value:g}, allowed: {least:g} to {most:g}", "another value", 2)
