"""The types of columns: text, number, integer, boolean, timestamp, JSON."""

from __future__ import annotations

import json
import math
import re
from json.encoder import encode_basestring

from handlers.domain.numbers import ALLOWED, is_storable, lower_bound_text, number_text, upper_bound_text
from handlers.domain.timestamps import EXACT_TIME_ALLOWED, parse_exact_time, utc_text
from handlers.model.column import NUMBER_BYTES, Column
from handlers.model.nesting import is_nested_within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random
    from typing import Unpack

    from handlers.model.column import Common

NUMBER = r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,4})?"
INTEGER = r"-?[0-9]{1,19}"
LEAST_INTEGER, GREATEST_INTEGER = -(2**63), 2**63 - 1  # of an INTEGER in SQLite
FIRST_SAMPLE_S, YEAR_S = 1_767_225_600, 365 * 24 * 3600  # random times lie in 2026
MOST_DEPTH = 100  # of JSON: each reader has a limit of its own, and this is below all of them


class Text(Column):
    """Text of min_length to max_length characters, or one of some choices."""

    kind = "text"
    show = staticmethod(encode_basestring)

    def __init__(
        self,
        name: str,
        *,
        min_length: int = 0,
        max_length: int = 1000,
        choices: Sequence[str] = (),
        **common: Unpack[Common],
    ) -> None:
        self.min_length = min_length
        self.max_length = max_length
        self.choices = (choices,) if isinstance(choices, str) else tuple(choices)
        self.allowed = f"a text of {min_length} to {max_length} characters"
        if self.choices:
            self.allowed = "one of " + ", ".join(map(str, self.choices))
        self.most_bytes = 4 * max_length  # a character has 4 bytes at most
        super().__init__(name, **common)

    def check(self, given: object) -> str:
        """Return the row's value of what a client gave."""
        if not isinstance(given, str) or not (self.min_length <= len(given) <= self.max_length):
            raise ValueError(given)
        if self.choices and given not in self.choices:
            raise ValueError(given)
        given.encode()  # half of a surrogate pair: no UTF-8 can hold it
        return given

    def sample(self, random: Random) -> str:
        """Return a random value of a row."""
        if self.choices:
            return random.choice(self.choices)
        return f"{self.name} {random.randrange(10_000)}"[: self.max_length].ljust(self.min_length, "-")


class Number(Column):
    """A double that DynamoDB can hold too, from minimum to maximum, both included.

    Args:
        statistics: the statistics are about this column; it can be filtered then, too.
    """

    kind = "number"
    sql_type = "REAL"
    attribute = "N"
    load = float
    store = staticmethod(number_text)
    show = staticmethod(float.__repr__)
    asked = "a finite decimal number"
    most_bytes = NUMBER_BYTES
    any_allowed = ALLOWED  # where no limit is given

    def __init__(
        self,
        name: str,
        *,
        minimum: float | None = None,
        maximum: float | None = None,
        statistics: bool = False,
        **common: Unpack[Common],
    ) -> None:
        self.minimum = minimum
        self.maximum = maximum
        self.is_statistics = statistics
        said = [f"at least {minimum}"] if minimum is not None else []
        said += [f"at most {maximum}"] if maximum is not None else []
        self.allowed = ", ".join([self.any_allowed, *said])
        super().__init__(name, **common)
        self.is_filterable |= statistics

    def check(self, given: object) -> float:
        """Return the row's value of what a client gave; -0.0 becomes 0.0, and true is not a number."""
        value = float(given) if isinstance(given, int | float) and not isinstance(given, bool) else math.nan
        if not (is_storable(value) and self._lies_within(value)):
            raise ValueError(given)
        return value + 0.0

    def parse(self, text: str) -> float:
        """Return the value that a filter asks for."""
        if not re.fullmatch(NUMBER, text) or not math.isfinite(float(text)):
            raise ValueError(text)
        return float(text) + 0.0  # -0.0 becomes 0.0: one text for one bound

    def conditions(self, operator: str, value: float) -> list[tuple[str, str]]:
        """Return a filter's conditions on the attribute: DynamoDB cannot hold every double that a filter can name."""
        bounds = {">=": lower_bound_text(value), "<=": upper_bound_text(value)}
        return list(bounds.items()) if operator == "=" else [(operator, bounds[operator])]

    def sample(self, random: Random) -> float:
        """Return a random value of a row."""
        low, high = self._sampled(1.0)
        return self.check(low + random.random() * (high - low))

    def _lies_within(self, value: float) -> bool:
        return (self.minimum is None or self.minimum <= value) and (self.maximum is None or value <= self.maximum)

    def _sampled(self, span: float) -> tuple[float, float]:
        """Return between which numbers random ones lie: the limits, or a span from the one that there is."""
        if self.minimum is None:
            return (0, span) if self.maximum is None else (self.maximum - span, self.maximum)
        return self.minimum, self.minimum + span if self.maximum is None else self.maximum


class Integer(Number):
    """An integer of 64 bits."""

    kind = "integer"
    sql_type = "INTEGER"
    load = int
    store = str
    show = staticmethod(int.__repr__)
    asked = any_allowed = "an integer of 64 bits"

    def check(self, given: object) -> int:
        """Return the row's value of what a client gave; 5.0 is 5, as JSON Schema has it."""
        value = int(given) if isinstance(given, int | float) else None
        if value is None or isinstance(given, bool) or value != given:
            raise ValueError(given)
        if not (LEAST_INTEGER <= value <= GREATEST_INTEGER and self._lies_within(value)):
            raise ValueError(given)
        return value

    def parse(self, text: str) -> int:
        """Return the value that a filter asks for."""
        if not re.fullmatch(INTEGER, text) or not LEAST_INTEGER <= int(text) <= GREATEST_INTEGER:
            raise ValueError(text)
        return int(text)

    def conditions(self, operator: str, value: float) -> list[tuple[str, str]]:
        """Return a filter's condition on the attribute."""
        return [(operator, str(value))]

    def sample(self, random: Random) -> int:
        """Return a random value of a row."""
        low, high = self._sampled(1000)
        return random.randint(max(LEAST_INTEGER, math.ceil(low)), min(GREATEST_INTEGER, math.floor(high)))


class Boolean(Column):
    """True or false."""

    kind = "boolean"
    sql_type = "INTEGER"
    attribute = "N"
    load = int
    show = staticmethod(("false", "true").__getitem__)
    operators = ("=",)
    asked = allowed = "true or false"
    most_bytes = NUMBER_BYTES

    def check(self, given: object) -> int:
        """Return the row's value of what a client gave: 0 or 1."""
        if given is not True and given is not False:
            raise ValueError(given)
        return int(given)

    def given(self, value: int) -> bool:
        """Return what a client gives for a row's value."""
        return bool(value)

    def parse(self, text: str) -> int:
        """Return the value that a filter asks for."""
        return ("false", "true").index(text)

    def sample(self, random: Random) -> int:
        """Return a random value of a row."""
        return random.randrange(2)


class Timestamp(Column):
    """A time, kept in UTC to the microsecond; its texts sort as time does."""

    kind = "timestamp"
    show = staticmethod('"%s"'.__mod__)
    asked = allowed = EXACT_TIME_ALLOWED
    most_bytes = len("2026-01-31T12:00:00.123456Z")

    def check(self, given: object) -> str:
        """Return the row's value of what a client gave."""
        return parse_exact_time(given if isinstance(given, str) else "")

    def parse(self, text: str) -> str:
        """Return the value that a filter asks for."""
        return parse_exact_time(text)

    def sample(self, random: Random) -> str:
        """Return a random value of a row."""
        return self.check(utc_text(FIRST_SAMPLE_S + random.randrange(YEAR_S)))


class Json(Column):
    """Any JSON but null, of at most max_bytes; it is kept as text, as Python writes it. It has no filter."""

    kind = "json"

    def __init__(self, name: str, *, max_bytes: int = 10_000, **common: Unpack[Common]) -> None:
        self.max_bytes = self.most_bytes = max_bytes
        self.allowed = f"JSON of at most {max_bytes} bytes, nested at most {MOST_DEPTH} deep"
        super().__init__(name, **common)

    def check(self, given: object) -> str:
        """Return the row's value of what a client gave: JSON without spaces."""
        if not is_nested_within(given, MOST_DEPTH):
            raise ValueError("nested too deeply")
        text = json.dumps(given, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        if len(text.encode()) > self.max_bytes:
            raise ValueError(given)
        return text

    def given(self, value: str) -> object:
        """Return what a client gives for a row's value."""
        return json.loads(value)

    def sample(self, random: Random) -> str:
        """Return a random value of a row."""
        return self.check({self.name: random.randrange(1000)})
