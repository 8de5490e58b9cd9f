"""The figures of a run: what is kept of them, and the tables for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from tests.perf.report import figure, markdown
from tests.perf.runtime.newer import SOURCES
from tests.perf.runtime.paired import Paired
from tests.perf.runtime.warm import SUBJECTS
from tests.perf.sandboxes.subjects import NOOP, PLAIN

NEW_VERSION = "new version"


class Measured(TypedDict):
    """One kind of request: the base's median, and each subject as a part of it."""

    base: float
    ratios: dict[str, float]


class SizeFigures(TypedDict):
    """All of one number of rows. Warm times in µs, cold ones in ms, memory in MiB; health also as parts of noop."""

    measured: dict[str, Measured]
    health_of_noop: dict[str, float]
    peak_mib: dict[str, float]


class Figures(TypedDict):
    """All of a run. `cores`: how many rig and subjects were kept on; 0 where they were not."""

    subjects_python: str
    cores: int
    packages: dict[str, float]
    rows: dict[str, SizeFigures]


def as_figures(
    cold: Mapping[str, Paired], warm: Mapping[str, Paired], newer: Paired, peaks_mib: dict[str, float]
) -> SizeFigures:
    """Return what is kept of one number of rows."""
    measured = {
        name: Measured(base=each.base_median(), ratios=each.ratios()) for name, each in {**cold, **warm}.items()
    }
    measured[NEW_VERSION] = Measured(base=newer.base_median(), ratios=newer.ratios())
    return SizeFigures(measured=measured, health_of_noop=warm["health"].ratios(NOOP), peak_mib=peaks_mib)


def tables(figures: Figures) -> str:
    """Return a table for each number of rows."""
    cores = ("on whatever core", "rig and subjects on one core", "rig and subjects on a core each")[figures["cores"]]
    texts = [f"Python {figures['subjects_python']}, {cores}. Parts of plain, and plain's own time."]
    texts += [_table(int(count), size, figures["packages"]) for count, size in figures["rows"].items()]
    return "\n\n".join(texts)


def _table(count: int, size: SizeFigures, archives_kib: Mapping[str, float]) -> str:
    lines: list[list[str]] = []
    for name, measured in size["measured"].items():
        unit = "ms" if name.startswith("cold") else "µs"
        if name == NEW_VERSION:
            lines += [[f"{name}, {source}", *_newer_cells(measured, source)] for source in SOURCES]
        else:
            ratios = [f"{measured['ratios'][subject]:.2f}" for subject in SUBJECTS if subject != PLAIN]
            lines.append([name, *ratios, f"{figure(measured['base'])} {unit}"])
    others = [subject for subject in SUBJECTS if subject != PLAIN]
    for name, places, of in (
        ("health, parts of noop", 2, size["health_of_noop"]),
        ("archive, KiB", 1, archives_kib),
        ("memory, MiB", 1, size["peak_mib"]),
    ):
        lines.append([name, *(f"{of[subject]:.{places}f}" for subject in [*others, PLAIN])])
    return markdown([f"{count:,} rows", *others, PLAIN], lines)


def _newer_cells(measured: Measured, source: str) -> list[str]:
    """Return the cells of one path: the empty handler has no versions, and byte code has no part in it."""
    return ["", f"{measured['ratios'][source]:.2f}", "", f"{figure(measured['base'])} µs"]
