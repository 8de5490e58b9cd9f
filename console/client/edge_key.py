"""The edge's key: whoever shows it reaches an API past its edge, as the owner does."""

from __future__ import annotations

from typing import Any, cast

import httpx

from console.client.signing import LOOPBACK
from console.client.target import stack_outputs
from console.errors import ConsoleError

OUTPUT = "edge_key_arn"


def find_edge_key(url: str) -> str:
    """Return the key that an API asks for; nothing where it is not the selected stack's, or that has no edge.

    Raises ConsoleError where it has one, and may not be read.
    """
    if httpx.URL(url).host in LOOPBACK:
        return ""
    outputs = stack_outputs("")
    arn = str(outputs.get(OUTPUT) or "")
    is_its = str(outputs.get("api_url", "")).rstrip("/") == url
    return _read(arn) if arn and is_its else ""


def _read(arn: str) -> str:
    import boto3  # noqa: PLC0415 - only for an API behind an edge
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        client: Any = cast("Any", boto3).client("secretsmanager", region_name=arn.split(":")[3])
        return client.get_secret_value(SecretId=arn)["SecretString"]
    except (BotoCoreError, ClientError) as error:
        hint = f"have AWS credentials that may read {arn}, or go by the edge: --url with `pulumi stack output edge_url`"
        raise ConsoleError(f"the key of the edge before the API cannot be read: {error}", f"{hint} and /api") from error
