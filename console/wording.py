"""Numbers, lists and texts as people read them: the one place that says how many digits are shown."""

from __future__ import annotations

from collections.abc import Sequence

HALF_A_CENT = 0.005


def three_digits(value: float) -> str:
    """Return something measured, to three digits or so: 0.123, 1.23, 12.3, 1,234."""
    shown = float(f"{value:.3g}")  # 9.996 is 10.0
    digits = 0 if shown >= 100 else 1 if shown >= 10 else 2 if shown >= 1 or shown == 0 else 3
    return f"{value:,.{digits}f}"


def two_digits(value: float) -> str:
    """Return something estimated, to the two digits that can be relied on: 0.12, 1.2, 12, 350, 1,200."""
    return f"{float(f'{value:.2g}'):,.10g}"


def megabytes(size_bytes: float) -> str:
    """Return a size with its unit: 2.50 MB."""
    return f"{three_digits(size_bytes / 1e6)} MB"


def interval(low: float, high: float | None) -> str:
    """Return where something measured lies: 16.0 to 21.0, or 16.0 or more where there is no upper end."""
    return f"{three_digits(low)} or more" if high is None else f"{three_digits(low)} to {three_digits(high)}"


def quantity(value: float) -> str:
    """Return a round number as people say it, by three digits that count: 1,230, 3.35 million."""
    if value >= 1e9:
        return f"{float(f'{value / 1e9:.3g}'):g} billion"
    if value >= 1e6:
        return f"{float(f'{value / 1e6:.3g}'):g} million"
    return f"{float(f'{value:.3g}'):,.10g}"


def usd(amount: float) -> str:
    """Return a sum of money without its unit: 1,234.50; less than half a cent is <0.01, as it is not nothing."""
    return "<0.01" if 0 < amount < HALF_A_CENT else f"{amount:,.2f}"


def tick(value: float, _: object = None) -> str:
    """Return a number on a chart's axis, as short as it can be: 0.01, 20, 3,000, 5 M."""
    if value >= 1e6:
        return f"{value / 1e6:,.4g} M"
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def rows(count: int) -> str:
    """Return a number of rows: 1 row, 1,234 rows."""
    return counted(count, "row")


def counted(count: int, name: str) -> str:
    """Return a number of things: 1 code, 1,234 codes."""
    return f"{count:,} {name}" if count == 1 else f"{count:,} {name}s"


def are(count: int) -> str:
    """Return the verb for so many: 1 row is, 2 rows are."""
    return "is" if count == 1 else "are"


def all_rows(count: int) -> str:
    """Return the subject and the verb of a sentence about all of them: the only row is, all 2 rows are."""
    return "the only row is" if count == 1 else f"all {rows(count)} {are(count)}"


def visible(text: str) -> str:
    """Return a text in which nothing can steer the terminal."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def joined(texts: Sequence[str]) -> str:
    """Return texts as a list: a, b and c."""
    return " and ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]]))
