"""The event that the gateway hands to a function, for those who call one past the gateway."""

from __future__ import annotations

import json


def gateway_event(path: str, query: str = "", method: str = "GET", content: object = None) -> dict[str, object]:
    """Return the event of a request in the gateway's payload format 2.0, with content as JSON; None: without a body."""
    body = {} if content is None else {"body": json.dumps(content)}
    return {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"content-type": "application/json"} if body else {},
        "requestContext": {"http": {"method": method, "path": path}},
        "isBase64Encoded": False,
        **body,
    }
