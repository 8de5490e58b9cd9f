"""The settings of the API: who may call it, how often, and under which name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from infra.gateway.callers import IAM, JWT, NONE, SESSION, Callers
from infra.gateway.domain import Domain
from infra.gateway.throttles import THROTTLED, Throttle
from infra.typed_config import TypedConfig

HOST = r"[a-z0-9.-]+\.[a-z]{2,}"
THROTTLE = r"([A-Z]+ /\S*)=([1-9]\d{0,3})/([1-9]\d{0,3})"
ORIGIN = r"https://[\w.-]+(:\d+)?|http://localhost(:\d+)?"


@dataclass(frozen=True, kw_only=True)
class ApiSettings:
    """The API's callers, its throttle (requests a second and at once), and its own host name if it has one.

    Args:
        session_minutes: how long a session lasts.
        throttles: those of single route keys.
    """

    callers: Callers
    session_minutes: int
    rate: int
    burst: int
    throttles: Mapping[str, Throttle]
    domain: Domain | None

    def environment(self) -> dict[str, str]:
        """Return what the functions have to know of it."""
        return {"READ_AUTH": self.callers.read_auth}


def read_api(config: TypedConfig, region: str) -> ApiSettings:
    """Return the API's settings. Raises ConfigError for the first that cannot be used."""
    most = Throttle(rate=config.integer("throttleRate", 1, 10000), burst=config.integer("throttleBurst", 1, 5000))
    return ApiSettings(
        callers=_callers(config),
        session_minutes=config.integer("sessionMinutes", 5, 30 * 24 * 60),
        rate=most.rate,
        burst=most.burst,
        throttles=_throttles(config, most),
        domain=_domain(config, region),
    )


def _throttles(config: TypedConfig, most: Throttle) -> dict[str, Throttle]:
    """Return the throttle of each route key that has one of its own, which is never more than that of all together."""
    texts = config.texts("routeThrottles", THROTTLE, "routes with requests a second and at once: POST /benchmarks=1/2")
    throttles: dict[str, Throttle] = {}
    for text in texts:
        route, rate, burst = re.fullmatch(THROTTLE, text).groups()  # pyright: ignore[reportOptionalMemberAccess]
        if route not in THROTTLED or {*THROTTLED[route]} & {*throttles}:
            raise config.fail("routeThrottles", text, "each once, " + ", ".join(THROTTLED))
        throttle = Throttle(rate=min(int(rate), most.rate), burst=min(int(burst), most.burst))
        throttles |= dict.fromkeys(THROTTLED[route], throttle)
    return throttles


def _callers(config: TypedConfig) -> Callers:
    callers = Callers(
        write_auth=config.choice("writeAuth", IAM, JWT),
        read_auth=config.choice("readAuth", NONE, IAM, JWT, SESSION),
        jwt_issuer=config.matching("jwtIssuer", r"https://\S+", "the issuer's URL, https://..."),
        jwt_audience=config.texts("jwtAudience", r"\S+", "audiences"),
        jwt_write_scopes=config.texts("jwtWriteScopes", r"\S+", "scopes"),
        cors_origins=config.texts("corsOrigins", ORIGIN, "origins such as https://example.com"),
    )
    if callers.use_tokens() and not callers.jwt_issuer:
        raise config.fail("jwtIssuer", "", "the issuer's URL, needed by writeAuth or readAuth jwt")
    if callers.use_tokens() and not callers.jwt_audience:
        raise config.fail("jwtAudience", [], "at least one audience, needed by writeAuth or readAuth jwt")
    _check_scopes(config, callers)
    return callers


def _check_scopes(config: TypedConfig, callers: Callers) -> None:
    """Refuse tokens that read and so could write too, and scopes that nothing asks for."""
    scopes = list(callers.jwt_write_scopes)
    if callers.write_auth == callers.read_auth == JWT and not scopes:
        raise config.fail("jwtWriteScopes", scopes, "at least one scope, or every token that reads may write too")
    if callers.write_auth != JWT and scopes:
        raise config.fail("jwtWriteScopes", scopes, "none without writeAuth jwt")


def _domain(config: TypedConfig, region: str) -> Domain | None:
    name = config.matching("domain", HOST, "a host name such as api.example.com")
    certificate_arn = config.matching(
        "certificateArn", rf"arn:aws[\w-]*:acm:{region}:\S+", f"the ARN of a certificate in {region}"
    )
    if bool(name) != bool(certificate_arn):
        raise config.fail("certificateArn", certificate_arn, "a certificate for domain; neither without the other")
    has_default = config.flag("defaultEndpoint")
    if not name and not has_default:
        raise config.fail("defaultEndpoint", "false", "true without domain, or the API would answer nowhere")
    return Domain(name=name, certificate_arn=certificate_arn, is_only=not has_default) if name else None
