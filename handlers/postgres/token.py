"""The token that logs in to RDS: a URL signed for a quarter of an hour, of which no service is asked.

Sources: "IAM database authentication" in the RDS user guide; "Authenticating requests: using query parameters".
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from handlers.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICE = "rds-db"
ALGORITHM = "AWS4-HMAC-SHA256"
EXPIRES_S = 900
EMPTY_HASH = hashlib.sha256(b"").hexdigest()  # of the body that a GET does not have


def database_token(place: tuple[str, str, str], region: str, environ: Mapping[str, str], now_s: float) -> str:
    """Return the token that logs a user in.

    Args:
        place: host, port and user, as they are connected to.
        region: where the database is.
        environ: holds the credentials of whoever logs in.
        now_s: the time in seconds since 1970.

    Raises SettingsError where the environment has no credentials.
    """
    host, port, user = place
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now_s))
    scope = f"{moment[:8]}/{region}/{SERVICE}/aws4_request"
    parameters = {
        "Action": "connect",
        "DBUser": user,
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{_credential(environ, 'AWS_ACCESS_KEY_ID')}/{scope}",
        "X-Amz-Date": moment,
        "X-Amz-Expires": str(EXPIRES_S),
        "X-Amz-SignedHeaders": "host",
    }
    if session := environ.get("AWS_SESSION_TOKEN"):
        parameters["X-Amz-Security-Token"] = session
    query = "&".join(f"{name}={quote(parameters[name], safe='')}" for name in sorted(parameters))
    request = f"GET\n/\n{query}\nhost:{host}:{port}\n\nhost\n{EMPTY_HASH}"
    to_sign = f"{ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{_credential(environ, 'AWS_SECRET_ACCESS_KEY')}".encode()
    for part in scope.split("/"):
        key = _keyed(key, part)
    return f"{host}:{port}/?{query}&X-Amz-Signature={_keyed(key, to_sign).hex()}"


def _keyed(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _credential(environ: Mapping[str, str], name: str) -> str:
    if not environ.get(name):
        raise SettingsError(f"{name}: got nothing, allowed: the credentials of whoever logs in to PostgreSQL")
    return environ[name]
