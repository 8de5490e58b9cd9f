"""All that is to be paid for: the data, the load on it, and how the stack runs.

Each field of `Scenario` is an option of `python -m console cost`. Some can be measured instead: given beats measured,
measured beats the stack's default settings and what is assumed. options/inputs.py says what each of
them means and may be.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Literal

from console.costs.options.inputs import INPUTS, SETTINGS, option
from console.costs.prices import Architecture, DatabaseClass
from console.costs.row_size import random_row_bytes, snapshot_bytes_a_row_byte
from console.errors import ConsoleError
from console.paths import PROGRAM
from handlers.routes import HOMES, SOURCES
from handlers.settings import VARIABLES

Origin = Literal["given", "measured", "setting", "assumed"]
ScenarioValues = Mapping[str, float | str]

DAY_S = 24 * 3600
MONTH_S = 30 * DAY_S
PROJECTION_WINDOW_S = 1  # the stack's setting
READ_UNIT_BYTES = 4096
WRITE_UNIT_BYTES = 1024
ANSWER_SHARE = 0.3  # of a row's bytes, what is left of random rows in a compressed answer
LAKE_SHARE = 0.3  # of a row's bytes, what is left of random rows that came one by one when a page of them is packed
HEAD_READ_UNITS = 1.0  # every read of the ledger begins with its head
INDEX_READ_UNITS = 0.5  # for each 4 KB begun
_SETTINGS = {name: float(default) for name, default in VARIABLES if default.isdigit()}


@dataclass(frozen=True)
class Scenario:
    """One data set under one load; `INPUTS` says what each number means. What is None follows from the rest."""

    rows: float = 100_000
    row_bytes: float = field(default_factory=lambda: random_row_bytes())  # noqa: PLW0108 - looked up when it is needed
    snapshot_row_bytes: float | None = None
    reads_per_month: float = 1_000_000
    writes_per_month: float = 1_000
    rows_per_write: float = 1
    publishes_per_month: float | None = None
    projected_per_month: float | None = None
    maintained_per_month: float = 720
    rows_per_read: float = 100
    reads_per_sandbox: float = 1_000
    writes_per_sandbox: float = 10
    sandboxes: float = 1
    memory_mb: float = 1024
    tmp_mb: float = 512
    architecture: Architecture = "arm64"
    tracing: float = 0
    check_interval_ms: float = _SETTINGS["CHECK_INTERVAL_MS"]
    retain_s: float = _SETTINGS["RETAIN_S"]
    verify_max_bytes: float = _SETTINGS["VERIFY_MAX_BYTES"]
    sqlite_efs_ms: float = 3
    sqlite_tmp_ms: float = 3
    ddb_ms: float = 12
    write_ms: float = 50
    init_ms: float = 150
    ddb_first_ms: float = 160
    projector_ms: float = 20
    read_units: float | None = None
    efs_reads_per_read: float = 0
    cold_efs_reads: float = 13
    jobs: float = 0
    imports_per_month: float = 0
    rows_per_import: float = 100_000
    import_rows_per_s: float = 2_000
    rebuilds_per_month: float = 0
    lake: float = 0
    lake_rounds: float = 720
    lake_row_bytes: float | None = None
    notifications: float = 0
    notified_addresses: float = 0
    worker_memory_mb: float = 1024
    edge: float = 0
    cached: float = 0.5
    answer_row_bytes: float | None = None
    page_views_per_month: float = 1_000
    edge_log_days: float = 0
    firewall: float = 0
    sessions: float = 0
    sessions_per_month: float = 1_000
    minutes_per_session: float = 10
    postgres: float = 0
    database_class: DatabaseClass = "db.t4g.micro"
    multi_az: float = 0
    proxy: float = 0
    backup_days: float = 7
    postgres_ms: float = 4
    postgres_first_ms: float = 150
    feed_ms: float = 30

    @property
    def homes(self) -> tuple[str, ...]:
        """The homes that have a bill."""
        return HOMES if self.postgres else SOURCES

    @property
    def snapshot_bytes(self) -> float:
        """A snapshot's size."""
        return self.rows * (self.snapshot_row_bytes or snapshot_bytes_a_row_byte() * self.row_bytes)

    @property
    def publishes(self) -> float:
        """Snapshots published in a month; one a write unless something else is said."""
        return self.writes_per_month if self.publishes_per_month is None else self.publishes_per_month

    @property
    def projections(self) -> float:
        """Runs of the projector after appends: one a write unless something else is said, and one a window at most."""
        if self.projected_per_month is not None:
            return self.projected_per_month
        return min(self.writes_per_month, MONTH_S / PROJECTION_WINDOW_S)

    @property
    def ddb_read_units(self) -> float:
        """Units of a read on `ddb`: its head and one Query, both strongly consistent. One row is asked for by its id,
        and the index that finds it is eventually consistent: half as much.
        """
        if self.read_units is not None:
            return self.read_units
        if self.rows_per_read == 1:
            return HEAD_READ_UNITS + INDEX_READ_UNITS * math.ceil(self.row_bytes / READ_UNIT_BYTES)
        return HEAD_READ_UNITS + math.ceil(self.rows_per_read * self.row_bytes / READ_UNIT_BYTES)

    @property
    def has_jobs(self) -> bool:
        """Tell whether there are jobs: switched on, or counted."""
        return bool(self.jobs or self.imports_per_month or self.rebuilds_per_month)

    @property
    def lake_bytes_per_row(self) -> float:
        """Return what a row takes in the lake."""
        return self.lake_row_bytes or LAKE_SHARE * self.row_bytes

    @property
    def origin_share(self) -> float:
        """Return the share of the reads that reach the stack; what is asked in a session the edge does not keep."""
        return 1 - self.cached if self.edge and not self.sessions else 1

    @property
    def origin_reads(self) -> float:
        """Return the reads that reach the stack."""
        return self.reads_per_month * self.origin_share

    @property
    def answer_bytes_per_row(self) -> float:
        """Return what a row takes in a compressed answer."""
        return self.answer_row_bytes or ANSWER_SHARE * self.row_bytes

    @property
    def first_s(self) -> float:
        """Return how long a sandbox takes until it works with the table."""
        return (self.init_ms + self.ddb_first_ms) / 1000

    def numbers(self) -> dict[str, float]:
        """Return all numbers by name, also those that follow from others."""
        worked_out = {
            "snapshot_row_bytes": self.snapshot_bytes / self.rows,
            "publishes_per_month": self.publishes,
            "projected_per_month": self.projections,
            "read_units": self.ddb_read_units,
            "lake_row_bytes": self.lake_bytes_per_row,
            "answer_row_bytes": self.answer_bytes_per_row,
        }
        return {name: worked_out[name] if name in worked_out else getattr(self, name) for name in INPUTS}

    def choices(self) -> dict[str, str]:
        """Return by name what is chosen and no number."""
        return {"architecture": self.architecture, "database_class": self.database_class}


@dataclass(frozen=True)
class Assembled:
    """A scenario, and where each of its values comes from."""

    scenario: Scenario
    origins: dict[str, Origin]


def assemble(given: ScenarioValues, measured: ScenarioValues) -> Assembled:
    """Put a scenario together: given beats measured, measured beats assumed.

    Raises ConsoleError for a value outside its limits.
    """
    values = {**measured, **given}
    for name, value in values.items():
        if isinstance(value, float | int):
            _check(name, value, "measured" if name not in given else "given")
    scenario = Scenario(**values)  # pyright: ignore[reportArgumentType] - the names are those of the fields, checked above
    return Assembled(scenario, {name: _origin(name, given, measured) for name in names()})


def names() -> list[str]:
    """Return the names of all values of a scenario."""
    return [each.name for each in fields(Scenario)]


def vary(scenario: Scenario, name: str, value: float) -> Scenario:
    """Return the same with another number in one place."""
    return replace(scenario, **{name: value})  # pyright: ignore[reportArgumentType] - a name of INPUTS is a number's


def _origin(name: str, given: ScenarioValues, measured: ScenarioValues) -> Origin:
    if name in given:
        return "given"
    if name in measured:
        return "measured"
    return "setting" if name in SETTINGS else "assumed"


def _check(name: str, value: float, origin: str) -> None:
    allowed = INPUTS[name]
    if not allowed.least <= value <= allowed.most:  # false for NaN too
        said = f"{option(name)}: {origin} {value:g}, allowed: {allowed.least:g} to {allowed.most:g}"
        raise ConsoleError(said, f"{PROGRAM} cost --help", 2)
