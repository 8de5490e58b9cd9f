"""A benchmark's result as it is kept in a file: `bench` writes it; `report`, `cost` and the verdict read it.

The dataclasses below are the one definition: docs/benchmark.schema.json is made from them, and a file that does not
hold to them is refused with the member that is at fault. What could not be measured is null, with a note that says why;
it is never a number.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, cast

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config

from console.errors import ConsoleError
from handlers.routes import HOMES

SCHEMA = 1
LEDGER = "ledger"  # the source of writes
EMULATED = ("ddb", LEDGER)  # on this machine, where their times are an emulator's
BESIDE = ("verdict", "expected")  # members that `bench --json` adds

Workload = Literal["newest-100", "by-id", "walk", "range", "stats", "first-in-sandbox", "first-after-publish", "write"]
Source = Annotated[str, Field(pattern=f"^({'|'.join((*HOMES, LEDGER))})$")]
Loop = Literal["closed", "open"]
Temperature = Literal["warm", "cold"]

Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Interval = tuple[Amount, Amount | None]  # no upper bound where there were too few requests for one

_known = with_config(ConfigDict(extra="forbid"))


@_known
@dataclass(frozen=True)
class Distribution:
    """A distribution in milliseconds.

    Args:
        p50_interval: where the median lies with 95 % confidence; the upper bound is null, and the lower one may be 0,
            where there were too few requests for it.
        p99_interval: the same of the 99th percentile.
        histogram: an HdrHistogram of whole microseconds, as its libraries encode it (base64).
    """

    p50: Amount
    p90: Amount
    p99: Amount
    max: Amount
    mean: Amount
    p50_interval: Interval
    p99_interval: Interval
    histogram: str


@_known
@dataclass(frozen=True)
class Measurement:
    """One workload on one source.

    Args:
        temperature: `cold` are the first requests of sandboxes, wherever they turned up.
        source: a read path, or `ledger` for writes.
        loop: `closed`: the next request waits for the answer; `open`: requests are sent at a fixed rate.
        rate_per_s: the rate that was asked of an open loop.
        achieved_per_s: the rate that an open loop kept up with.
        requests: answers that count, errors left out.
        errors: how many failed, by status, "timeout" or "connection".
        client_ms: as the client saw it; an open loop counts from the time at which a request was due.
        server_ms: the function's own total.
        phases_ms: of the function's phases, the medians.
        consumed: of every number in the answers' receipts, the mean of a request.
        note: why there is no latency, or why there were fewer requests than planned.
    """

    workload: Workload
    source: Source
    loop: Loop
    temperature: Temperature
    rate_per_s: Amount | None
    achieved_per_s: Amount | None
    requests: Count
    errors: dict[str, Count]
    client_ms: Distribution | None
    server_ms: Distribution | None
    phases_ms: dict[str, Amount]
    consumed: dict[str, Amount]
    note: str | None = None


@_known
@dataclass(frozen=True)
class Size:
    """All measurements of one number of rows.

    Args:
        rows: in the newest snapshot, before anything was measured.
        snapshot_bytes: that snapshot's size.
        bookmark: that snapshot's.
        row_bytes: of a row in the ledger, the mean of those that were looked at; null in older results.
    """

    rows: Count
    snapshot_bytes: Count
    bookmark: str
    measurements: tuple[Measurement, ...]
    row_bytes: Amount | None = None

    def measured(self, workload: Workload, source: str, loop: Loop = "closed") -> Measurement | None:
        """Find the measurement of this kind, at the workload's own temperature; None where there is none."""
        kind = (workload, source, loop, expect_temperature(workload))
        same = (it for it in self.measurements if (it.workload, it.source, it.loop, it.temperature) == kind)
        return next(same, None)

    @property
    def homes(self) -> tuple[str, ...]:
        """Return the homes of which anything was measured."""
        known = {it.source for it in self.measurements}
        return tuple(home for home in HOMES if home in known)

    def without(self, sources: Sequence[str]) -> Size:
        """Return what was measured of all other sources."""
        return replace(self, measurements=tuple(it for it in self.measurements if it.source not in sources))


@_known
@dataclass(frozen=True)
class FunctionBuild:
    """The query function, by its own account; null where it does not say. On this machine it has no region."""

    version: str | None = None
    python: str | None = None
    sqlite: str | None = None
    region: str | None = None
    memory_mb: Count | None = None
    architecture: str | None = None


@_known
@dataclass(frozen=True)
class ClientMachine:
    """The machine that the requests came from. `version` is this project's."""

    python: str
    system: str
    architecture: str
    cpus: Count
    version: str


@_known
@dataclass(frozen=True)
class Environment:
    """The stack that was measured, and the machine that it was measured from."""

    url: str
    is_local: bool
    function: FunctionBuild
    client: ClientMachine


@_known
@dataclass(frozen=True)
class BenchSettings:
    """The settings that were asked for.

    Args:
        limit_s: how long one path could take for one workload; a slower one was asked less often.
        keep_alive: whether connections were used again.
    """

    iterations: Count
    warm_ups: Count
    rate_per_s: Amount | None
    limit_s: Amount
    workloads: tuple[Workload, ...]
    sources: tuple[Source, ...]
    keep_alive: bool


@_known
@dataclass(frozen=True)
class BenchResult:
    """A whole run. `complete` is false where it was cut short: then requests are missing, and whole workloads."""

    schema: Literal[1]
    started_at: str
    duration_s: Amount
    complete: bool
    seed: Count
    settings: BenchSettings
    environment: Environment
    sizes: tuple[Size, ...]


def expect_temperature(workload: Workload) -> Temperature:
    """Tell which requests a workload is about: the first of new sandboxes, or all others."""
    return "cold" if workload == "first-in-sandbox" else "warm"


def load(path: Path) -> BenchResult:
    """Read a result.

    Raises:
        ConsoleError: the file cannot be read, is no result, or has a schema that this version does not know.
    """
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise ConsoleError(f"{path} cannot be read: {error.strerror}", "name a file that `bench` wrote") from None
    except ValueError:
        raise ConsoleError(f"{path} is not JSON", "name a file ending in -benchmark.json that `bench` wrote") from None
    return validated(content, str(path))


def validated(content: object, name: str) -> BenchResult:
    """Make a result of what a JSON file holds; what `bench --json` prints beside it is passed over.

    Args:
        name: the file, for the error message.

    Raises:
        ConsoleError: names the first member that is at fault.
    """
    members = cast("dict[str, object]", content) if isinstance(content, dict) else {}
    schema = members.get("schema")
    if schema != SCHEMA:
        said = (
            "no result of a benchmark" if schema is None else f"of schema {schema!r}, and this version reads {SCHEMA}"
        )
        raise ConsoleError(f"{name} is {said}", "read it with the version that wrote it, or run `bench` again")
    try:
        return _adapter().validate_json(
            json.dumps({name: it for name, it in members.items() if name not in BESIDE}), strict=True
        )
    except ValidationError as error:
        first = error.errors()[0]
        member = ".".join(str(part) for part in first["loc"])
        hint = "docs/benchmark.schema.json says what a result holds; run `bench` again"
        raise ConsoleError(f"{name} is no result of a benchmark: {member}: {first['msg']}", hint) from None


def save(result: BenchResult, path: Path) -> None:
    """Write a result, whole or not at all. Raises OSError."""
    new = path.with_name(f".{path.name}")
    try:
        new.write_text(to_json(result) + "\n", encoding="utf-8")
        os.replace(new, path)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink()
        raise


def to_json(result: BenchResult) -> str:
    """Return the text of a result file. Raises ValueError for numbers that JSON has none for, inf and nan."""
    content = _adapter().dump_python(result, mode="json")
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)


@cache
def _adapter() -> TypeAdapter[BenchResult]:
    return TypeAdapter(BenchResult)
