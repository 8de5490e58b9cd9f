"""Codes become sessions: how often, with which calls, and whatever goes wrong on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from handlers.access.access_code import plain
from handlers.access.attempts import MOST_TRIES
from handlers.aws.dynamodb import Deadline
from handlers.aws.sdk import ServiceError
from tests.support.access.site import AccessSite, CookieAnswer
from tests.support.meddling import (
    Fault,
    Meddled,
    Run,
    cancel,
    client_error,
    first,
    lose_answer,
    lose_request,
    refuse,
)

WRONG = "2222-2222-2222-2222"
DAY_S = 24 * 3600


def meddle(site: AccessSite, always: dict[str, Fault] | None = None, **plan: list[Fault | None]) -> Meddled:
    """Put faults between the functions and the table."""
    meddled = Meddled(site.table.client, plan, always or {})
    site.table.client = cast("Any", meddled)
    return meddled


def spent(site: AccessSite) -> tuple[int, int]:
    """The uses of all codes, and the sessions there are."""
    return sum(int(item["uses"]["N"]) for item in site.items_of("CODE")), len(site.items_of("SESSION"))


# Many at once


@pytest.mark.parametrize("has_one_address", [False, True], ids=["200 addresses", "one address"])
def test_of_200_who_come_at_once_as_many_get_in_as_the_code_has_uses(
    site: AccessSite, has_one_address: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.access.attempts.PAUSES", 1)
    code = site.make_code(max_uses=5).text
    addresses = ["198.51.100.7" if has_one_address else f"198.51.100.{number}" for number in range(200)]
    with ThreadPoolExecutor(len(addresses)) as threads:
        answers = list(threads.map(site.enter, [code] * len(addresses), addresses))
    statuses = Counter(answer.status for answer in answers)
    uses, sessions = spent(site)
    assert uses == sessions == statuses[201]
    assert len({answer.json["token"] for answer in answers if answer.status == 201}) == sessions
    if has_one_address:  # a try is taken before it is known to be right: of those at once some wait
        assert statuses.keys() <= {201, 403, 429}
        assert statuses[403] <= MOST_TRIES
        assert statuses[429] >= len(addresses) - MOST_TRIES - 5
        assert 1 <= sessions <= 5
    else:
        assert statuses == {201: 5, 403: 195}


def test_a_conflict_with_others_is_tried_again(site: AccessSite) -> None:
    code = site.make_code().text
    site.deadline = site.now.deadline
    conflict = cancel("TransactionConflict", "None")
    meddled = meddle(site, transact_write_items=[conflict, conflict])
    assert site.enter(code).status == 201
    tokens = [asked["ClientRequestToken"] for asked in meddled.arguments_of("transact_write_items")]
    assert len(set(tokens)) == 3
    assert len(site.now.slept_s) == 2
    assert spent(site) == (1, 1)


def test_conflicts_without_end_are_a_503(site: AccessSite) -> None:
    code = site.make_code().text
    site.deadline = site.now.deadline
    before_s = site.now()
    meddle(site, {"transact_write_items": cancel("TransactionConflict", "None")})
    answer = site.enter(code)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert site.now() - before_s <= Deadline.LIMIT_S
    assert spent(site) == (0, 0)


# What a stranger sees


def used_up(site: AccessSite) -> str:
    code = site.make_code().text
    site.enter(code)
    return code


def expired(site: AccessSite) -> str:
    code = site.make_code().text
    site.now.pass_s(7 * DAY_S)
    return code


def disabled(site: AccessSite) -> str:
    made = site.make_code()
    site.call("DELETE", f"/access/codes/{made.id}")
    return made.text


REFUSED: dict[str, Callable[[AccessSite], str]] = {
    "wrong": lambda _: WRONG,
    "nonsense": lambda _: "\u00fc",
    "used up": used_up,
    "expired": expired,
    "disabled": disabled,
}


@pytest.mark.parametrize("age_s", [0.0, 6.0, 301.0])
def test_codes_are_refused_in_the_same_words_and_with_the_same_calls(site: AccessSite, age_s: float) -> None:
    seen: list[tuple[str, dict[str, str], list[str], int]] = []
    for make in REFUSED.values():
        code = make(site)
        site.new_sandbox()
        site.call("GET", "/access/codes", raw_query="tenant=acme")
        site.keys.versions()
        site.now.pass_s(age_s)
        calls = meddle(site)
        reads = count_reads(site)
        answer = site.enter(code, address=f"198.51.100.{len(seen)}")
        assert answer.status == 403
        seen.append((answer.text, answer.headers, [name for name, _ in calls.calls], len(reads)))
    assert seen == [seen[0]] * len(REFUSED)
    assert seen[0][2][:3] == ["update_item", "batch_get_item", "transact_write_items"]
    assert seen[0][3] == (age_s > 5)  # where nothing is found, the keys are looked at every five seconds


def count_reads(site: AccessSite) -> list[None]:
    """Count from now on how often this sandbox reads the secret."""
    counted: list[None] = []
    read = site.keys._read  # pyright: ignore[reportPrivateUsage] - what the network sees

    def counting() -> tuple[str, ...]:
        counted.append(None)
        return read()

    site.keys._read = counting  # pyright: ignore[reportPrivateUsage]
    return counted


def test_expired_is_expired_to_the_second(site: AccessSite) -> None:
    made = site.make_code(expires_at="2096-10-02T07:06:42.900Z", max_uses=9)
    site.now.pass_s(1.9)
    assert site.enter(made.text).status == 201
    site.now.pass_s(0.1)
    assert site.enter(made.text).status == 403
    assert spent(site) == (1, 1)


# Faults

CALLS = ("update_item", "batch_get_item", "transact_write_items")
FAULTS: dict[str, Fault] = {
    "lost request": lose_request,
    "lost answer": lose_answer,
    "server error": refuse(client_error("InternalServerError", 500)),
    "throttled": refuse(client_error("ThrottlingException")),
    "no rights": refuse(client_error("AccessDeniedException")),
}
PLACES = ("the try", *CALLS[1:], "giving back")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_use_is_spent_with_its_session_alone_whichever_call_fails(site: AccessSite, place: str, fault: str) -> None:
    """A client that retries a 503 gets in, as often as the code has uses."""
    code = site.make_code(max_uses=2).text
    site.deadline = site.now.deadline
    name = place if place in CALLS else "update_item"
    meddle(site).plan(name, [None, FAULTS[fault]] if place == "giving back" else [FAULTS[fault]])
    answers = list(until_in(site, code))
    assert [answer.status for answer in answers[:-1]] in ([], [503])
    assert all("retry-after" in answer.headers for answer in answers[:-1])
    assert spent(site) == (1, 1)
    assert site.may_read(answers[-1].json["token"])


@pytest.mark.parametrize("name", ["transact_write_items", "everything"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_table_that_is_away_is_a_503_and_spends_nothing_without_its_session(
    site: AccessSite, name: str, fault: str
) -> None:
    code = site.make_code().text
    site.deadline = site.now.deadline
    client = site.table.client
    meddle(site, dict.fromkeys(CALLS if name == "everything" else [name], FAULTS[fault]))
    before_s = site.now()
    answer = site.enter(code)
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
    assert site.now() - before_s <= Deadline.LIMIT_S
    site.table.client = client
    uses, sessions = spent(site)
    assert uses == sessions <= 1


def until_in(site: AccessSite, code: str) -> Iterator[CookieAnswer]:
    """What a client gets that tries again while that can help."""
    while True:
        answer = site.enter(code)
        yield answer
        if answer.status == 201:
            return
        assert answer.status == 503, answer.text


def test_a_resend_that_the_table_does_not_know_finds_its_session(site: AccessSite) -> None:
    """After ten minutes DynamoDB has forgotten the token of a transaction, and carries it out anew."""
    code = site.make_code(max_uses=3).text

    def carried_out_before(run: Run) -> Any:
        (asked,) = meddled.arguments_of("transact_write_items")
        client.transact_write_items(TransactItems=asked["TransactItems"])
        return run()

    client = site.table.client
    meddled = meddle(site, transact_write_items=[carried_out_before])
    answer = site.enter(code)
    assert answer.status == 201
    assert spent(site) == (1, 1)
    assert site.may_read(answer.json["token"])


def test_keys_that_have_not_all_come_are_asked_for_again(site: AccessSite) -> None:
    token = site.enter(site.make_code().text).json["token"]

    def nothing_yet(run: Run) -> Any:
        answer = run()
        return {"Responses": {}, "UnprocessedKeys": {site.name: answer}}

    site.deadline = site.now.deadline
    meddle(site, batch_get_item=[nothing_yet])
    assert site.may_read(token)
    meddle(site, {"batch_get_item": nothing_yet})
    assert site.call("GET", "/sessions/current", headers={"authorization": f"Bearer {token}"}).status == 503


def test_a_try_that_cannot_be_given_back_keeps_nobody_out(site: AccessSite, caplog: pytest.LogCaptureFixture) -> None:
    code = site.make_code().text
    site.deadline = site.now.deadline
    meddle(site, update_item=[None, FAULTS["no rights"]])
    assert site.enter(code).status == 201
    assert "a try was not given back" in caplog.text


@pytest.mark.parametrize(
    "fault",
    [FAULTS["no rights"], FAULTS["throttled"], cancel("TransactionConflict", "None")],
    ids=["no rights", "throttled", "conflict"],
)
def test_a_try_of_which_nothing_was_learned_is_given_back(site: AccessSite, fault: Fault) -> None:
    """More of them than tries: at the end there is room for a right code."""
    code = site.make_code().text
    site.deadline = site.now.deadline
    client = site.table.client
    meddle(site, {"transact_write_items": fault})
    for entered in [WRONG, code] * (MOST_TRIES // 2 + 1):
        before_s = site.now()
        assert site.enter(entered).status == 503
        assert site.now() - before_s <= Deadline.LIMIT_S
    site.table.client = client
    assert [item["pk"] for item in site.items_of("ADDRESS") if "tries" in item] == []
    assert site.enter(code).status == 201


def test_a_wrong_try_is_not_given_back(site: AccessSite) -> None:
    site.enter(WRONG)
    (item,) = site.items_of("ADDRESS")
    assert len(item["tries"]["SS"]) == 1


@pytest.mark.parametrize(("away_s", "statuses"), [(301, [201, 201, 200]), (4 * 3600, [503, 503, 503])])
def test_keys_that_are_away_are_missed_after_hours(
    site: AccessSite, monkeypatch: pytest.MonkeyPatch, away_s: int, statuses: list[int]
) -> None:
    code = site.make_code(max_uses=2).text
    token = site.enter(code).json["token"]
    site.now.pass_s(away_s)

    def away() -> tuple[str, ...]:
        raise ServiceError("GetSecretValue AWSCURRENT: away")

    monkeypatch.setattr(site.keys, "_read", away)
    answers = [
        site.enter(code),
        site.call("POST", "/access/codes", {"tenant": "acme"}),
        site.call("GET", "/sessions/current", headers={"authorization": f"Bearer {token}"}),
    ]
    assert [answer.status for answer in answers] == statuses
    assert all(answer.headers.get("retry-after") == ("2" if answer.status == 503 else None) for answer in answers)


# Secrets


def test_neither_table_nor_log_nor_another_answer_has_a_code_a_token_or_a_key(
    site: AccessSite, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    made = site.make_code(max_uses=2)
    tokens = [site.enter(code).json["token"] for code in (made.text, made.text.lower().replace("-", " "))]
    shown = [
        site.enter(made.text).text,
        site.call("GET", "/access/codes", raw_query="tenant=acme").text,
        site.call("GET", "/access/sessions", raw_query="tenant=acme").text,
        *(site.call("GET", "/sessions/current", cookies=[f"__Host-session={token}"]).text for token in tokens),
    ]
    site.deadline = site.now.deadline
    meddle(site, dict.fromkeys((*CALLS, "query", "put_item"), FAULTS["no rights"]))
    shown += [site.enter(made.text).text, site.call("POST", "/access/codes", {"tenant": "acme"}).text]
    meddle(site, {"update_item": refuse(ValueError("a defect of ours"))})
    answer = site.enter(made.text)
    assert answer.status == 500
    shown += [answer.text, str(site.items()), caplog.text, "".join(capfd.readouterr())]
    secrets = [made.text, made.text.lower(), plain(made.text), *tokens, "the key of hashes"]
    assert [secret for secret in secrets if secret in "".join(shown)] == []
    assert "POST /sessions" in shown[-1]  # the log was looked at


def test_a_code_of_another_key_is_found_once_the_keys_are_read_again(site: AccessSite) -> None:
    """One sandbox has kept the keys of before a rotation, another makes a code with the new one."""
    old = site.other_keys()
    old.versions()
    site.rotate()
    site.new_sandbox()
    code = site.make_code(max_uses=3).text
    stale = site.router_with(old)
    site.now.pass_s(4)
    assert site.enter(code, router=stale).status == 403
    site.now.pass_s(1)
    assert site.enter(code, router=stale).status == 201


def test_somebody_may_end_a_session_between_two_looks(site: AccessSite) -> None:
    token = site.enter(site.make_code().text).json["token"]
    cookie = [f"__Host-session={token}"]
    (session,) = site.items_of("SESSION")
    key = {name: session[name] for name in ("pk", "sk")}
    client = site.table.client
    meddle(site, update_item=[first(lambda: client.delete_item(TableName=site.name, Key=key))])
    assert site.call("DELETE", "/sessions/current", cookies=cookie).status == 200
    assert site.items_of("SESSION") == []
