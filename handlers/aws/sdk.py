"""Clients of AWS services other than DynamoDB, and the one rule for their errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 20.0
ATTEMPTS = 4  # of botocore's own, which back off with jitter between them


class ServiceError(Exception):
    """A service refused a call, or could not be reached.

    Attributes:
        code: the service's name for the error; "" where it gave no answer.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


def make_service(service: str, region: str, **options: object) -> Any:  # noqa: ANN401 - boto3-stubs covers DynamoDB only
    """Make the client of a service: bounded, kept alive, with retries.

    Args:
        service: its name in boto3.
        region: "" takes the environment's.
        options: of botocore's Config, further ones or others.
    """
    import boto3  # noqa: PLC0415 - for those alone who make a call
    from botocore.config import Config  # noqa: PLC0415

    defaults = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "read_timeout": READ_TIMEOUT_S,
        "retries": tries(ATTEMPTS),
        "tcp_keepalive": True,
    }
    config = Config(**cast("Any", defaults | options))
    client = cast("Any", boto3).client
    return client(service, region_name=region or None, config=config)


def tries(attempts: int) -> dict[str, object]:
    """Return botocore's setting for so many attempts at a call, the first included."""
    return {"mode": "standard", "total_max_attempts": attempts}


def ask(what: str, operation: Callable[[], T]) -> T:
    """Run a call of a client.

    Args:
        what: the call in words, for the error.

    Raises:
        ServiceError: it was refused, or the service could not be reached.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - loaded with boto3

    try:
        return operation()
    except ClientError as error:
        raise ServiceError(f"{what}: {error}", error.response.get("Error", {}).get("Code", "")) from error
    except BotoCoreError as error:
        raise ServiceError(f"{what}: {error}") from error
