"""Times to expect of AWS, as tables and in a sentence. What is a model and not a measurement is marked by ≈."""

from __future__ import annotations

from collections.abc import Sequence

from console.expectations.expectation import Expectation
from console.expectations.latencies import latencies
from console.expectations.operations import CASES
from console.report.tables import TextTable
from console.wording import three_digits, two_digits
from handlers.routes import HOMES

TITLE = "What to expect on AWS"


def expected_table(found: Sequence[Expectation]) -> TextTable:
    """Show p50 and slow case of each kind of read that was asked, the paths side by side."""
    known = {(it.case, it.source): it for it in found}
    homes = [home for home in HOMES if any(it.source == home for it in found)]
    rows = [
        [f"{said}, {which}", *(_cell(known.get((case, source)), which) for source in homes)]
        for case, said in CASES.items()
        if any(it.case == case for it in found)
        for which in ("p50", "slow")
    ]
    return TextTable(["expected on AWS, ms", *homes], rows)


def parts_table(found: Sequence[Expectation]) -> TextTable | None:
    """Show what the model's times are made of; None where all were measured."""
    rows = [
        [CASES[it.case], it.source, part.name, two_digits(part.times), *map(two_digits, part[2:])]
        for it in found
        for part in it.parts
    ]
    return TextTable(["read", "path", "part", "count", "low", "typical", "slow"], rows, texts=3) if rows else None


def explain(found: Sequence[Expectation]) -> str:
    """Say what the table rests on; nothing where it is empty."""
    said = [
        f"≈ is a model: operations counted here, at latencies published until {latencies().date}, and the function's "
        "own time; slow is where all of them are slow at once."
        if any(not it.is_measured for it in found)
        else "",
        "Without ≈ it was measured on AWS, at the client; slow is then the p99."
        if any(it.is_measured for it in found)
        else "",
    ]
    return " ".join(filter(None, said))


def _cell(it: Expectation | None, which: str) -> str:
    if it is None:
        return "-"
    shown_ms = it.p50_ms if which == "p50" else it.slow_ms
    return three_digits(shown_ms) if it.is_measured else f"≈ {two_digits(shown_ms)}"
