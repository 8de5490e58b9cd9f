"""The edge's key: a secret that CloudFront sends to the API with each request, and the authorizer asks for.

It is there before the API, whose authorizer reads it, and so before the distribution, which the API is behind.
CloudFront refuses to add headers that begin with X-Edge- or X-Amz- (source: Amazon CloudFront developer guide, "Add
custom headers to origin requests").
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from handlers.settings import EDGE_KEY_HEADER
from infra.data.secret import SecretArgs, make_secret
from infra.naming import Naming


@dataclass(frozen=True, kw_only=True)
class EdgeKeyArgs:
    """The secret's name; `key_arn` encrypts it, and without it AWS manages the key."""

    naming: Naming
    key_arn: pulumi.Input[str] | None = None


class EdgeKeyComponent(pulumi.ComponentResource):
    """The secret, and its value as it is now.

    It is deleted at once when the edge goes: another is as good, and would have no name while this one could be had
    again. `value` is looked up at each run: once the secret has been rotated, the next `pulumi up` hands it to
    CloudFront.
    """

    secret: aws.secretsmanager.Secret
    value: pulumi.Output[str]

    def __init__(self, name: str, args: EdgeKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:EdgeKeyComponent", name, None, opts)
        self.secret, version = make_secret(
            name,
            SecretArgs(
                naming=args.naming,
                part="edge-key",
                description=f"What CloudFront sends to the API as {EDGE_KEY_HEADER}",
                protect=False,
                key_arn=args.key_arn,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        now = aws.secretsmanager.get_secret_version_output(
            secret_id=version.secret_id, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        self.value = pulumi.Output.secret(now.secret_string)
        self.register_outputs({"arn": self.secret.arn})
