"""The items of the ledger as rows: which attributes are read, and what to say of those that are no rows."""

from __future__ import annotations

from operator import eq, ge, le
from typing import TYPE_CHECKING, TypedDict

from handlers.aws.table import SORT_KEY
from handlers.domain.problem import Problem
from handlers.rows import MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handlers.aws.dynamodb import Item
    from handlers.model.filters import Condition
    from handlers.model.model import Model, Row

COMPARED = {"=": eq, ">=": ge, "<=": le}


class OtherColumnsError(Problem):
    """Rows were written with other columns than are declared now.

    Args:
        said: which rows.
        remedy: a way out.
    """

    def __init__(self, said: str, remedy: str = "restore a point") -> None:
        super().__init__("other-columns", f"{said} have other columns than handlers/rows.py declares: {remedy}")


class Narrowing(TypedDict, total=False):
    """The part of a Query that leaves out rows or attributes."""

    FilterExpression: str
    ProjectionExpression: str
    ExpressionAttributeNames: dict[str, str]
    ExpressionAttributeValues: Item


def whole_rows(model: Model) -> Narrowing:
    """Return what gives rows and nothing else: the keys' texts would be a quarter of what comes over the wire.

    Names by number, as in `Model.names`: a column may be a reserved word.
    """
    names = dict(enumerate((SORT_KEY, *model.read_attributes)))
    return {
        "ProjectionExpression": ", ".join(f"#{number}" for number in names),
        "ExpressionAttributeNames": {f"#{number}": name for number, name in names.items()},
    }


WHOLE_ROWS = whole_rows(MODEL)


def rows_from_items(items: list[Item], model: Model = MODEL) -> list[Row]:
    """Return the rows that items of the ledger hold. Raises OtherColumnsError where one lacks a required column."""
    seqs = [int(item[SORT_KEY].get("N", 0)) for item in items]
    try:
        return model.rows_of(seqs, items)
    except (KeyError, ValueError) as error:
        raise OtherColumnsError(f"Some of the rows {min(seqs)} to {max(seqs)} (wrong or missing: {error})") from error


def narrowing_of(asked: Sequence[Condition]) -> Narrowing:
    """Return the part of a Query that leaves rows out by columns and time.

    A row that is older than a column has no attribute for it: the default is meant. Where it takes an upgrade to know
    what is meant, all older rows come, for `fulfils` to look at.
    """
    conditions: list[str] = []
    values: Item = {}
    for name, operator, value in asked:
        column, attribute = MODEL.filterable.get(name), f"#{MODEL.names.index(name)}"
        compared: list[str] = []
        for sign, text in column.conditions(operator, value) if column else [(operator, value)]:
            compared.append(f"{attribute} {sign} :{len(values)}")
            values[f":{len(values)}"] = {column.attribute if column else "S": text}  # pyright: ignore[reportArgumentType] - S or N
        expression = " AND ".join(compared)
        if column and column.default is not None and COMPARED[operator](column.default, value):
            expression = f"(attribute_not_exists({attribute}) OR {expression})"
        conditions.append(expression)
    expression = " AND ".join(conditions)
    if MODEL.has_upgrade:
        version, ours = f"#{len(MODEL.names)}", f":{len(values)}"
        values[ours] = {"N": str(MODEL.rows_version)}
        expression = f"attribute_not_exists({version}) OR {version} <> {ours} OR ({expression})"
    return {
        **WHOLE_ROWS,
        "FilterExpression": expression,
        "ExpressionAttributeValues": values,
    }


def fulfils(row: Row, asked: Sequence[Condition]) -> bool:
    """Tell whether a row fulfils all conditions, as SQLite has it: null fulfils none."""
    pairs = ((row[MODEL.names.index(name)], operator, value) for name, operator, value in asked)
    return all(found is not None and COMPARED[operator](found, value) for found, operator, value in pairs)
