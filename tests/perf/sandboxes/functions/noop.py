"""The runtime client by itself: a handler that does nothing."""


def handler(event: object, context: object) -> dict[str, object]:
    """Answer at once."""
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": "{}"}
