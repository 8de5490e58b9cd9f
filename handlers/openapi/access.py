"""The schemas of access codes and sessions, and how a caller shows who it is."""

from __future__ import annotations

from handlers.access.access_code import ALPHABET, CHARACTERS, GROUP
from handlers.access.bearer import COOKIE
from handlers.access.code import CODE_STATES, SCOPES
from handlers.access.session import SESSION_STATES
from handlers.api.access import ID_PATTERN, MOST_TENANT_CHARACTERS, MOST_USES, TENANT_PATTERN
from handlers.api.visit import MOST_ENTERED_CHARACTERS
from handlers.openapi.schemas import COUNT, TEXT, TIME, Schema, array, choice, closed, nullable, record, ref
from handlers.routes import OPEN_OPERATIONS, SESSIONS

TENANT_EXAMPLE = "acme"
CODE_EXAMPLE = "7K3M-9QXT-WB4H-2RFD"
ACCESS_ID: Schema = {"type": "string", "pattern": f"^{ID_PATTERN}$"}
TENANT: Schema = {"type": "string", "maxLength": MOST_TENANT_CHARACTERS, "pattern": f"^{TENANT_PATTERN}$"}
BODY_PROBLEMS = (413, 415, 422)
# operation: summary, parameters, name of the body's schema, problems; 404 too where reads need no session.
ACCESS_OPERATIONS: dict[str, tuple[str, tuple[str, ...], str, tuple[int, ...]]] = {
    "make-code": ("Make an access code; this answer alone shows it", (), "CodeOrder", (404, *BODY_PROBLEMS, 503)),
    "codes": ("A tenant's access codes", ("tenant", "limit", "cursor"), "", (404, 503)),
    "disable-code": ("Disable an access code; its sessions go on", ("access-id",), "", (404, 503)),
    "sessions": ("A tenant's living sessions", ("tenant", "limit", "cursor"), "", (404, 503)),
    "end-session": ("End a session", ("access-id",), "", (404, 503)),
    "enter": ("Exchange an access code for a session", (), "EnteredCode", (403, 404, *BODY_PROBLEMS, 429, 503)),
    "show-session": ("The visitor's own session", (), "", (404, 503)),
    "leave": ("End the visitor's own session", (), "", (404, 503)),
}
ACCESS_CONTENTS = {
    "codes": "AccessCodes",
    "disable-code": "OneAccessCode",
    "sessions": "Sessions",
    "end-session": "OneSession",
    "show-session": "OneSession",
    "leave": "OneSession",
}
CODE_EXAMPLES: dict[str, dict[str, object]] = {
    "CodeOrder": {
        "one visit in the next seven days": {"tenant": TENANT_EXAMPLE},
        "several visits that may send SQL": {"tenant": TENANT_EXAMPLE, "max_uses": 5, "scopes": ["read", "sql"]},
    },
    "EnteredCode": {"as it was shown": {"code": CODE_EXAMPLE}, "as it was typed": {"code": "7k3m 9qxt wb4h 2rfd"}},
}


def access_schemas() -> dict[str, Schema]:
    """Return the part of `components.schemas` that codes and sessions need."""
    group = f"[{ALPHABET}]{{{GROUP}}}"
    access_code: Schema = {"type": "string", "pattern": f"^{group}(-{group}){{{CHARACTERS // GROUP - 1}}}$"}
    entered = TEXT | {"minLength": 1, "maxLength": MOST_ENTERED_CHARACTERS}
    return {
        "Scope": choice(SCOPES, "read: the read paths; sql: statements of the visitor's own."),
        "CodeOrder": _order(),
        "CodeState": choice(CODE_STATES),
        "AccessCode": record(
            {
                **_common(),
                "state": ref("CodeState"),
                "max_uses": COUNT | {"minimum": 1},
                "uses": COUNT,
            }
        ),
        "MadeAccessCode": record({"access_code": access_code | {"example": CODE_EXAMPLE}, "code": ref("AccessCode")}),
        "OneAccessCode": record({"code": ref("AccessCode")}),
        "AccessCodes": record({"codes": array(ref("AccessCode")), "next": nullable(ACCESS_ID)}),
        "EnteredCode": closed(record({"code": entered | {"description": "Case, spaces and dashes do not matter."}})),
        "SessionState": choice(SESSION_STATES),
        "Session": record(
            {
                **_common(),
                "state": ref("SessionState"),
                "code": ACCESS_ID | {"description": "The id of the code that was exchanged."},
            }
        ),
        "OneSession": record({"session": ref("Session")}),
        "Sessions": record({"sessions": array(ref("Session")), "next": nullable(ACCESS_ID)}),
        "Entrance": record(
            {"session": ref("Session"), "token": TEXT | {"description": "To be sent as a bearer token; shown once."}}
        ),
    }


def security_schemes() -> dict[str, Schema]:
    """Return `components.securitySchemes`: which of them a stack asks for is its own settings."""
    signed = "AWS Signature Version 4 for the service execute-api, where the stack's settings say iam."
    return {
        "signature": {"type": "apiKey", "in": "header", "name": "Authorization", "description": signed},
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "A session's token, or, where the settings say jwt, a JSON Web Token.",
        },
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": COOKIE,
            "description": "A session's token, set by POST /sessions; for the visitor's own session alone.",
        },
    }


def security_of(function: str, name: str) -> list[dict[str, list[str]]]:
    """Return what lets a caller in, each by itself; {} is nothing at all, as open stacks have it."""
    if name == "enter":
        return [{}]
    if name in OPEN_OPERATIONS:
        return [{"bearer": []}, {"cookie": []}]
    owners = [{"signature": list[str]()}, {"bearer": list[str]()}]
    return owners if function == SESSIONS else [*owners, {}]


def _order() -> Schema:
    optional: dict[str, Schema] = {
        "max_uses": {"type": "integer", "minimum": 1, "maximum": MOST_USES, "default": 1},
        "expires_at": TIME | {"description": "In the next 90 days; without it, in 7 days."},
        "scopes": array(ref("Scope")) | {"minItems": 1, "uniqueItems": True, "default": ["read"]},
    }
    return closed(record({"tenant": TENANT}, optional))


def _common() -> dict[str, Schema]:
    return {
        "id": ACCESS_ID,
        "tenant": TENANT,
        "scopes": array(ref("Scope")),
        "created_at": TIME,
        "expires_at": TIME,
    }
