"""The bootstrap against a real PostgreSQL, by masters as RDS has them: no superusers, and with passwords."""

from __future__ import annotations

import itertools
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.sql import SQL, Identifier, Literal

from console.local.database.server import OWNER, PostgresServer
from handlers.schema.bootstrap import IAM_ROLE, LIMITS_MS, BootstrapError, bootstrap, look
from handlers.schema.runner import Migrations
from tests.handlers.feed.site import settings_of
from tests.support.database.postgres import new_database

_numbers = itertools.count(1)
ODD = "p'w\"d\\ %s $1 @:/?#é "


@contextmanager
def roles(server: PostgresServer, *names: str) -> Generator[psycopg.Connection[Any]]:
    """Remove these roles in the end: all databases of the server share them."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        try:
            yield connection
        finally:
            for name in names:
                connection.execute(SQL("DROP ROLE IF EXISTS {}").format(Identifier(name)))


class Place:
    """An empty database, its master, and the user that is to be made."""

    def __init__(self, server: PostgresServer, url: str, owner: psycopg.Connection[Any], number: int) -> None:
        self.owner = owner
        self.user, self.master = f'the "user" {number}', f"master_{number}"
        self.url = url
        parts = urlsplit(url)
        self.name = parts.path[1:]
        self.settings = settings_of(f"host={parts.hostname} port={parts.port} dbname={self.name} user='{self.user}'")
        owner.execute(SQL("CREATE ROLE {} LOGIN CREATEROLE PASSWORD {}").format(Identifier(self.master), Literal(ODD)))
        owner.execute(SQL("ALTER DATABASE {} OWNER TO {}").format(Identifier(self.name), Identifier(self.master)))

    def bootstrap(self, password: str = ODD) -> dict[str, object]:
        return bootstrap(self.settings, {"username": self.master, "password": password})

    @contextmanager
    def hosts(self, *lines: str) -> Generator[None]:
        """Let the server go by these lines first, the last of which asks the master for its password."""
        ((path,),) = self.ask("SELECT current_setting('hba_file')")
        file = Path(path)
        trusting = file.read_text()
        try:
            file.write_text("\n".join([*lines, trusting]))
            self.ask("SELECT pg_reload_conf()")
            while self._lets_in_whom_it_does_not_know():  # the server reads its file a moment later
                pass
            yield
        finally:
            file.write_text(trusting)
            self.ask("SELECT pg_reload_conf()")

    def _lets_in_whom_it_does_not_know(self) -> bool:
        try:
            psycopg.connect(self.url, user=self.master, password="not this").close()
        except psycopg.OperationalError:
            return False
        return True

    def ask(self, statement: str, *values: object) -> Any:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(statement.encode(), values).fetchall()


@pytest.fixture
def place(postgres_server: PostgresServer) -> Generator[Place]:
    number = next(_numbers)
    with (
        roles(postgres_server, f'the "user" {number}', f"master_{number}", IAM_ROLE) as owner,
        new_database(postgres_server) as url,
    ):
        yield Place(postgres_server, url, owner, number)


def test_the_user_can_do_all_that_the_functions_do_and_no_more(place: Place) -> None:
    assert place.bootstrap() == {"user": place.user, "made_user": True, "made_schema": True}
    assert Migrations(place.settings).apply()["applied"] == ["0001_home.sql"]
    assert place.ask("SELECT schemaname FROM pg_tables WHERE tablename = 'home'") == [(place.user,)]
    ((settings,),) = place.ask("SELECT rolconfig FROM pg_roles WHERE rolname = %s", place.user)
    assert set(settings) == {f"{name}={value}" for name, value in LIMITS_MS.items()}
    assert place.ask("SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = %s", place.user) == [(False, False)]


def test_it_may_be_done_again(place: Place) -> None:
    place.bootstrap()
    assert place.bootstrap() == {"user": place.user, "made_user": False, "made_schema": False}


def test_where_users_log_in_by_token_this_one_does(place: Place) -> None:
    place.owner.execute(SQL("CREATE ROLE {}").format(Identifier(IAM_ROLE)))
    place.owner.execute(SQL("GRANT {} TO {} WITH ADMIN OPTION").format(Identifier(IAM_ROLE), Identifier(place.master)))
    place.bootstrap()
    place.bootstrap()
    assert place.ask("SELECT pg_has_role(%s, 'rds_iam', 'MEMBER')", place.user) == [(True,)]


def test_the_master_never_has_to_log_in_by_token(place: Place) -> None:
    """RDS asks all members of the role for one, and PostgreSQL takes whoever made a role for a member of it."""
    place.bootstrap()
    place.owner.execute(SQL("CREATE ROLE {}").format(Identifier(IAM_ROLE)))
    place.owner.execute(SQL("GRANT {} TO {}").format(Identifier(IAM_ROLE), Identifier(place.user)))
    members = f"host {place.name} +{IAM_ROLE} 127.0.0.1/32 reject"
    with place.hosts(members, f"host {place.name} {place.master} 127.0.0.1/32 scram-sha-256"):
        assert place.bootstrap() == {"user": place.user, "made_user": False, "made_schema": False}
        with pytest.raises(psycopg.OperationalError, match="rejects"):
            psycopg.connect(place.settings.database_url)
    assert place.ask("SELECT pg_has_role(%s, %s, 'MEMBER')", place.master, place.user) == [(False,)]
    assert place.ask("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'maker%%'") == [(0,)]


def test_a_master_that_has_to_is_told_what_to_do(place: Place) -> None:
    place.owner.execute(SQL("CREATE ROLE {} ROLE {}").format(Identifier(IAM_ROLE), Identifier(place.master)))
    members = f"host {place.name} +{IAM_ROLE} 127.0.0.1/32 reject"
    with (
        place.hosts(members, f"host {place.name} {place.master} 127.0.0.1/32 scram-sha-256"),
        pytest.raises(BootstrapError, match=r'was not let in: .*rejects.*; what to do: docs/database\.md, "A master'),
    ):
        place.bootstrap()


def test_the_user_tells_what_it_lacks_until_it_lacks_nothing(place: Place) -> None:
    found = look(place.settings)
    assert found["user"] == place.user
    assert "does not exist" in str(found["missing"])
    place.bootstrap()
    assert look(place.settings) == {"user": place.user, "missing": ""}
    place.owner.execute(SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(Identifier(place.name)))
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        look(place.settings)


def test_a_schema_that_is_not_there_is_missed_and_made_again(place: Place) -> None:
    place.bootstrap()
    user = Identifier(place.user)
    for statement in ("DROP SCHEMA {}", "REVOKE CREATE ON SCHEMA {0} FROM {0}"):
        with psycopg.connect(place.url, autocommit=True) as connection:
            connection.execute(SQL(statement).format(user))  # pyright: ignore[reportArgumentType] - two literals
        assert look(place.settings)["missing"] == f'a schema "{place.user}" that it may make tables in'
        assert place.bootstrap()["made_schema"] == statement.startswith("DROP")
        assert look(place.settings)["missing"] == ""


def test_limits_that_are_others_are_set_by_the_user_itself(place: Place) -> None:
    place.bootstrap()
    place.owner.execute(SQL("ALTER ROLE {} SET lock_timeout = 1").format(Identifier(place.user)))
    look(place.settings)
    ((settings,),) = place.ask("SELECT rolconfig FROM pg_roles WHERE rolname = %s", place.user)
    assert set(settings) == {f"{name}={value}" for name, value in LIMITS_MS.items()}


def test_a_user_that_was_made_without_limits_gets_them(place: Place) -> None:
    place.owner.execute(SQL("CREATE ROLE {} LOGIN").format(Identifier(place.user)))
    assert place.bootstrap() == {"user": place.user, "made_user": False, "made_schema": True}
    look(place.settings)
    ((settings,),) = place.ask("SELECT rolconfig FROM pg_roles WHERE rolname = %s", place.user)
    assert set(settings) == {f"{name}={value}" for name, value in LIMITS_MS.items()}


def test_nobody_makes_temporary_tables_but_the_master(place: Place) -> None:
    place.bootstrap()
    place.bootstrap()
    with (
        psycopg.connect(place.settings.database_url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="temporary tables"),
    ):
        connection.execute("CREATE TEMPORARY TABLE t (n int)")


def test_a_master_who_may_not_is_told_so(place: Place) -> None:
    place.owner.execute(SQL("ALTER ROLE {} NOCREATEROLE").format(Identifier(place.master)))
    with pytest.raises(BootstrapError, match=f"the master {place.master} may not do that: permission denied"):
        place.bootstrap()


def test_a_wrong_password_is_told_and_shown_nowhere(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    with place.hosts(f"host all {place.master} 127.0.0.1/32 scram-sha-256"):
        for wrong in ("wrong secret", ""):
            with pytest.raises(BootstrapError) as error:
                place.bootstrap(wrong)
            assert f"the master {place.master} was not let in" in str(error.value)
            assert "wrong secret" not in f"{error.value!r}{error.value.__cause__!r}{caplog.text}"
        assert place.bootstrap()["user"] == place.user


def test_a_database_that_is_not_there_yet_is_for_whoever_asked_to_try_again(place: Place) -> None:
    settings = settings_of(f"postgresql://{OWNER}@127.0.0.1:1/none")
    with pytest.raises(psycopg.OperationalError):
        bootstrap(settings, {"username": place.master, "password": ODD})
    with pytest.raises(psycopg.OperationalError):
        look(settings)
