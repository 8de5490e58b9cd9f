"""The event that the gateway hands to a function, for those who call one past the gateway."""

from __future__ import annotations


def gateway_event(path: str, query: str = "", method: str = "GET") -> dict[str, object]:
    """Return the event of a request without a body, in the gateway's payload format 2.0."""
    return {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {},
        "requestContext": {"http": {"method": method, "path": path}},
        "isBase64Encoded": False,
    }
