"""A new version of a key in Secrets Manager. The one before stays valid until the next: so nothing ends by a rotation.

The edge's is rotated only when CloudFront sends its current version: else it would go on to send one that is too old.

Source: AWS Secrets Manager user guide, "What's in a secret?": the version that is put gets the label AWSCURRENT, and
the one that had it AWSPREVIOUS.
"""

from __future__ import annotations

import os
import secrets
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from console.access.origin import check_handed_over, make_service
from console.client.target import stack_outputs
from console.data.inside import local_environment
from console.data.ledger import CREDENTIALS_HINT
from console.errors import ConsoleError

OUTPUTS = {"session": "session_key_arn", "edge": "edge_key_arn"}
VARIABLES = {"session": "SESSION_KEY_ARN", "edge": "EDGE_KEY_ARN"}  # of the local stack's environment
SWITCHES = {"session": "readAuth session", "edge": "edge cloudfront"}
# After a rotation: what holds until when.
NOTES = {
    "session": "Codes and sessions of the key before hold until the next rotation; those of an older one are over.",
    "edge": "The edge sends the key before until then, which is let in until the next rotation.",
}
RIGHTS = (
    "secretsmanager:PutSecretValue on it, and with `kms: cmk` kms:GenerateDataKey and kms:Decrypt on the stack's key"
)
KEY_BYTES = 48  # as text 64 characters


@dataclass(frozen=True)
class KeyPlace:
    """A key that can be rotated.

    Attributes:
        which: `session` or `edge`.
        arn: the secret's.
        environ: leads to its Secrets Manager.
        distribution: the id of CloudFront's, of a stack's edge.
        next_step: the command that ends a rotation; nothing where all is done.
    """

    which: str
    arn: str
    environ: Mapping[str, str]
    distribution: str = ""
    next_step: str = ""


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
        environ = {**os.environ, "AWS_REGION": arn.split(":")[3]}
        if which == "session":
            return KeyPlace(which, arn, environ)
        up = f"pulumi up --stack {shlex.quote(stack)}" if stack else "pulumi up"
        return KeyPlace(which, arn, environ, str(outputs.get("distribution_id", "")), up)
    local = {} if outputs or stack else local_environment() or {}
    if local.get(VARIABLES[which]):
        return KeyPlace(which, local[VARIABLES[which]], {**os.environ, **local})
    setting = SWITCHES[which]
    hint = f"`pulumi config set {setting}` and `pulumi up` make one; --stack names another stack"
    raise ConsoleError(f"{f'the stack {stack}' if stack else 'the stack'} has no {which} key", hint)


def rotate(place: KeyPlace) -> Rotated:
    """Put a new random value into a key. Raises ConsoleError, also where CloudFront has not got the one before."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - loaded with boto3

    if place.next_step:
        check_handed_over(place.arn, place.distribution, place.environ, place.next_step)
    client = make_service("secretsmanager", place.environ)
    try:
        put = client.put_secret_value(SecretId=place.arn, SecretString=secrets.token_urlsafe(KEY_BYTES))
    except (BotoCoreError, ClientError) as error:
        hint = f"have credentials that may call {RIGHTS}: {CREDENTIALS_HINT}"
        raise ConsoleError(f"{place.arn} cannot be changed: {error}", hint) from error
    return Rotated(place.which, place.arn, put["VersionId"], place.next_step, NOTES[place.which])
