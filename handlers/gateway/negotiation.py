"""The preferences of a client: gzip or not, a page or JSON, to wait or not.

Loaded with the first answer that is large enough to be compressed, by `GET /`, and by what writes.
Sources: RFC 9110, sections 12.4.2 (weights), 12.5.1 (Accept), 12.5.3 (Accept-Encoding); RFC 1952 (gzip); RFC 7240,
section 4.1 (respond-async).
"""

from __future__ import annotations

import re
import zlib
from binascii import b2a_base64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from handlers.gateway.response import Response

LEVEL = 1  # level 6 takes twice as long for 5 % fewer bytes: docs/performance.md, "Compression"
GZIP_WINDOW = 31  # zlib's number for its largest window in gzip's format
WEIGHT = r"0(\.[0-9]{0,3})?|1(\.0{0,3})?"


def compress(response: Response, accept_encoding: str) -> None:
    """Compress an answer's body where the client accepts gzip and does not rather have it as it is."""
    if accepts_gzip(accept_encoding):
        content = zlib.compress(response.body.encode(), LEVEL, GZIP_WINDOW)
        response.body, response.is_base64 = b2a_base64(content, newline=False).decode(), True
        response.headers["content-encoding"] = "gzip"


def accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether gzip is accepted, and not less than no compression at all."""
    weights = weights_of(accept_encoding)
    gzip = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def prefers_html(accept: str) -> bool:
    """Tell whether a page is preferred to JSON, as browsers do; who accepts both alike gets JSON."""
    weights = weights_of(accept)

    def weight(group: str, name: str) -> float:
        return weights.get(f"{group}/{name}", weights.get(f"{group}/*", weights.get("*/*", 0.0)))

    return weight("text", "html") > weight("application", "json")


def prefers_async(prefer: str) -> bool:
    """Tell whether `respond-async` is preferred; other preferences are ignored."""
    return any(each.partition(";")[0].strip().lower() == "respond-async" for each in prefer.split(","))


def weights_of(header: str) -> dict[str, float]:
    """Return what a header lists, in lower case, each with its weight: 1 without one, 0 where it is no weight."""
    weights: dict[str, float] = {}
    for member in header.lower().split(","):
        name, *parameters = (part.strip() for part in member.split(";"))
        given = [parameter[2:] for parameter in parameters if parameter.startswith("q=")]
        weights[name] = (float(given[0]) if re.fullmatch(WEIGHT, given[0]) else 0.0) if given else 1.0
    return weights
