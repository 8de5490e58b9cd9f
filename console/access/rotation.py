"""A new version of a key in Secrets Manager. The one before stays valid until the next: so nothing ends by a rotation.

Source: AWS Secrets Manager user guide, "What's in a secret?": the version that is put gets the label AWSCURRENT, and
the one that had it AWSPREVIOUS.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from console.client.target import stack_outputs
from console.data.inside import local_environment
from console.data.ledger import CREDENTIALS_HINT, endpoint_url, make_session
from console.errors import ConsoleError

OUTPUTS = {"session": "session_key_arn", "edge": "edge_key_arn"}
VARIABLES = {"session": "SESSION_KEY_ARN", "edge": "EDGE_KEY_ARN"}  # of the local stack's environment
SWITCHES = {"session": "readAuth session", "edge": "edge cloudfront"}
# After a rotation: what has to be done, and what holds until when.
NEXT_STEPS = {"session": "", "edge": "pulumi up"}
NOTES = {
    "session": "Codes and sessions of the key before hold until the next rotation; those of an older one are over.",
    "edge": "The edge sends the key before until then, which is let in until the next rotation.",
}
KEY_BYTES = 48  # as text 64 characters


@dataclass(frozen=True)
class KeyPlace:
    """A key that can be rotated.

    Attributes:
        which: `session` or `edge`.
        arn: the secret's.
        environ: leads to its Secrets Manager.
    """

    which: str
    arn: str
    environ: Mapping[str, str]


@dataclass(frozen=True)
class Rotated:
    """A key that was rotated.

    Attributes:
        arn: the secret's.
        version: the new one's id; its value is nowhere but in the secret.
        next_step: the command that ends it; nothing where all is done.
        note: what holds until when.
    """

    key: str
    arn: str
    version: str
    next_step: str
    note: str


def find_key(which: str, stack: str) -> KeyPlace:
    """Return where a key is: the stack's, else the local stack's. Raises ConsoleError where neither has it.

    Args:
        which: `session` or `edge`.
        stack: its name; empty = the selected one.
    """
    outputs = stack_outputs(stack)
    arn = str(outputs.get(OUTPUTS[which]) or "")
    if arn:
        return KeyPlace(which, arn, {**os.environ, "AWS_REGION": arn.split(":")[3]})
    local = {} if outputs or stack else local_environment() or {}
    if local.get(VARIABLES[which]):
        return KeyPlace(which, local[VARIABLES[which]], {**os.environ, **local})
    setting = SWITCHES[which]
    hint = f"`pulumi config set {setting}` and `pulumi up` make one; --stack names another stack"
    raise ConsoleError(f"{f'the stack {stack}' if stack else 'the stack'} has no {which} key", hint)


def rotate(place: KeyPlace) -> Rotated:
    """Put a new random value into a key. Raises ConsoleError."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - loaded with boto3

    client: Any = cast("Any", make_session(place.environ)).client(
        "secretsmanager", endpoint_url=endpoint_url("secretsmanager", place.environ)
    )
    try:
        put = client.put_secret_value(SecretId=place.arn, SecretString=secrets.token_urlsafe(KEY_BYTES))
    except (BotoCoreError, ClientError) as error:
        hint = f"have credentials that may call secretsmanager:PutSecretValue on it: {CREDENTIALS_HINT}"
        raise ConsoleError(f"{place.arn} cannot be changed: {error}", hint) from error
    return Rotated(place.which, place.arn, put["VersionId"], NEXT_STEPS[place.which], NOTES[place.which])
