from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest

from console.access.rotation import KeyPlace, Rotated
from console.paths import PROGRAM
from console.verbs.operations import access
from handlers.api.access import MOST_CODE_S, MOST_USES
from handlers.domain.problem import TYPE_PREFIX
from tests.console.conftest import RunConsole
from tests.support.local.access_service import AccessService
from tests.support.local.faults import FaultyApi, answers


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> AccessService:
    monkeypatch.setattr("console.access.revocation.BETWEEN_LOOKS_S", 0)
    return AccessService()


@pytest.fixture
def url(service: AccessService) -> Iterator[str]:
    with FaultyApi() as server:
        server.default = service
        yield server.url


def says(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Somebody types this."""
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_a_code_is_printed_once_and_alone(run_console: RunConsole, service: AccessService, url: str) -> None:
    expires = ("--expires", "2026-02-01T00:00:00Z")
    options = ("--max-uses", "5", *expires, "--scope", "sql", "--url", url)
    ran = run_console("access", "code", "--tenant", "acme", *options)
    assert (ran.code, ran.out) == (0, "ABCD-EFGH-JKMN-PQRS\n")
    assert ran.err == "for acme: read, 5 uses, until 2026-02-07T12:00:00Z; its id is c9\n"
    (made,) = service.made
    assert made == {
        "tenant": "acme",
        "max_uses": 5,
        "expires_at": "2026-02-01T00:00:00.000Z",
        "scopes": ["read", "sql"],
    }
    ran = run_console("access", "code", "--tenant", "acme", "--url", url, "--json")
    assert (json.loads(ran.out)["access_code"], ran.err) == ("ABCD-EFGH-JKMN-PQRS", "")


@pytest.mark.parametrize(
    ("given", "asked"),
    [((), None), (("read",), ["read"]), (("sql",), ["read", "sql"]), (("sql", "read"), ["read", "sql"])],
)
def test_who_may_ask_in_sql_may_read(
    run_console: RunConsole, service: AccessService, url: str, given: tuple[str, ...], asked: list[str] | None
) -> None:
    options = [word for each in given for word in ("--scope", each)]
    assert run_console("access", "code", "--tenant", "acme", *options, "--url", url).code == 0
    assert service.made[-1].get("scopes") == asked


def test_a_code_has_its_limits_in_its_help(run_console: RunConsole) -> None:
    help_text = run_console("access", "code", "--help").out
    assert f"{MOST_CODE_S // 86_400} days at most" in " ".join(help_text.replace("│", " ").split())
    ran = run_console(
        "access", "code", "--tenant", "acme", "--max-uses", str(MOST_USES + 1), "--url", "http://no.invalid"
    )
    assert ran.code == 2


def test_a_token_is_printed_alone(run_console: RunConsole, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    says(monkeypatch, " abcd efgh jkmn pqrs \n")
    ran = run_console("access", "enter", "--url", url)
    assert (ran.code, ran.out) == (0, "t0ken\n")
    assert ran.err == "for acme: read, until 2026-02-07T12:00:00Z; its id is s9\n"
    says(monkeypatch, "ABCD")
    assert json.loads(run_console("access", "enter", "--url", url, "--json").out)["token"] == "t0ken"


def test_no_code_is_no_question_to_the_api(run_console: RunConsole, monkeypatch: pytest.MonkeyPatch) -> None:
    says(monkeypatch, "\n")
    ran = run_console("access", "enter", "--url", "http://localhost:1")
    assert (ran.code, ran.err) == (2, f"Error: no access code was given\nTry: {PROGRAM} access enter --help\n")


def test_only_somebody_at_a_terminal_is_asked(
    run_console: RunConsole, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    says(monkeypatch, "ABCD\n")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert run_console("access", "enter", "--url", url).err.startswith("Access code: for acme: ")


def test_codes_and_sessions_of_a_tenant_are_listed(run_console: RunConsole, service: AccessService, url: str) -> None:
    service.add_code("0123456789abcdef0123456789abcdef")
    service.add_session("fedcba9876543210fedcba9876543210", "0123456789abcdef0123456789abcdef")
    service.sessions["fedcba9876543210fedcba9876543210"]["scopes"] = ["read", "sql"]
    out = run_console("access", "codes", "--tenant", "acme", "--url", url).out
    assert "0123456789abcdef0123456789abcdef  active  1 of 5  read    2026-02-07T12:00:00Z\n" in out
    out = run_console("access", "sessions", "--tenant", "acme", "--url", url).out
    ids = "fedcba9876543210fedcba9876543210  0123456789abcdef0123456789abcdef"
    assert f"{ids}  read sql  2026-02-07T12:00:00Z\n" in out
    shown = run_console("access", "sessions", "--tenant", "acme", "--url", url, "--json").out
    assert json.loads(shown) == {"sessions": [*service.sessions.values()]}
    for kind in ("codes", "sessions"):
        assert run_console("access", kind, "--tenant", "globex", "--url", url).out == f"no {kind}\n"


def test_codes_and_sessions_are_taken_back(run_console: RunConsole, service: AccessService, url: str) -> None:
    service.add_code("c1")
    service.add_session("s1", "c1")
    service.add_session("s2", "c1")
    soon = "The gateway may let them in for another minute.\n"
    assert run_console("access", "revoke", "s1", "--url", url).out == f"1 session ended. {soon}"
    assert run_console("access", "revoke", "c1", "--url", url).out == "1 code disabled.\n"
    out = run_console("access", "revoke", "c1", "--with-sessions", "--url", url).out
    assert out == f"1 code disabled, 2 sessions ended. {soon}"
    ran = run_console("access", "revoke", "--tenant", "acme", "--all", "--url", url, "--json")
    assert json.loads(ran.out) == {"codes": [], "sessions": ["s1", "s2"]}
    out = run_console("access", "revoke", "--tenant", "globex", "--all", "--url", url).out
    assert out == "There was nothing to take back.\n"


def test_an_id_of_nothing_is_told_as_one(run_console: RunConsole, service: AccessService, url: str) -> None:
    ran = run_console("access", "revoke", "xyz", "--url", url)
    assert ran.code == 1
    assert ran.err == f"Error: no code or session has the id xyz\nTry: {PROGRAM} access codes --help\n"
    assert service.ended == []


def test_an_api_without_sessions_says_so_itself(run_console: RunConsole) -> None:
    body = {"type": f"{TYPE_PREFIX}not-found", "detail": "Reads need no session here"}
    with FaultyApi() as server:
        server.script.extend([answers(404, body), answers(404, body)])
        ran = run_console("access", "revoke", "xyz", "--url", server.url)
    assert "Reads need no session here" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--all"],
        ["--tenant", "acme"],
        ["c1", "--tenant", "acme"],
        ["c1", "--tenant", "acme", "--all"],
        ["--tenant", "acme", "--all", "--with-sessions"],
    ],
    ids=" ".join,
)
def test_it_has_to_be_clear_what_is_taken_back(run_console: RunConsole, arguments: list[str]) -> None:
    ran = run_console("access", "revoke", *arguments, "--url", "http://localhost:1")
    assert (ran.code, ran.err.splitlines()[0]) == (2, "Error: it takes either an ID, or --tenant and --all")


@pytest.fixture
def rotations(monkeypatch: pytest.MonkeyPatch) -> list[KeyPlace]:
    """The keys that were given a new value; the stack `dev` has them all."""
    made: list[KeyPlace] = []

    def find(which: str, stack: str) -> KeyPlace:
        return KeyPlace(which, f"arn:{stack}:{which}", {})

    def rotate(place: KeyPlace) -> Rotated:
        made.append(place)
        return Rotated(place.which, place.arn, "v2", "pulumi up" if place.which == "edge" else "", "A note.")

    monkeypatch.setattr(access, "find_key", find)
    monkeypatch.setattr(access, "rotate", rotate)
    return made


@pytest.mark.parametrize("said", ["y\n", "YES\n"])
def test_a_key_is_rotated_when_somebody_says_yes(
    run_console: RunConsole, monkeypatch: pytest.MonkeyPatch, rotations: list[KeyPlace], said: str
) -> None:
    says(monkeypatch, said)
    ran = run_console("access", "rotate", "edge", "--stack", "dev")
    assert ran.out == "The edge key has a new version, v2.\nA note.\nWait a minute, then: pulumi up\n"
    assert ran.err == "Put a new value into arn:dev:edge? [y/N] "
    assert [place.arn for place in rotations] == ["arn:dev:edge"]


@pytest.mark.parametrize("said", ["", "\n", "n\n", "yep\n"])
def test_else_nothing_is_changed(
    run_console: RunConsole, monkeypatch: pytest.MonkeyPatch, rotations: list[KeyPlace], said: str
) -> None:
    says(monkeypatch, said)
    ran = run_console("access", "rotate", "session")
    assert (ran.code, ran.out, rotations) == (1, "", [])
    assert ran.err.endswith(f"Error: nothing was changed\nTry: {PROGRAM} access rotate session --yes\n")


def test_a_script_says_yes_beforehand(run_console: RunConsole, rotations: list[KeyPlace]) -> None:
    ran = run_console("access", "rotate", "session", "--yes")
    assert (ran.out, ran.err) == ("The session key has a new version, v2.\nA note.\n", "")
    ran = run_console("access", "rotate", "session", "--yes", "--json")
    shown = {"key": "session", "arn": "arn::session", "version": "v2", "next_step": "", "note": "A note."}
    assert json.loads(ran.out) == shown
    assert len(rotations) == 2
