"""The key that CloudFront sends to the API, which `pulumi up` hands over to it.

Source: Amazon CloudFront API reference, GetDistribution: the custom headers of an origin are in the answer with their
values, and the status is `Deployed` once all edge locations have the configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from console.data.ledger import CREDENTIALS_HINT, endpoint_url, make_session
from console.errors import ConsoleError
from handlers.settings import EDGE_KEY_HEADER

DEPLOYED = "Deployed"


def check_handed_over(arn: str, distribution: str, environ: Mapping[str, str], up: str) -> None:
    """Raise ConsoleError unless it is certain that all of CloudFront sends the current version of the edge's key.

    Args:
        arn: the key's.
        distribution: its id.
        environ: leads to both services.
        up: the command that hands the key over.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - loaded with boto3

    cloudfront, secrets = (make_service(name, environ) for name in ("cloudfront", "secretsmanager"))
    try:
        found = cloudfront.get_distribution(Id=distribution)["Distribution"]
        current = secrets.get_secret_value(SecretId=arn)["SecretString"]
    except (BotoCoreError, ClientError) as error:
        rights = f"cloudfront:GetDistribution on {distribution} and secretsmanager:GetSecretValue on {arn}"
        hint = f"have credentials that may call {rights}: {CREDENTIALS_HINT}"
        raise ConsoleError(f"nobody can tell whether CloudFront has the current key: {error}", hint) from error
    if current not in _sent_keys(found["DistributionConfig"]):
        raise ConsoleError("CloudFront has not got the current key: a new one now would shut the edge out", up)
    if found["Status"] != DEPLOYED:
        hint = f"wait for it: `aws cloudfront wait distribution-deployed --id {distribution}`"
        raise ConsoleError("not all edge locations have the current key: a new one now would shut them out", hint)


def _sent_keys(config: Mapping[str, Any]) -> list[str]:
    """Return what is sent as the key, by whichever origin."""
    headers = [
        header
        for origin in config["Origins"]["Items"]
        for header in origin.get("CustomHeaders", {}).get("Items", ())
        if header["HeaderName"].lower() == EDGE_KEY_HEADER
    ]
    return [header["HeaderValue"] for header in headers]


def make_service(service: str, environ: Mapping[str, str]) -> Any:  # noqa: ANN401 - boto3-stubs covers DynamoDB only
    """Make a service's client for an environment. Raises ConsoleError where it has no credentials."""
    return cast("Any", make_session(environ)).client(service, endpoint_url=endpoint_url(service, environ))
