from __future__ import annotations

from collections.abc import Callable

import pytest

from console.access.calls import CODES, end, enter, listed, make_code
from console.client.client import Client
from console.errors import ConsoleError, NotDoneError
from tests.support.local.access_service import AccessService
from tests.support.local.faults import FaultyApi, Step, answers, drops


@pytest.fixture
def service() -> AccessService:
    return AccessService()


def test_what_is_not_said_is_left_to_the_api(client: Client, service: AccessService) -> None:
    make_code(client, "acme", 1, "", [])
    make_code(client, "acme", 3, "2026-02-01T00:00:00Z", ["read", "sql"])
    assert service.made == [
        {"tenant": "acme", "max_uses": 1},
        {"tenant": "acme", "max_uses": 3, "expires_at": "2026-02-01T00:00:00Z", "scopes": ["read", "sql"]},
    ]


def test_a_list_has_all_pages(client: Client, service: AccessService, api: FaultyApi) -> None:
    for number in range(5):
        service.add_code(f"c{number}")
    service.add_code("other", "globex")
    assert [code["id"] for code in listed(client, CODES, "acme")] == ["c0", "c1", "c2", "c3", "c4"]
    assert len(api.seen) == 3


@pytest.mark.parametrize("answer", [{}, {"codes": 1, "code": [], "access_code": None, "token": 5}])
@pytest.mark.parametrize(
    "ask",
    [
        lambda client: make_code(client, "acme", 1, "", []),  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
        lambda client: enter(client, "ABCD"),  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
        lambda client: listed(client, CODES, "acme"),  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
        lambda client: end(client, CODES, "c1"),  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    ],
    ids=["make", "enter", "list", "end"],
)
def test_an_answer_of_another_api_is_unexpected(
    client: Client, api: FaultyApi, answer: object, ask: Callable[[Client], object]
) -> None:
    api.script.append(answers(200, answer))
    with pytest.raises(ConsoleError, match="gave an unexpected answer: no "):
        ask(client)


@pytest.mark.parametrize("step", [answers(503), answers(502), drops], ids=["503", "502", "lost"])
@pytest.mark.parametrize(
    ("ask", "hint"),
    [
        (lambda client: make_code(client, "acme", 1, "", []), "access codes --tenant acme"),  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
        (lambda client: enter(client, "ABCD"), "may have been spent: its owner's"),  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    ],
    ids=["make", "enter"],
)
def test_what_must_not_be_done_twice_is_sent_once_and_its_doubt_is_told(
    client: Client, api: FaultyApi, step: Step, ask: Callable[[Client], object], hint: str
) -> None:
    api.default = step
    with pytest.raises(ConsoleError) as error:
        ask(client)
    assert hint in error.value.hint
    assert len(api.seen) == 1


def test_a_code_that_is_refused_was_not_spent_and_is_not_signed(
    client: Client, api: FaultyApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "there")
    api.default = answers(403)
    with pytest.raises(NotDoneError, match="answered with 403") as error:
        enter(client, "ABCD")
    assert "spent" not in error.value.hint
    assert ["authorization" in headers for headers in api.headers] == [False]


def test_a_signature_that_another_route_asked_for_does_not_go_with_a_code(
    client: Client, api: FaultyApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "there")
    api.script.append(answers(403, {"message": "Forbidden"}))
    make_code(client, "acme", 1, "", [])
    enter(client, "ABCD")
    assert ["authorization" in headers for headers in api.headers] == [False, True, False]
