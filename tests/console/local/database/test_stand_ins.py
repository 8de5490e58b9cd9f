"""What stands in for the rest of RDS is as strict as it is."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from console.local.database.server import OWNER, PostgresServer
from tests.support.database.tls import TlsServer

WRONG_NAME = "database.example"


def test_the_tls_server_proves_itself_by_its_authority(tls_server: TlsServer, tls_database: str) -> None:
    with psycopg.connect(tls_server.url(tls_database)) as connection:
        assert connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone() == (True,)
        assert connection.execute("SELECT count(*) FROM home").fetchone() == (0,)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"sslmode": "disable"}, "no encryption"),
        ({"host": WRONG_NAME, "hostaddr": "127.0.0.1"}, f'does not match host name "{WRONG_NAME}"'),
        ({"sslrootcert": "stranger"}, "certificate verify failed"),
    ],
    ids=("plain", "wrong name", "unknown authority"),
)
def test_the_tls_server_is_not_reached_otherwise(
    tls_server: TlsServer, options: dict[str, str], complaint: str
) -> None:
    if "sslrootcert" in options:
        options = {"sslrootcert": str(tls_server.stranger)}
    with pytest.raises(psycopg.OperationalError, match=complaint):
        psycopg.connect(make_conninfo(tls_server.url(), **options))


def test_a_member_of_rds_iam_needs_its_token(tls_server: TlsServer) -> None:
    with psycopg.connect(tls_server.url(), autocommit=True) as connection:
        connection.execute("CREATE ROLE rds_iam")
        connection.execute("CREATE ROLE reader LOGIN PASSWORD 'token' IN ROLE rds_iam")
        try:
            psycopg.connect(tls_server.url(user="reader"), password="token").close()
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(tls_server.url(user="reader"), password="another")
        finally:
            connection.execute("DROP ROLE reader, rds_iam")


def test_the_pooler_lets_nothing_outlive_a_transaction(pooled_url: str) -> None:
    with psycopg.connect(pooled_url, autocommit=True) as one, psycopg.connect(pooled_url, autocommit=True) as other:
        with one.transaction():
            one.execute("SET lock_timeout = '7s'")
            with other.transaction():
                assert other.execute("SHOW lock_timeout").fetchone() == ("0",)
        assert {other.execute("SHOW lock_timeout").fetchone() for _ in range(2)} == {("7s",), ("0",)}


def test_the_pooler_knows_the_servers_roles(
    pooled_url: str, database_url: str, postgres_server: PostgresServer
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE pooled LOGIN")
        try:
            psycopg.connect(pooled_url.replace(OWNER, "pooled")).close()
        finally:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'pooled'")
            connection.execute("DROP ROLE pooled")
