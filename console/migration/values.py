"""The values of a column on their way to the target: converted by the rules, then made one of the column's kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import NoneType

from console.migration.forms.conversions import conversion_of
from console.migration.kinds import CONVERTERS, Kind, SourceValue, TargetValue
from console.migration.plan import PlannedColumn

AS_THEY_ARE: dict[Kind, type] = {"bigint": int, "double precision": float, "text": str, "bytea": bytes}


def converter_of(column: PlannedColumn) -> Callable[[SourceValue], TargetValue]:
    """Return what makes a value of a column the target's; it raises ValueError for a misfit that is to fail."""
    steps = [conversion_of(name) for name in column.convert]
    into = CONVERTERS[column.kind]

    def converter(value: SourceValue) -> TargetValue:
        made: object = value
        try:
            for step in steps:
                made = None if made is None else step(made)
            return None if made is None else into(made)
        except ValueError:
            if column.on_misfit == "null":
                return None
            raise

    return converter


def misfit_reason(column: PlannedColumn, value: SourceValue) -> str:
    """Return why a value of a column cannot move; nothing where it can."""
    try:
        converter_of(column)(value)
    except ValueError as error:
        return str(error)
    return ""


def convert_all(column: PlannedColumn, values: Sequence[SourceValue]) -> Sequence[TargetValue]:
    """Return many values of a column as the target's; most columns need nothing done.

    Raises:
        ValueError: one of them is a misfit that is to fail.
    """
    own = AS_THEY_ARE.get(column.kind)
    if (
        own
        and not column.convert
        and set(map(type, values)) <= {own, NoneType}
        and (own is not str or _is_clean(values))
    ):
        return values
    return list(map(converter_of(column), values))


def _is_clean(values: Sequence[SourceValue]) -> bool:
    together = "".join(value for value in values if isinstance(value, str))
    if "\0" in together:
        return False
    try:
        return together.isascii() or bool(together.encode())
    except UnicodeEncodeError:
        return False
