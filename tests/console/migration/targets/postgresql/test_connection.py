from __future__ import annotations

from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.migration.targets.postgresql import connection
from console.migration.targets.postgresql.address import Address
from console.migration.targets.postgresql.connection import CONNECT_TIMEOUT_S, Login, connect

SECRET = "s3cret"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"postgresql://app:{SECRET}@db.example.com:5432/app?sslmode=verify-full", "app@db.example.com:5432/app"),
        (f"postgres://app@db.example.com/app?password={SECRET}", "app@db.example.com/app"),
        (f"postgresql://app:{SECRET}%40%2F@[::1]:5432/app", "app@[::1]:5432/app"),
        ("postgresql://one:1,two:2/app", "one,two:1,2/app"),
        ("postgresql:///app?host=/run/postgresql", "%2Frun%2Fpostgresql/app"),
        ("postgresql://host", "host"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    address = Address(url)
    assert address.url == url
    assert address.shown == f"postgresql://{shown}"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://app:{SECRET}@x@host/app",
        f"postgresql://app:{SECRET}/x@host/app",
        f"postgresql://app:x/{SECRET}@host/app",
        f"postgresql://app:{SECRET}%zz@host/app",
        f"postgresql://app:x@host/app?{SECRET}",
        "postgresql://host:port/app",
    ],
)
def test_an_address_that_libpq_reads_otherwise_is_refused_and_no_part_of_it_is_said(url: str) -> None:
    with pytest.raises(ConsoleError, match=r"^--to is no address") as raised:
        Address(url)
    assert SECRET not in f"{raised.value} {raised.value.hint}"
    assert "%40" in raised.value.hint
    assert raised.value.code == 2


def test_a_server_that_is_away_is_named_without_the_password() -> None:
    with pytest.raises(ConsoleError, match=r"^postgresql://app@127.0.0.1:1/app cannot be reached: .*refused") as raised:
        connect(Login(Address(f"postgresql://app:{SECRET}@127.0.0.1:1/app")))
    assert SECRET not in str(raised.value)


def test_a_server_without_tls_is_refused_where_it_is_asked_for(url: str) -> None:
    with pytest.raises(ConsoleError, match=r"cannot be reached: .*SSL"):
        connect(Login(Address(f"{url}?sslmode=require")))


def test_a_password_comes_as_libpq_finds_it(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert connected_password(url.replace("@", ":own@")) == "own"
    monkeypatch.setenv("PGPASSWORD", "from the environment")
    assert connected_password(url) == "from the environment"
    monkeypatch.delenv("PGPASSWORD")
    file = tmp_path / "pgpass"
    file.write_text("*:*:*:*:from the file\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    assert connected_password(url) == "from the file"


def connected_password(url: str) -> str:
    with connect(Login(Address(url))) as made:
        return made.info.password


def test_only_the_users_own_limit_is_a_longer_one_for_connecting(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def limit(address: str) -> str:
        with connect(Login(Address(address))) as made:
            return made.info.get_parameters().get("connect_timeout", "")

    assert limit(url) == str(CONNECT_TIMEOUT_S)
    assert limit(f"{url}?connect_timeout=77") == "77"
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "55")
    assert limit(url) in ("", "55")


def test_a_server_that_does_not_know_a_setting_refuses_with_its_words(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.SETTINGS, "lock_timeout", "soon")
    with pytest.raises(ConsoleError, match='refuses: invalid value for parameter "lock_timeout": "soon"'):
        connect(Login(Address(url)))


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("credentials")
def test_a_token_of_aws_is_the_password_and_never_travels_without_tls(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = Login(Address("postgresql://app@db.example.com/app"), is_iam=True)
    options = login.options()
    assert options["password"].startswith("db.example.com:5432/?Action=connect&DBUser=app&")
    assert options["sslmode"] == "require"
    stricter = Login(Address("postgresql://app@db.example.com:6432/app?sslmode=verify-full"), is_iam=True).options()
    assert stricter["password"].startswith("db.example.com:6432/")
    assert "sslmode" not in stricter
    monkeypatch.setenv("PGSSLMODE", "verify-ca")
    assert "sslmode" not in login.options()
    monkeypatch.delenv("PGSSLMODE")
    with pytest.raises(ConsoleError, match=r"cannot be reached: .*SSL") as raised:
        connect(Login(Address(url), is_iam=True))
    assert "X-Amz" not in str(raised.value)


def test_a_token_needs_to_know_for_whom_it_is() -> None:
    with pytest.raises(ConsoleError, match=r"--iam needs the address's host and user"):
        Login(Address("postgresql:///app"), is_iam=True).options()
