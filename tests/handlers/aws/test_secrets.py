"""A secret in the emulator's Secrets Manager."""

from __future__ import annotations

import uuid

import pytest

from handlers.aws.sdk import ServiceError
from handlers.aws.secrets import LEAST_CHARACTERS, Secret
from tests.support.jobs.site import service

pytestmark = pytest.mark.usefixtures("client")  # which sets the emulator's environment


def made(*versions: str | bytes) -> str:
    """A secret that has had these versions."""
    client, name = service("secretsmanager"), f"secret-{uuid.uuid4()}"
    for number, value in enumerate(versions):
        given = {"SecretString": value} if isinstance(value, str) else {"SecretBinary": value}
        if number:
            client.put_secret_value(SecretId=name, **given)
        else:
            client.create_secret(Name=name, **given)
    return name


def version(number: int) -> str:
    return f"version {number} ".ljust(LEAST_CHARACTERS, ".")


@pytest.mark.parametrize(("count", "valid"), [(1, [1]), (2, [2, 1]), (3, [3, 2])])
def test_the_current_version_and_the_one_before_are_valid(count: int, valid: list[int]) -> None:
    name = made(*map(version, range(1, count + 1)))
    assert Secret(name, "").versions() == tuple(map(version, valid))


def test_a_secret_that_is_not_there_says_so() -> None:
    with pytest.raises(ServiceError, match="GetSecretValue AWSCURRENT") as raised:
        Secret("no-secret", "").versions()
    assert raised.value.code == "ResourceNotFoundException"


@pytest.mark.parametrize("wrong", ["short", "." * (LEAST_CHARACTERS - 1), b"." * LEAST_CHARACTERS], ids=str)
def test_a_version_that_could_be_guessed_is_refused_and_not_shown(wrong: str | bytes) -> None:
    with pytest.raises(ServiceError, match="a text of 32 characters or more") as raised:
        Secret(made(wrong), "").versions()
    assert str(wrong) not in str(raised.value)


@pytest.mark.parametrize("wrong", ["short", b"." * LEAST_CHARACTERS], ids=str)
def test_a_previous_version_that_could_be_guessed_is_not_valid(wrong: str | bytes) -> None:
    assert Secret(made(wrong, version(2)), "").versions() == (version(2),)


def test_a_previous_version_that_cannot_be_read_is_no_reason_to_go_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Client:
        def get_secret_value(self, *, VersionStage: str, **_: str) -> dict[str, str]:  # noqa: N803 - the SDK's name
            if VersionStage == "AWSPREVIOUS":
                raise ServiceError("throttled", "ThrottlingException")
            return {"SecretString": version(1)}

    def make_client(*_: object, **__: object) -> Client:
        return Client()

    monkeypatch.setattr("handlers.aws.secrets.make_service", make_client)
    with pytest.raises(ServiceError, match="throttled"):
        Secret("arn", "").versions()
