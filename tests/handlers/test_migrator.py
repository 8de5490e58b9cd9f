"""The migrator, with the database's secret and the relational function in the places of AWS's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import psycopg
import pytest

from console.local.database.server import OWNER, PostgresServer
from handlers.aws.functions import FunctionError, InvocationError
from handlers.aws.sdk import ServiceError
from handlers.ledger.ledger import Ledger
from handlers.migrator import PAUSE_S, RESERVE_S, Migrator, make_handler, master_of
from handlers.postgres.connection import Database
from handlers.relational import Relational
from handlers.settings import Settings, SettingsError
from tests.support.api import Context
from tests.support.database.postgres import new_database
from tests.support.meddling import appender, drafts, no_time_limit

PASSWORD = "no one shall ever read this"


class Secret:
    def __init__(self, text: str = json.dumps({"username": OWNER, "password": PASSWORD})) -> None:
        self.text = text
        self.asked = 0
        self.failures: list[ServiceError] = []

    def current(self) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.asked += 1
        return self.text


class Invocations:
    """Lambda, between the two functions: passes events on, or fails as told."""

    def __init__(self, function: Any, *failures: Exception) -> None:
        self._function = function
        self._failures = list(failures)
        self.events: list[Mapping[str, object]] = []

    def __call__(self, event: Mapping[str, object]) -> object:
        self.events.append(event)
        if self._failures:
            raise self._failures.pop(0)
        try:
            return json.loads(json.dumps(self._function(event, Context())))
        except Exception as error:
            text = json.dumps({"errorType": type(error).__name__, "errorMessage": str(error)})
            raise FunctionError("relational", text.encode()) from error


def failure(kind: str, message: str = "not yet") -> FunctionError:
    return FunctionError("relational", json.dumps({"errorType": kind, "errorMessage": message}).encode())


def refusal(code: str) -> InvocationError:
    error = InvocationError("relational was not invoked: denied")
    error.code = code
    return error


def migrator_of(secret: Secret, invocations: Invocations, slept: list[float] | None = None) -> Migrator:
    return Migrator(secret, invocations, (slept if slept is not None else []).append)  # pyright: ignore[reportArgumentType] - in the place of AWS's


@pytest.fixture
def relational(postgres_server: PostgresServer, ledger: Ledger) -> Any:
    with new_database(postgres_server) as url:
        named = url.replace(f"{OWNER}@", "fourth_home@")
        settings = Settings({"TABLE_NAME": ledger.table_name, "DATABASE_URL": named, "DATABASE_AUTH": "trust"})
        database = Database(settings)
        yield Relational(database, settings)
        database.close()
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS fourth_home")


def test_a_new_database_is_set_up_without_a_hand_and_the_next_time_nothing_is_left(
    relational: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    secret, invocations = Secret(), Invocations(relational)
    migrator = migrator_of(secret, invocations)
    done = migrator({}, Context())
    assert done["bootstrap"] == {"user": "fourth_home", "made_user": True, "made_schema": True}
    assert done["migrate"] == {"applied": ["0001_home.sql"], "already_applied": [], "missing": []}
    again = migrator({}, Context())
    assert again["bootstrap"] == {"user": "fourth_home", "missing": ""}
    assert again["migrate"] == {"applied": [], "already_applied": ["0001_home.sql"], "missing": []}
    assert (secret.asked, sum("master" in event for event in invocations.events)) == (1, 1)
    printed = capsys.readouterr().out
    assert '"task":"bootstrap"' in printed
    assert PASSWORD not in printed


def test_a_comparison_needs_no_master(relational: Any) -> None:
    secret = Secret()
    migrator = migrator_of(secret, Invocations(relational))
    migrator({}, Context())
    assert migrator({"check": True}, Context()) == {
        "migrate": {"pending": [], "already_applied": ["0001_home.sql"], "missing": []}
    }
    assert secret.asked == 1


@pytest.mark.parametrize("kind", ["OperationalError", "ConnectionTimeout"])
def test_a_database_that_is_not_there_yet_is_waited_for(relational: Any, kind: str) -> None:
    slept: list[float] = []
    migrator = migrator_of(Secret(), Invocations(relational, failure(kind), failure(kind)), slept)
    assert migrator({}, Context())["bootstrap"]
    assert slept == [PAUSE_S, PAUSE_S]


@pytest.mark.parametrize("code", ["AccessDeniedException", "KMSAccessDeniedException"])
def test_a_right_that_is_not_known_everywhere_yet_is_waited_for(relational: Any, code: str) -> None:
    slept: list[float] = []
    secret = Secret()
    secret.failures = [ServiceError("GetSecretValue: denied", code)]
    migrator = migrator_of(secret, Invocations(relational, refusal(code)), slept)
    assert migrator({}, Context())["migrate"]
    assert slept == [PAUSE_S, PAUSE_S]


def test_a_right_that_never_comes_is_told_of_in_time() -> None:
    migrator = migrator_of(Secret(), Invocations(None, refusal("AccessDeniedException")))
    with pytest.raises(InvocationError, match="denied"):
        migrator({}, Context(RESERVE_S + PAUSE_S - 1))


def test_what_the_ledger_holds_already_is_fed_with_the_deployment(relational: Any, ledger: Ledger) -> None:
    appender(ledger).append(drafts(3), no_time_limit())
    migrator = migrator_of(Secret(), Invocations(relational))
    maintained: Any = migrator({}, Context())["maintain"]
    assert maintained["bookmark"].endswith(".3")


def test_a_feed_that_fails_does_not_fail_the_deployment(caplog: pytest.LogCaptureFixture) -> None:
    def function(event: Mapping[str, object], _: Context) -> object:
        if event["task"] == "maintain":
            raise ValueError("DynamoDB is away")
        return {"missing": ""}

    done = migrator_of(Secret(), Invocations(function))({}, Context())
    assert done["maintain"] == {"error": "relational failed: DynamoDB is away"}
    assert "PostgreSQL was not fed yet" in caplog.text


def test_a_migration_whose_server_goes_away_is_tried_again(relational: Any) -> None:
    """The server ends with the first migration that it is asked for."""

    def function(event: Mapping[str, object], context: Context) -> object:
        done = relational(event, context)
        if event == {"task": "migrate"} and not ended:
            ended.append(True)
            raise psycopg.OperationalError("0001_home.sql, statement 1: the server closed the connection")
        return done

    ended: list[bool] = []
    slept: list[float] = []
    assert migrator_of(Secret(), Invocations(function), slept)({}, Context())["migrate"]
    assert slept == [PAUSE_S]


def test_what_does_not_pass_is_told_in_the_functions_own_words() -> None:
    migrator = migrator_of(Secret(), Invocations(None, failure("MigrationError", "0002_b.sql, statement 1: no")))
    with pytest.raises(FunctionError, match=r"relational failed: 0002_b\.sql, statement 1: no"):
        migrator({}, Context())


def test_a_database_that_does_not_come_is_told_of_in_time() -> None:
    migrator = migrator_of(Secret(), Invocations(None, failure("OperationalError", "connection refused")))
    with pytest.raises(FunctionError, match="connection refused"):
        migrator({}, Context(RESERVE_S + PAUSE_S - 1))


def test_a_function_that_cannot_be_asked_is_not_asked_again() -> None:
    invocations = Invocations(None, InvocationError("relational was not invoked: denied"))
    with pytest.raises(InvocationError, match="denied"):
        migrator_of(Secret(), invocations)({}, Context())
    assert len(invocations.events) == 1


@pytest.mark.parametrize("text", ["no JSON", "[]", '{"username": "a"}'], ids=["no JSON", "a list", "no password"])
def test_a_secret_of_another_form_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ServiceError, match="has no username and password in JSON") as error:
        master_of(text)
    assert text not in str(error.value)


@pytest.mark.parametrize("name", ["MASTER_SECRET_ARN", "RELATIONAL_FUNCTION"])
def test_it_cannot_do_without_the_secret_and_the_function(name: str) -> None:
    environ = {"MASTER_SECRET_ARN": "arn", "RELATIONAL_FUNCTION": "relational", "AWS_REGION": "eu-central-1"}
    assert make_handler(environ)
    with pytest.raises(SettingsError, match=f"{name}: got nothing"):
        make_handler(environ | {name: ""})
