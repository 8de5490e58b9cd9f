"""A secret of the stack's own: a random text in Secrets Manager, which nobody ever types.

Pulumi makes the first version. A later one is made by whoever rotates the secret, and Pulumi leaves it alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Naming

LENGTH = 64  # letters and digits: 381 bits
RECOVERY_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class SecretArgs:
    """A secret's name and all that differs between secrets.

    Args:
        part: its part of the stack's names.
        protect: whether it can be had again for a month after it was deleted. Its name is taken meanwhile, so that
            without it a stack can be destroyed and made again.
        key_arn: encrypts it; without it AWS manages the key.
    """

    naming: Naming
    part: str
    description: str
    protect: bool = True
    key_arn: pulumi.Input[str] | None = None


def make_secret(
    name: str, args: SecretArgs, opts: pulumi.ResourceOptions
) -> tuple[aws.secretsmanager.Secret, aws.secretsmanager.SecretVersion]:
    """Make a secret and its first version; `name` is the component's, whose resources they are."""
    secret = aws.secretsmanager.Secret(
        f"{name}-secret",
        name=args.naming.name(args.part),
        description=args.description,
        kms_key_id=args.key_arn,
        recovery_window_in_days=RECOVERY_DAYS if args.protect else 0,
        tags=args.naming.tags(args.part),
        opts=opts,
    )
    drawn = aws.secretsmanager.get_random_password_output(
        password_length=LENGTH, exclude_punctuation=True, opts=pulumi.InvokeOutputOptions(parent=opts.parent)
    )
    version = aws.secretsmanager.SecretVersion(
        f"{name}-version",
        secret_id=secret.id,
        secret_string=pulumi.Output.secret(drawn.random_password),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(ignore_changes=["secretString"])),
    )
    return secret, version
