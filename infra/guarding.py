"""From settings to those who guard the reads: codes and sessions, and the authorizer that the gateway asks.

Both functions are outside the network, from which nothing can reach Secrets Manager. Those inside it so have no secret
at all, and one that is rotated needs no deployment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pulumi

from handlers.routes import AUTHORIZER, SESSIONS
from infra.compute.function import FunctionComponent
from infra.compute.identity import IdentityComponent
from infra.data.sessions import SessionsArgs, SessionsComponent
from infra.data.sessions_rights import lookup_policy, secrets_policy, sessions_policy
from infra.edge.key import EdgeKeyComponent
from infra.settings.stack_settings import StackSettings
from infra.stack import KeyArn, function_args, make_identity

# They tell no metrics of their own: the gateway and Lambda count what they do.
READ_BY_BOTH = ("READ_AUTH", "EDGE", "REQUEST_LOG_PERCENT")


def make_access(settings: StackSettings, key_arn: KeyArn) -> SessionsComponent | None:
    """Make the table of codes and sessions, and their key, where reads need a session."""
    if SESSIONS not in settings.functions:
        return None
    return SessionsComponent("access", SessionsArgs(naming=settings.naming, protect=settings.protect, key_arn=key_arn))


def make_guard_identity(settings: StackSettings, function: str, key_arn: KeyArn) -> IdentityComponent:
    """Make the role and the log group of a function that reads secrets."""
    return make_identity(settings, function, key_arn, in_network=False, stores=["secretsmanager"])


def make_sessions(
    settings: StackSettings, identity: IdentityComponent, access: SessionsComponent, key_arn: KeyArn
) -> FunctionComponent:
    """Make the function that makes codes and sessions."""
    environment = {**_known(settings), **_places(access), "SESSION_MINUTES": str(settings.api.session_minutes)}
    rights = {"table": access.table.arn.apply(sessions_policy), "secrets": _secrets([access.secret.arn])}
    args = function_args(settings, SESSIONS, identity, environment, key_arn)
    return FunctionComponent(SESSIONS, replace(args, rights=rights, ready=(identity, access)))


def make_authorizer(
    settings: StackSettings,
    identity: IdentityComponent,
    *,
    access: SessionsComponent | None,
    edge_key: EdgeKeyComponent | None,
    key_arn: KeyArn,
) -> FunctionComponent:
    """Make the function that the gateway asks for a session, for the edge's key, or for both."""
    environment = _known(settings)
    rights: dict[str, pulumi.Output[str]] = {}
    if access:
        environment |= _places(access)
        rights["table"] = access.table.arn.apply(lookup_policy)
    if edge_key:
        environment["EDGE_KEY_ARN"] = edge_key.secret.arn
    guards = [guard for guard in (access, edge_key) if guard]
    rights["secrets"] = _secrets([guard.secret.arn for guard in guards])
    args = function_args(settings, AUTHORIZER, identity, environment, key_arn)
    return FunctionComponent(AUTHORIZER, replace(args, rights=rights, ready=(identity, *guards)))


def _secrets(arns: Sequence[pulumi.Output[str]]) -> pulumi.Output[str]:
    return pulumi.Output.all(*arns).apply(secrets_policy)


def _known(settings: StackSettings) -> dict[str, pulumi.Input[str]]:
    return {name: settings.environment[name] for name in READ_BY_BOTH if name in settings.environment}


def _places(access: SessionsComponent) -> dict[str, pulumi.Input[str]]:
    """Return the variables that say where sessions are."""
    return {"SESSIONS_TABLE": access.table.name, "SESSION_KEY_ARN": access.secret.arn}


def export_guards(functions: Mapping[str, FunctionComponent], access: SessionsComponent | None) -> None:
    """Export what an owner's tools need, and the names of the functions."""
    if access:
        pulumi.export("sessions_table", access.table.name)
        pulumi.export("session_key_arn", access.secret.arn)
    for name in (SESSIONS, AUTHORIZER):
        if name in functions:
            pulumi.export(f"{name}_function", functions[name].function.name)
