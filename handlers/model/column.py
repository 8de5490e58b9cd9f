"""A column as it is declared: the part that all types share.

A value has four forms: what a client gives (JSON), what a row holds (of the column's type in SQLite), the text of an
attribute in DynamoDB, and the JSON text of every answer.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random
    from typing import Any, ClassVar, TypedDict

    class Common(TypedDict, total=False):
        """The arguments that every type of column takes."""

        required: bool
        default: object
        filter: bool
        description: str


NUMBER_BYTES = 21  # of a DynamoDB number: two digits a byte, 38 digits, and one


def quoted(name: str) -> str:
    """Return a name as SQL has it: a column may be called "group"."""
    return f'"{name}"'


class ModelError(ValueError):
    """The declaration in `handlers/rows.py` cannot work; the message says why."""

    def __init__(self, said: str) -> None:
        super().__init__(f"handlers/rows.py: {said}")


class Column:
    """A column of the data model. Raises ModelError for a default that a client could not give.

    Args:
        name: of the field in JSON, the column in SQLite, and the attribute in DynamoDB.
        required: a client has to give it; else a missing value is the default, or null.
        default: what a missing value means, as a client would give it.
        filter: rows can be asked for by its values, which takes an index.
        description: for the API's description.

    Attributes:
        sql_name: its name as SQL has it.
        allowed: what a client can give, in words.
        most_bytes: how large a value can be in DynamoDB.
        is_statistics: the statistics are about this column.
    """

    kind: ClassVar[str]
    sql_type: ClassVar[str] = "TEXT"
    attribute: ClassVar[str] = "S"  # its type in DynamoDB
    load: Callable[[str], Any] = str  # from an attribute's text to the row's value
    store: Callable[[Any], str] = str  # and back
    show: Callable[[Any], str] = str  # from the row's value to its JSON text
    operators: ClassVar[tuple[str, ...]] = ("=", ">=", "<=")  # that it can be filtered with
    asked: ClassVar[str] = "a text"  # what a filter can ask for, in words

    allowed: str
    most_bytes: int
    is_statistics = False

    def __init__(
        self,
        name: str,
        *,
        required: bool = True,
        default: object = None,
        filter: bool = False,  # noqa: A002 - the field's word
        description: str = "",
    ) -> None:
        self.name = name
        self.sql_name = quoted(name)
        try:
            self.default: Any = None if default is None else self.check(default)
        except (ValueError, TypeError, OverflowError) as error:
            raise ModelError(f"the default of {name} is {default!r}, allowed: {self.allowed}") from error
        self.required = required and default is None
        self.is_nullable = not required and default is None
        self.is_filterable = filter
        self.description = description

    def stored(self, given: object) -> Any:  # noqa: ANN401 - a value of the column's type
        """Return the row's value of what a client gave; null is as good as nothing.

        Raises ValueError or OverflowError where it does not fit.
        """
        if given is not None:
            return self.check(given)
        if self.required:
            raise ValueError(given)
        return self.default

    def check(self, given: object) -> Any:  # noqa: ANN401
        """Return the row's value of what a client gave. Raises ValueError or OverflowError where it does not fit."""
        raise NotImplementedError

    def given(self, value: Any) -> object:  # noqa: ANN401
        """Return what a client gives for a row's value."""
        return value

    def parse(self, text: str) -> Any:  # noqa: ANN401
        """Return the value that a filter asks for. Raises ValueError, OverflowError."""
        return text

    def conditions(self, operator: str, value: Any) -> list[tuple[str, str]]:  # noqa: ANN401
        """Return a filter's conditions on the attribute: operators and texts."""
        return [(operator, self.store(value))]

    def sample(self, random: Random) -> Any:  # noqa: ANN401
        """Return a random value of a row."""
        raise NotImplementedError
