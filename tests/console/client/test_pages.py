from __future__ import annotations

from collections.abc import Iterator

import pytest

from console.client.client import Client
from console.client.pages import Walk, member_text, row_texts
from console.errors import ConsoleError
from handlers.domain.bookmark import Bookmark
from tests.support.local.faults import FaultyApi, answers

BODY = '{"source":"ddb","bookmark":"7.2","count":2,"data":[{"a":"],{","b":1.50},{"a":"}"}],"next":null}'


@pytest.fixture
def api() -> Iterator[FaultyApi]:
    with FaultyApi() as api:
        yield api


def page(bookmark: str, *texts: str, following: str | None = None) -> str:
    cursor = "null" if following is None else f'"{following}"'
    return f'{{"bookmark":"{bookmark}","data":[{",".join(texts)}],"next":{cursor}}}'


def test_rows_are_cut_out_as_they_were_sent() -> None:
    assert row_texts(BODY) == ['{"a":"],{","b":1.50}', '{"a":"}"}']
    assert row_texts('{"data":[]}') == []


@pytest.mark.parametrize("body", ['{"data":[{} ]}', '{"data":[{} ,{}]}', '{"date":[]}', '{"data":[{}'])
def test_what_is_not_written_as_the_api_writes_is_no_page(body: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        row_texts(body)


def test_a_member_is_cut_out_as_it_was_sent() -> None:
    assert member_text(BODY, "bookmark") == '"7.2"'
    assert member_text(BODY, "data") == '[{"a":"],{","b":1.50},{"a":"}"}]'
    with pytest.raises(ValueError, match="substring not found"):
        member_text(BODY, "stats")


def walk(api: FaultyApi, as_of: Bookmark) -> list[list[str]]:
    with Client(api.url) as client:
        return list(Walk(client, "ddb", as_of).pages())


def test_a_walk_goes_on_as_of_its_bookmark_until_no_page_is_next(api: FaultyApi) -> None:
    api.script.extend([answers(200, page("7.3", "1", "2", following="x")), answers(200, page("7.3", "3"))])
    assert walk(api, Bookmark(7, 3)) == [["1", "2"], ["3"]]
    first = "/ddb?as_of=7.3&order=asc&limit=1000"
    assert [path for _, path, _ in api.seen] == [first, f"{first}&cursor=x"]


def test_a_walk_goes_on_from_a_cursor_and_says_where_the_next_page_begins(api: FaultyApi) -> None:
    api.script.extend([answers(200, page("7.3", "2", following="y")), answers(200, page("7.3", "3"))])
    with Client(api.url) as client:
        one = Walk(client, "sqlite-efs", Bookmark(7, 3), "x")
        assert [(texts, one.cursor) for texts in one.pages()] == [(["2"], "y"), (["3"], None)]
    first = "/sqlite-efs?as_of=7.3&order=asc&limit=1000"
    assert [path for _, path, _ in api.seen] == [f"{first}&cursor=x", f"{first}&cursor=y"]
    assert one.seconds > 0


@pytest.mark.parametrize(("texts", "upto"), [(["1"], 3), (["1", "2", "3"], 2)])
def test_rows_too_few_or_too_many_are_not_overlooked(api: FaultyApi, texts: list[str], upto: int) -> None:
    api.script.append(answers(200, page(f"7.{upto}", *texts)))
    assert walk(api, Bookmark(7, upto)) == [texts]


@pytest.mark.parametrize(
    "body",
    ["{}", page("7"), page("7.1").replace("data", "date"), page("7.1").replace("next", "last"), page("7.1", "{} ")],
)
def test_an_answer_that_is_no_page_is_unexpected(api: FaultyApi, body: str) -> None:
    api.script.append(answers(200, body))
    with pytest.raises(ConsoleError, match="unexpected answer: no page of rows"):
        walk(api, Bookmark(7, 1))
