"""Results of benchmarks that never were, for the tests of what reads them."""

from __future__ import annotations

from console.benchmark.figures import encoded
from console.results.result import (
    BenchResult,
    BenchSettings,
    ClientMachine,
    Distribution,
    Environment,
    FunctionBuild,
    Loop,
    Measurement,
    Size,
    Temperature,
    Workload,
)
from handlers.routes import SOURCES


def figures(p50: float = 1.0, spread: float = 0.1) -> Distribution:
    """A distribution around a median."""
    near = (p50 * (1 - spread), p50 * (1 + spread))
    tail = (near[0] * 3, near[1] * 3)
    histogram = encoded([*(p50 * (0.9 + 0.01 * step) for step in range(21)), p50 * 4])
    return Distribution(p50, p50 * 2, p50 * 3, p50 * 4, p50 * 1.1, near, tail, histogram)


def measurement(
    workload: Workload = "newest-100",
    source: str = "sqlite-efs",
    *,
    loop: Loop = "closed",
    temperature: Temperature = "warm",
    rate_per_s: float | None = None,
    client_ms: Distribution | None = None,
    note: str | None = None,
) -> Measurement:
    """One workload on one path; 1 ms by default, none where there is a note."""
    shown = None if note else client_ms or figures()
    phases_ms, consumed = {"query": 0.5, "total": 0.6}, {"read_units": 0.5}
    return Measurement(
        workload, source, loop, temperature, rate_per_s, rate_per_s, 300, {}, shown, None, phases_ms, consumed, note
    )


def size(*measurements: Measurement, rows: int = 1000) -> Size:
    """A number of rows with these measurements."""
    return Size(rows, rows * 286, f"7.{rows}", measurements)


def sample_result(
    *measurements: Measurement, sizes: tuple[Size, ...] = (), url: str = "https://api.test"
) -> BenchResult:
    """A result with one size of these measurements, or with these sizes."""
    client = ClientMachine("3.11.7", "Linux 6.1", "x86_64", 2, "0.1.0")
    function = FunctionBuild("0.1.0", "3.13.1", "3.46.1", "eu-central-1", 1024, "arm64")
    return BenchResult(
        schema=1,
        started_at="2026-11-21T09:00:00.000Z",
        duration_s=12.5,
        complete=True,
        seed=1,
        settings=BenchSettings(300, 20, None, 60.0, ("newest-100",), SOURCES, keep_alive=True),
        environment=Environment(url, False, function, client),
        sizes=sizes or (size(*(measurements or (measurement(),))),),
    )
