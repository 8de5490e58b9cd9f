"""boto3's clients for an environment that need not be this process's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

ATTEMPTS = 2  # under load the emulator's answers get lost now and then


def make_clients(environ: Mapping[str, str], *services: str) -> list[Any]:
    """Return a client of each service."""
    import boto3  # noqa: PLC0415 - a tenth of a second that only the local stack pays
    from botocore.config import Config  # noqa: PLC0415

    session = boto3.Session(
        aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
        region_name=environ["AWS_REGION"],
    )
    config = Config(retries={"total_max_attempts": ATTEMPTS})
    make = cast("Any", session).client  # boto3-stubs covers DynamoDB only
    return [make(service, endpoint_url=environ["AWS_ENDPOINT_URL"], config=config) for service in services]
