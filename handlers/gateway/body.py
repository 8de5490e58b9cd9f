"""The body of a request: JSON, strictly."""

from __future__ import annotations

import binascii
import json

from handlers.domain.problem import Problem, field_error, invalid

MAX_BODY_BYTES = 1_000_000


def json_object_of(text: str, is_base64: bool, content_type: str | None) -> dict[str, object]:
    """Return a body as a JSON object; an empty one is {}.

    Raises Problem: 400 malformed, 413 over 1 MB, 415 not JSON, 422 not an object.
    """
    body = _from_base64(text) if is_base64 else text.encode("utf-8", "surrogatepass")
    if len(body) > MAX_BODY_BYTES:
        raise Problem("content-too-large", f"The body has {len(body)} bytes, allowed are {MAX_BODY_BYTES}")
    if not body.strip():
        return {}
    _check_media_type(content_type)
    content = _parsed(body)
    if not isinstance(content, dict):
        raise Problem("invalid-content", "The body must be a JSON object")
    return content  # pyright: ignore[reportUnknownVariableType] - JSON objects have string keys


def _from_base64(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text)
    except ValueError:
        raise Problem("malformed-request", "The body is not base64, though the event says so") from None


def _check_media_type(content_type: str | None) -> None:
    media_type, _, options = (content_type or "").partition(";")
    charset = options.replace(" ", "").replace('"', "").lower()
    if media_type.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        error = field_error("content-type", content_type, "application/json in UTF-8")
        raise invalid("unsupported-media-type", [error])


def _parsed(body: bytes) -> object:
    """Parse JSON as RFC 8259 has it: no NaN, no Infinity, no repeated names, in UTF-8, no half of a surrogate pair."""
    try:
        content = json.loads(
            body.decode(), parse_constant=_no_constant, parse_int=_integer, object_pairs_hook=_without_repeats
        )
        _check_pairs(body, content)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Problem("malformed-request", f"The body is not JSON: {reason}") from None
    return content


def _check_pairs(body: bytes, content: object) -> None:
    """Raise ValueError for half of a surrogate pair, which only an escape can bring in: no UTF-8 can hold it."""
    if b"\\u" in body:
        json.dumps(content, ensure_ascii=False).encode()


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def _integer(digits: str) -> float:
    # Python refuses integers of more than 4300 digits; as a float they are infinite, hence out of any field's range.
    return int(digits) if len(digits) <= 400 else float(digits)


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return members
