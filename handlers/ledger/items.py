"""The items of the ledger as rows: which attributes are read, and what to say of those that are no rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from handlers.aws.table import SORT_KEY
from handlers.domain.problem import Problem
from handlers.rows import MODEL

if TYPE_CHECKING:
    from handlers.aws.dynamodb import Item
    from handlers.model.model import Model, Row


class OtherColumnsError(Problem):
    """Rows were written with other columns than are declared now.

    Args:
        said: which rows.
    """

    def __init__(self, said: str) -> None:
        super().__init__("other-columns", f"{said} have other columns than handlers/rows.py declares: restore a point")


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
