from __future__ import annotations

import psycopg
import pytest

from handlers.postgres import failures
from handlers.postgres.failures import problem_of


def failing(url: str, *statements: str) -> psycopg.Error:
    """The error of the last of these statements."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements[:-1]:
            connection.execute(statement.encode())
        with pytest.raises(psycopg.Error) as error:
            connection.execute(statements[-1].encode())
    return error.value


def said_of(error: psycopg.Error) -> str | None:
    problem = problem_of(error)
    assert problem is None or (problem.status, problem.headers) == (503, {"retry-after": "1"})
    return problem and problem.detail


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (("SET statement_timeout = 1", "SELECT pg_sleep(60)"), "took longer"),
        (("SET default_transaction_read_only = on", "CREATE TABLE t (n int)"), "takes no changes"),
        (("SELECT * FROM nothing",), failures.NOT_SET_UP),
        (("CREATE ROLE nobody_of_failures", "SET ROLE nobody_of_failures", "DELETE FROM home"), failures.NOT_SET_UP),
        (("CREATE TABLE nowhere.t (n int)",), failures.NOT_SET_UP),
        (("SELECT pg_terminate_backend(pg_backend_pid())",), failures.STARTING),
        (("DO $$ BEGIN RAISE EXCEPTION SQLSTATE '53100'; END $$",), "out of disk or memory"),
        (("DO $$ BEGIN RAISE EXCEPTION SQLSTATE '53300'; END $$",), failures.CROWDED),
        (("DO $$ BEGIN RAISE EXCEPTION SQLSTATE '40001'; END $$",), "taken the transaction back"),
        (("DO $$ BEGIN RAISE EXCEPTION SQLSTATE '55P03'; END $$",), "locked"),
        (("DO $$ BEGIN RAISE EXCEPTION SQLSTATE '08006'; END $$",), failures.UNREACHABLE),
        (("DO $$ BEGIN RAISE EXCEPTION SQLSTATE '57P05'; END $$",), failures.LOST),
        (("DO $$ BEGIN RAISE EXCEPTION SQLSTATE '28000'; END $$",), failures.REFUSED),
    ],
    ids=lambda value: str(value)[-40:],
)
def test_what_can_pass_is_unavailable_and_named(database_url: str, statements: tuple[str, ...], said: str) -> None:
    found = said_of(failing(database_url, *statements))
    assert found is not None
    assert said in found


@pytest.mark.parametrize("statement", ["SELECT 'x'::int", "SELEKT 1", "SELECT 1/0", "SELECT nothing FROM home"])
def test_what_never_passes_is_a_defect_of_ours(database_url: str, statement: str) -> None:
    assert said_of(failing(database_url, statement)) is None


def test_a_value_that_no_text_can_have_is_a_defect_of_ours(database_url: str) -> None:
    with psycopg.connect(database_url) as connection, pytest.raises(psycopg.DataError) as error:
        connection.execute("SELECT %s::text", ("\0",))
    assert said_of(error.value) is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("connection failed: FATAL:  sorry, too many clients already", failures.CROWDED),
        ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute", failures.CROWDED),
        ('FATAL:  too many connections for role "reader"', failures.CROWDED),
        ("FATAL:  the database system is starting up", failures.STARTING),
        ("FATAL:  the database system is shutting down", failures.STARTING),
        ("FATAL:  the database system is in recovery mode", failures.STARTING),
        ("FATAL:  the database system is not yet accepting connections", failures.STARTING),
        ('FATAL:  PAM authentication failed for user "reader"', failures.REFUSED),
        ("FATAL:  The IAM authentication failed for the role reader. Check the IAM token", failures.REFUSED),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "reader"', failures.REFUSED),
        ('FATAL:  role "reader" does not exist', failures.NOT_SET_UP),
        ("SSL error: certificate verify failed", failures.UNTRUSTED),
        ("server does not support SSL, but SSL was required", failures.UNTRUSTED),
        ("SSL connection has been closed unexpectedly", failures.LOST),
        ("SSL SYSCALL error: EOF detected", failures.LOST),
        ("Timed-out waiting to acquire database connection", failures.CROWDED),
        ("This RDS Proxy has no credentials for the role reader. Check the credentials", failures.REFUSED),
        ("connection timeout expired", failures.SILENT),
        ("connection Timed Out", failures.SILENT),
        ("could not receive data from server: Connection timed out", failures.SILENT),
        ('could not translate host name "nowhere.invalid" to address', failures.UNREACHABLE),
        ("Connection refused. Is the server running on that host", failures.UNREACHABLE),
    ],
)
def test_an_error_of_connecting_is_told_by_its_words(words: str, said: str) -> None:
    assert said_of(psycopg.OperationalError(words)) == said


def test_the_log_has_the_servers_own_words_and_the_answer_has_not(caplog: pytest.LogCaptureFixture) -> None:
    problem = problem_of(psycopg.OperationalError('connection to "10.0.0.9" failed: Connection refused'))
    assert problem is not None
    assert "10.0.0.9" not in problem.detail
    assert "10.0.0.9" in caplog.text
