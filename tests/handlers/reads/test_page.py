from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.domain.bookmark import MAX_EPOCH, MAX_SEQ, NOTHING, Bookmark
from handlers.domain.problem import Problem
from handlers.domain.timestamps import TIME_ALLOWED
from handlers.reads import page
from handlers.reads.page import (
    DEFAULT_LIMIT,
    MOST_PAGE_BYTES,
    PAGE_PARAMETERS,
    POINT_PARAMETERS,
    PageQuery,
    answer_bytes,
    fitting,
    page_range,
    range_end,
    remaining_range,
)
from handlers.rows import MODEL
from tests.support.drafts import VALUE

BOOKMARKS = st.builds(Bookmark, st.integers(0, MAX_EPOCH), st.integers(1, MAX_SEQ))


def errors_of(parameters: dict[str, str]) -> list[dict[str, str]]:
    with pytest.raises(Problem) as caught:
        PageQuery(parameters)
    assert caught.value.kind == "malformed-request"
    return caught.value.errors


def test_without_parameters_it_is_the_newest_hundred() -> None:
    query = PageQuery({})
    assert (query.limit, query.newest_first, query.after, query.at_least) == (DEFAULT_LIMIT, True, None, NOTHING)
    assert query.conditions == []
    assert not query.is_filtered


def test_every_parameter_is_read() -> None:
    given = {
        "limit": "7",
        "order": "asc",
        "min_value": "-0.5",
        "max_value": "1e3",
        "from": "2026-01-01T00:00:00Z",
        "to": "2026-01-02T00:00:00+01:00",
    }
    query = PageQuery(given)
    assert {*given, "cursor", *MODEL.filters, *POINT_PARAMETERS} == set(PAGE_PARAMETERS)
    assert (query.limit, query.newest_first) == (7, False)
    assert query.conditions == [
        (VALUE, ">=", -0.5),
        (VALUE, "<=", 1000.0),
        ("created_at", ">=", "2026-01-01T00:00:00.000Z"),
        ("created_at", "<", "2026-01-01T23:00:00.000Z"),
    ]


@pytest.mark.parametrize("name", ["min_value", "max_value"])
def test_a_bound_by_value_filters(name: str) -> None:
    assert PageQuery({name: "0"}).is_filtered


@pytest.mark.parametrize("name", ["from", "to"])
def test_a_bound_by_time_filters(name: str) -> None:
    assert PageQuery({name: "2026-01-01T00:00:00Z"}).is_filtered


@pytest.mark.parametrize("text", ["1", "1000", "007", "000000007"])
def test_limits_that_are_allowed(text: str) -> None:
    assert PageQuery({"limit": text}).limit == int(text)


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "1001",
        "-1",
        "+1",
        "1.0",
        "1e2",
        " 1",
        "1_0",
        "\u0663",
        "x",
        "0000000007",
        "\uff17",
        "9" * 5000,
        "1' OR '1'='1",
        "\0",
    ],
)
def test_limits_that_are_not(text: str) -> None:
    (error,) = errors_of({"limit": text})
    assert (error["field"], error["allowed"]) == ("limit", "an integer from 1 to 1000")


def test_orders() -> None:
    assert PageQuery({"order": "desc"}).newest_first is True
    assert PageQuery({"order": "asc"}).newest_first is False
    for text in ("ASC", "random", "desc; DROP TABLE randoms"):
        (error,) = errors_of({"order": text})
        assert (error["field"], error["allowed"]) == ("order", "asc or desc")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0.0),
        ("-1", -1.0),
        ("1.50", 1.5),
        ("1e-400", 0.0),
        ("-2.5E+3", -2500.0),
        ("1e308", 1e308),
        ("9" * 300, 1e300),
    ],
)
def test_bounds_that_are_numbers(text: str, number: float) -> None:
    assert PageQuery({"min_value": text}).conditions == [(VALUE, ">=", number)]


@pytest.mark.parametrize(
    "text",
    [
        "nan",
        "NaN",
        "inf",
        "-Infinity",
        "1e999",
        "+1",
        ".5",
        "1.",
        "1_0",
        "0x1",
        " 1",
        "1 ",
        "1,5",
        "",
        "\u0663",
        "9" * 5000,
        "--1",
        "1e",
        "1e5.5",
        "null",
        "1 OR 1=1",
        "1e00000",
    ],
)
@pytest.mark.parametrize("name", ["min_value", "max_value"])
def test_bounds_that_are_not(name: str, text: str) -> None:
    (error,) = errors_of({name: text})
    assert (error["field"], error["allowed"]) == (name, "a finite decimal number")


@pytest.mark.parametrize("name", ["min_value", "max_value"])
def test_minus_zero_is_zero(name: str) -> None:
    query = PageQuery({name: "-0.0"})
    ((_, _, bound),) = query.conditions
    assert math.copysign(1, bound) == 1
    assert query.key() == PageQuery({name: "0"}).key()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_that_is_printed_is_read_back(value: float) -> None:
    assert PageQuery({"max_value": repr(value)}).conditions == [(VALUE, "<=", value)]


@pytest.mark.parametrize("name", ["from", "to"])
@pytest.mark.parametrize("text", ["yesterday", "2026-01-01T00:00:00 01:00", "0001-01-01T00:00:00+01:00"])
def test_what_is_no_time_is_told_what_one_is(name: str, text: str) -> None:
    (error,) = errors_of({name: text})
    assert (error["field"], error["allowed"]) == (name, TIME_ALLOWED)


def test_bounds_may_meet_but_not_cross() -> None:
    times = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T01:00:00+01:00"}
    assert PageQuery({"min_value": "1", "max_value": "1", **times}).is_filtered
    crossed = {"from": "2026-01-01T00:00:00.001Z", "to": "2026-01-01T00:00:00Z"}
    assert errors_of({"min_value": "1", "max_value": "0.5", **crossed}) == [
        {"field": "min_value", "got": '"1"', "allowed": "at most max_value"},
        {"field": "from", "got": '"2026-01-01T00:00:00.001Z"', "allowed": "at most to"},
    ]


def test_every_wrong_parameter_is_named_at_once() -> None:
    wrong: dict[str, str] = dict.fromkeys(PAGE_PARAMETERS, "?")
    texts = {name for name, (column, _) in MODEL.filters.items() if column.kind == "text"}  # "?" is one
    named = {error["field"] for error in errors_of(wrong)}
    assert named == set(PAGE_PARAMETERS) - {"cursor", *POINT_PARAMETERS, *texts}


@given(BOOKMARKS, st.data())
def test_a_cursor_goes_on_after_its_row_at_its_bookmark(bookmark: Bookmark, data: st.DataObject) -> None:
    last_seq = data.draw(st.integers(1, bookmark.seq))
    asked = {"order": "asc", "min_value": "0.5"}
    query = PageQuery({**asked, "cursor": PageQuery(asked).cursor(str(bookmark), last_seq), "limit": "3"})
    assert (query.at_least, query.after) == (bookmark, last_seq)


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"order": "asc"},
        {"order": "asc", "min_value": "0.6"},
        {"order": "asc", "min_value": "0.5", "max_value": "1"},
        {"order": "asc", "min_value": "0.5", "from": "2026-01-01T00:00:00Z"},
        {"min_value": "0.5"},
        {"order": "asc", "min_value": "0.5", "to": "2026-01-01T00:00:00Z"},
    ],
)
def test_a_cursor_of_another_query_is_refused(other: dict[str, str]) -> None:
    cursor = PageQuery({"order": "asc", "min_value": "0.5"}).cursor("7.9", 3)
    (error,) = errors_of({**other, "cursor": cursor})
    assert (error["field"], error["allowed"]) == ("cursor", "a cursor from `next`, with the query it came from")


def forged_cursors() -> list[str]:
    genuine = PageQuery({}).cursor("7.9", 3)
    digest = genuine.rpartition(".")[2]
    fields = [
        "7.9.0",
        "7.9.10",
        "7.9.-1",
        "7.9.3.3",
        "7.3",
        "07.9.3",
        "7.9.03",
        "7.9.\u0663",
        "x.9.3",
        f"7.9.{'9' * 5000}",
    ]
    over = [f"{MAX_EPOCH + 1}.9.3", f"7.{MAX_SEQ + 1}.3", "7..3", "7.9."]
    return [
        *(f"{start}.{digest}" for start in (*fields, *over)),
        genuine + "0",
        genuine[:-1],
        genuine.upper(),
        genuine + "\n",
        "7.9.3." + "0" * 16,
        "next",
        "....",
        "' OR 1=1 --",
    ]


@pytest.mark.parametrize("cursor", forged_cursors())
def test_a_forged_cursor_is_refused(cursor: str) -> None:
    (error,) = errors_of({"cursor": cursor})
    assert error["field"] == "cursor"


@pytest.mark.parametrize(
    ("order", "after", "remaining", "of_page"),
    [
        ("desc", None, (1, 9), (7, 9)),
        ("desc", 6, (1, 5), (3, 5)),
        ("desc", 2, (1, 1), (1, 1)),
        ("asc", None, (1, 9), (1, 3)),
        ("asc", 6, (7, 9), (7, 9)),
        ("asc", 8, (9, 9), (9, 9)),
    ],
)
def test_a_page_is_a_range_after_its_position(
    order: str, after: int | None, remaining: tuple[int, int], of_page: tuple[int, int]
) -> None:
    query = PageQuery({"order": order, "limit": "3"})
    query.after = after
    assert remaining_range(query, 9) == remaining
    first, last = page_range(query, 9)
    assert (first, last) == of_page
    rest = (remaining[0], first - 1) if order == "desc" else (last + 1, remaining[1])
    assert range_end(query, first, last, 9) == (None if rest[0] > rest[1] else first if order == "desc" else last)


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_a_position_beyond_the_point_that_is_read_brings_no_rows_beyond_it(order: str) -> None:
    """The cursor of a newer page, sent with an earlier point."""
    query = PageQuery({"order": order, "limit": "3"})
    query.after = 8
    assert remaining_range(query, 5) == ((1, 5) if order == "desc" else (9, 5))
    first, last = page_range(query, 5)
    assert (first, last) == ((3, 5) if order == "desc" else (9, 5))
    assert range_end(query, first, last, 5) == (3 if order == "desc" else None)


@pytest.mark.parametrize(
    ("texts", "count"), [([], 0), (["12345678901"], 1), (["1234", "1234"], 2), (["1234", "12345"], 1), (["é€", "1"], 1)]
)
def test_a_page_holds_as_many_rows_as_fit_in_utf_8_with_their_commas_and_one_at_least(
    monkeypatch: pytest.MonkeyPatch, texts: list[str], count: int
) -> None:
    monkeypatch.setattr(page, "MOST_PAGE_BYTES", 10 if texts != ["é€", "1"] else 7)
    assert fitting(texts) == count


def test_a_page_holds_what_lambda_can_answer() -> None:
    """Quotation marks and backslashes count twice in the function's own answer, which is JSON."""
    text = json.dumps({"a": '"' * 1000 + "ü"}, ensure_ascii=False)
    assert answer_bytes(text) == len(json.dumps(text, ensure_ascii=False).encode()) - 2
    held = fitting([text] * 2000)
    assert held == MOST_PAGE_BYTES // (answer_bytes(text) + 1)
