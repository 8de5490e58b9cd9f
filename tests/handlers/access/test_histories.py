"""Histories of codes and sessions against a model that knows nothing of tables, hashes and keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.access.code import ACTIVE, DISABLED, EXPIRED, USED_UP
from tests.support.access.site import AccessSite, Made

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SESSION_S = 12 * 3600
CODE_S = 7 * 24 * 3600

WHICH = st.integers(0, 3)  # of the codes or sessions so far
STEPS = st.one_of(
    st.tuples(st.just("make"), st.integers(1, 2)),
    st.tuples(st.sampled_from(["exchange", "exchange again", "disable", "end"]), WHICH),
    st.tuples(st.just("wait"), st.sampled_from([1, SESSION_S - 1, SESSION_S, CODE_S])),
    st.tuples(st.just("rotate"), st.just(0)),
)


@dataclass
class ModelCode:
    """A code as the model has it; its key is the number of its version."""

    made: Made
    max_uses: int
    end_s: float
    key: int
    uses: int = 0
    is_disabled: bool = False

    def state(self, now_s: float) -> str:
        if self.is_disabled:
            return DISABLED
        if now_s >= self.end_s:
            return EXPIRED
        return USED_UP if self.uses == self.max_uses else ACTIVE


@dataclass
class ModelSession:
    """A session as the model has it."""

    token: str
    id: str
    end_s: float
    key: int
    is_ended: bool = False


class History:
    """The functions and the model, side by side."""

    def __init__(self, site: AccessSite) -> None:
        self.site = site
        self.codes: list[ModelCode] = []
        self.sessions: list[ModelSession] = []
        self.key = 1
        self.visits = 0

    def step(self, name: str, number: int) -> None:
        now_s = self.site.now()
        if name == "make":
            self.codes.append(ModelCode(self.site.make_code(max_uses=number), number, now_s + CODE_S, self.key))
        elif name == "wait":
            self.site.now.pass_s(number)
        elif name == "rotate":
            self.site.rotate()
            self.key += 1
            self.site.new_sandbox()
        elif name == "end" and self.sessions:
            session = self.sessions[number % len(self.sessions)]
            assert self.site.call("DELETE", f"/access/sessions/{session.id}").status == 200
            session.is_ended = True
        elif self.codes and name != "end":
            self._touch(self.codes[number % len(self.codes)], name, now_s)

    def _touch(self, code: ModelCode, name: str, now_s: float) -> None:
        if name == "disable":
            assert self.site.call("DELETE", f"/access/codes/{code.made.id}").status == 200
            code.is_disabled = True
            return
        self.visits += 1
        answer = self.site.enter(code.made.text, f"203.0.113.{self.visits}")
        can_be_exchanged = code.state(now_s) == ACTIVE and code.key >= self.key - 1
        assert answer.status == (201 if can_be_exchanged else 403)
        if can_be_exchanged:
            code.uses += 1
            token, session_id = answer.json["token"], answer.json["session"]["id"]
            self.sessions.append(ModelSession(token, session_id, now_s + SESSION_S, self.key))

    def check(self) -> None:
        now_s = self.site.now()
        living = {
            session.token: not session.is_ended and now_s < session.end_s and session.key >= self.key - 1
            for session in self.sessions
        }
        assert {token: self.site.may_read(token) for token in living} == living
        listed = self.site.call("GET", "/access/codes", raw_query="tenant=acme").json["codes"]
        states = {code.made.id: (code.state(now_s), code.uses) for code in self.codes}
        assert {code["id"]: (code["state"], code["uses"]) for code in listed} == states
        shown = self.site.call("GET", "/access/sessions", raw_query="tenant=acme").json["sessions"]
        there = {each.id for each in self.sessions if not each.is_ended and now_s < each.end_s}
        assert {session["id"] for session in shown} == there


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(STEPS, min_size=4, max_size=14))
def test_what_is_let_in_is_what_the_model_lets_in(client: DynamoDBClient, steps: list[tuple[str, int]]) -> None:
    history = History(AccessSite(client, REQUEST_LOG_PERCENT="0"))
    history.step("make", 2)
    for name, number in steps:
        history.step(name, number)
    history.check()
