"""Signing requests (SigV4) where the API asks for it: who may write is IAM's to say, by default.

The first request goes unsigned. Once one was refused with 403 and there are AWS credentials, all are signed. A
signature never goes over an unencrypted connection to another machine.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from botocore.auth import SigV4Auth

SERVICE = "execute-api"
REFUSED = 403
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SIGNED_HEADERS = ("Authorization", "X-Amz-Date", "X-Amz-Security-Token")


class SignedWhereAsked(httpx.Auth):
    """Signs from the first refusal on, with the credentials that boto3 finds."""

    requires_request_body = True

    def __init__(self) -> None:
        self._signer: SigV4Auth | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Send the request, and once more with a signature if it was refused without one."""
        self.sign_if_asked(request)
        response = yield request
        if response.status_code != REFUSED or self._signer is not None or not _is_private(request.url):
            return
        self._signer = find_signer(request.url.host)
        if self._signer is not None:
            sign(request, self._signer)
            yield request

    def sign_if_asked(self, request: httpx.Request) -> None:
        """Sign the request if an earlier one was refused without a signature."""
        if self._signer is not None:
            sign(request, self._signer)


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


def _is_private(url: httpx.URL) -> bool:
    return url.scheme == "https" or url.host in LOOPBACK
