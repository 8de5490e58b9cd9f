"""Roles that workflows on GitHub take by OpenID Connect: no key of AWS lies there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.account import account_of
from infra.delivery.attached import attach
from infra.delivery.rights import infrastructure_policies, preview_policy
from infra.delivery.state import State
from infra.naming import Naming
from infra.policies import document

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
DEPLOY, PREVIEW = "github-deploy", "github-preview"


@dataclass(frozen=True, kw_only=True)
class GithubArgs:
    """The repository, its environment that may deploy, and what its workflows reach.

    Args:
        provider_arn: GitHub's identity provider of the account; without it, one is made. An account can have one only.
        state: Pulumi's state in a bucket; None = elsewhere, with secrets of GitHub's own.
        permissions_boundary: bounds these roles, and every role that a deployment makes.
        own_roles: names of roles that a deployment may not touch.
        table_name: of the ledger, where it is not named after the stack.
    """

    naming: Naming
    repository: str
    environment: str
    provider_arn: str | None
    state: State | None
    permissions_boundary: str
    own_roles: Sequence[str]
    table_name: str = ""


class GithubComponent(pulumi.ComponentResource):
    """The identity provider, a role for the environment that deploys, and one for pull requests that reads alone."""

    deploy: aws.iam.Role
    preview: aws.iam.Role

    def __init__(self, name: str, args: GithubArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:GithubComponent", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        provider_arn = args.provider_arn or self._identity_provider()
        self.deploy = self._role(DEPLOY, provider_arn, f"environment:{args.environment}")
        self.preview = self._role(PREVIEW, provider_arn, "pull_request")
        documents = infrastructure_policies(
            account_of(self), args.naming, args.permissions_boundary, args.own_roles, args.table_name
        )
        attach(name, args.naming, self.deploy, documents, role_part=DEPLOY, parent=self)
        if args.state:
            aws.iam.RolePolicy(
                f"{name}-state",
                name="state",
                role=self.deploy.name,
                policy=document(*args.state.statements(writes=True)),
                opts=self._child,
            )
        aws.iam.RolePolicy(
            f"{name}-look",
            name="look",
            role=self.preview.name,
            policy=preview_policy(account_of(self), args.naming, args.state),
            opts=self._child,
        )
        self.register_outputs({"deploy_role_arn": self.deploy.arn, "preview_role_arn": self.preview.arn})

    def _identity_provider(self) -> pulumi.Output[str]:
        return aws.iam.OpenIdConnectProvider(
            f"{self._name}-provider",
            url=f"https://{ISSUER}",
            client_id_lists=[AUDIENCE],
            tags=self._args.naming.tags("github"),
            opts=self._child,
        ).arn

    def _role(self, part: str, provider_arn: pulumi.Input[str], subject: str) -> aws.iam.Role:
        policy = pulumi.Output.from_input(provider_arn).apply(
            lambda arn: github_trust(arn, f"repo:{self._args.repository}:{subject}")
        )
        return aws.iam.Role(
            f"{self._name}-{part.partition('-')[2]}",
            name=self._args.naming.name(part),
            description=f"Workflows of {self._args.repository}, {subject}",
            assume_role_policy=policy,
            permissions_boundary=self._args.permissions_boundary,
            tags=self._args.naming.tags(part),
            opts=self._child,
        )


def github_trust(provider_arn: str, subject: str) -> str:
    """Let workflows take a role whose token has this subject, whole and not a pattern."""
    return document(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": provider_arn},
            "Condition": {"StringEquals": {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": subject}},
        }
    )
