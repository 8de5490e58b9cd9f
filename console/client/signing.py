"""Signatures of requests (SigV4): who may write is IAM's to say, by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from botocore.auth import SigV4Auth

SERVICE = "execute-api"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SIGNED_HEADERS = ("Authorization", "X-Amz-Date", "X-Amz-Security-Token")


def find_signer(host: str) -> SigV4Auth | None:
    """A signer for an API at this host, with boto3's credentials; None where there are none."""
    from boto3.session import Session  # noqa: PLC0415 - only for an API that asks for it
    from botocore.auth import SigV4Auth  # noqa: PLC0415

    session = Session()
    credentials = session.get_credentials()
    region = region_of(host) or session.region_name
    if credentials is None or not region:
        return None
    return SigV4Auth(credentials.get_frozen_credentials(), SERVICE, region)


def region_of(host: str) -> str | None:
    """The region in a gateway's own host name, <api>.execute-api.<region>.amazonaws.com; None for another host."""
    parts = host.split(".")
    return parts[2] if len(parts) >= 5 and parts[1] == SERVICE else None


def sign(request: httpx.Request, signer: SigV4Auth) -> None:
    """Give the request the headers of a signature over its method, address and body."""
    from botocore.awsrequest import AWSRequest  # noqa: PLC0415

    unsigned = AWSRequest(request.method, str(request.url), data=request.content)
    signer.add_auth(unsigned)
    for name in SIGNED_HEADERS:
        if name in unsigned.headers:
            request.headers[name] = unsigned.headers[name]
