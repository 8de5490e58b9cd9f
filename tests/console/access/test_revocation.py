from __future__ import annotations

from types import SimpleNamespace

import pytest

from console.access.revocation import BETWEEN_LOOKS_S, revoke, revoke_all
from console.client.client import Client
from console.errors import ConsoleError
from tests.support.local.access_service import AccessService
from tests.support.local.faults import FaultyApi, answers


@pytest.fixture
def service() -> AccessService:
    """Two tenants; some codes of acme are over, and of its sessions the index learns of one late."""
    made = AccessService()
    for number, state in enumerate(("active", "used-up", "expired", "disabled", "active"), 1):
        made.add_code(f"c{number}", state=state)
    made.add_code("other", "globex")
    for session, code in (("s1", "c1"), ("s2", "c2"), ("s3", "c1")):
        made.add_session(session, code)
    made.add_session("s-other", "other", "globex")
    made.late_codes.append(made.code("c-late"))
    made.late.append(made.session("s-late", "c1"))
    return made


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    made: list[float] = []
    monkeypatch.setattr("console.access.revocation.time", SimpleNamespace(sleep=made.append))
    return made


def test_a_code_is_disabled_and_its_sessions_go_on(client: Client, service: AccessService) -> None:
    revoked = revoke(client, "c1", with_sessions=False)
    assert (revoked.codes, revoked.sessions, service.ended) == (["c1"], [], ["c1"])


def test_a_code_is_disabled_before_its_own_sessions_end_also_one_that_the_index_shows_late(
    client: Client, service: AccessService, pauses: list[float]
) -> None:
    revoked = revoke(client, "c1", with_sessions=True)
    assert (revoked.codes, revoked.sessions) == (["c1"], ["s1", "s3", "s-late"])
    assert service.ended == ["c1", "s1", "s3", "s-late"]
    assert pauses == [0, BETWEEN_LOOKS_S]


def test_a_session_is_ended(client: Client, service: AccessService) -> None:
    revoked = revoke(client, "s2", with_sessions=True)
    assert (revoked.codes, revoked.sessions, service.ended) == ([], ["s2"], ["s2"])


def test_all_of_a_tenant_is_taken_back_and_nothing_of_others_also_what_the_index_shows_late(
    client: Client, service: AccessService, pauses: list[float]
) -> None:
    revoked = revoke_all(client, "acme")
    assert pauses == [0, BETWEEN_LOOKS_S] * 2
    assert revoked.codes == ["c1", "c5", "c-late"]
    assert revoked.sessions == ["s1", "s2", "s3", "s-late"]
    assert service.ended == [*revoked.codes, *revoked.sessions]


def test_what_is_neither_code_nor_session_is_told(client: Client) -> None:
    with pytest.raises(ConsoleError, match="There is no session x%2Fy") as error:
        revoke(client, "x/y", with_sessions=False)
    assert "access codes" in error.value.hint


@pytest.mark.parametrize("script", [[answers(400)], [answers(404), answers(400)]], ids=["code", "session"])
def test_another_refusal_stands(client: Client, api: FaultyApi, script: list[object]) -> None:
    api.script.extend(script)  # pyright: ignore[reportArgumentType] - steps
    with pytest.raises(ConsoleError, match="answered with 400"):
        revoke(client, "c1", with_sessions=False)
