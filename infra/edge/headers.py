"""The headers that every answer to a browser has, whoever serves it: CloudFront, the local stack, nginx. Pure.

The page has no inline script or style, calls its own origin alone, and is in nobody's frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
API_SECURITY_POLICY = "default-src 'none'; frame-ancestors 'none'"  # of answers that are data
# Two years, as browsers ask of whoever keeps to TLS for good. A browser takes it over TLS alone.
HSTS_S = 2 * 365 * 24 * 3600
SECURITY_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "content-security-policy": CONTENT_SECURITY_POLICY,
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }
)
STRICT_TRANSPORT_SECURITY = f"max-age={HSTS_S}"
