"""A machine that deploys: its CodeBuild project, its log and its role.

On Lambda a build starts in seconds, may last a quarter of an hour and keeps nothing: right for a function's code. On
EC2 it starts in half a minute or more and may last hours: right for the infrastructure, whose network alone can take
three quarters of an hour to go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from infra.account import account_of
from infra.delivery.attached import attach
from infra.naming import Naming
from infra.policies import WRITE_LOGS, Statement, allow, document, trust

PASSPHRASE = "PULUMI_CONFIG_PASSPHRASE"  # noqa: S105 - the variable's name


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The machine of a build; the names are CodeBuild's."""

    kind: str
    size: str
    image: str
    minutes: int | None


def on_lambda(runtime: str) -> Machine:
    """Return the machine that starts in seconds, with the functions' own Python; AWS ends a build after 15 minutes."""
    image = f"aws/codebuild/amazonlinux-aarch64-lambda-standard:{runtime}"
    return Machine(kind="ARM_LAMBDA_CONTAINER", size="BUILD_LAMBDA_4GB", image=image, minutes=None)


ON_EC2 = Machine(
    kind="ARM_CONTAINER",
    size="BUILD_GENERAL1_SMALL",
    image="aws/codebuild/amazonlinux-aarch64-standard:3.0",
    minutes=120,
)


@dataclass(frozen=True, kw_only=True)
class BuilderCommon:
    """All that builders have in common.

    Args:
        variables: of their builds; none is a secret.
        passphrase_arn: the parameter or the secret that CodeBuild hands to a build as PULUMI_CONFIG_PASSPHRASE; without
            it, the passphrase is empty.
    """

    naming: Naming
    variables: Mapping[str, str]
    passphrase_arn: str | None
    log_days: pulumi.Input[int]
    key_arn: pulumi.Input[str] | None = None
    permissions_boundary: pulumi.Input[str] | None = None


@dataclass(frozen=True, kw_only=True)
class BuilderArgs:
    """A build, its machine, and what its role may do.

    Args:
        part: its part of the stack's names.
        statements: of the role's own policy.
        policies: of their own, by what they are for, where one would be too long.
    """

    common: BuilderCommon
    part: str
    machine: Machine
    buildspec: str
    statements: Sequence[Statement]
    policies: Mapping[str, str] = field(default_factory=dict[str, str])


class BuilderComponent(pulumi.ComponentResource):
    """A project of CodeBuild that takes its sources from a pipeline."""

    project: aws.codebuild.Project
    role: aws.iam.Role
    log_group: aws.cloudwatch.LogGroup

    def __init__(self, name: str, args: BuilderArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:BuilderComponent", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.log_group = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=args.common.naming.log_group(args.part),
            retention_in_days=args.common.log_days,
            kms_key_id=args.common.key_arn,
            tags=args.common.naming.tags(args.part),
            opts=self._child,
        )
        self.role = self._role()
        self.project = self._project(self._rights())
        self.register_outputs({"project_name": self.project.name})

    def _role(self) -> aws.iam.Role:
        by_this_account = {"Condition": {"StringEquals": {"aws:SourceAccount": account_of(self).account_id}}}
        return aws.iam.Role(
            f"{self._name}-role",
            name=self._args.common.naming.name(self._args.part),
            description=f"Deploys: {self._args.part}",
            assume_role_policy=trust("codebuild.amazonaws.com", **by_this_account),
            permissions_boundary=self._args.common.permissions_boundary,
            tags=self._args.common.naming.tags(self._args.part),
            opts=self._child,
        )

    def _rights(self) -> list[pulumi.Resource]:
        args = self._args
        own = self.log_group.arn.apply(lambda arn: document(allow("Logs", WRITE_LOGS, [f"{arn}:*"]), *args.statements))
        rights = aws.iam.RolePolicy(
            f"{self._name}-deploy", name="deploy", role=self.role.name, policy=own, opts=self._child
        )
        return [
            rights,
            *attach(self._name, args.common.naming, self.role, args.policies, role_part=args.part, parent=self),
        ]

    def _project(self, rights: Sequence[pulumi.Resource]) -> aws.codebuild.Project:
        args, machine = self._args, self._args.machine
        return aws.codebuild.Project(
            f"{self._name}-project",
            name=args.common.naming.name(args.part),
            description=f"Deploys: {args.part}",
            service_role=self.role.arn,
            source={"type": "CODEPIPELINE", "buildspec": args.buildspec},
            artifacts={"type": "CODEPIPELINE"},
            build_timeout=machine.minutes,
            encryption_key=args.common.key_arn,
            environment={
                "type": machine.kind,
                "compute_type": machine.size,
                "image": machine.image,
                "privileged_mode": False,
                "environment_variables": self._variables(),
            },
            logs_config={"cloudwatch_logs": {"status": "ENABLED", "group_name": self.log_group.name}},
            tags=args.common.naming.tags(args.part),
            opts=pulumi.ResourceOptions(parent=self, depends_on=rights),
        )

    def _variables(self) -> list[aws.codebuild.ProjectEnvironmentEnvironmentVariableArgsDict]:
        common = self._args.common
        plain = [(name, value, "PLAINTEXT") for name, value in common.variables.items()]
        passphrase = (PASSPHRASE, *_reference(common.passphrase_arn or ""))
        return [{"name": name, "value": value, "type": kind} for name, value, kind in (*plain, passphrase)]


def _reference(arn: str) -> tuple[str, str]:
    """Return what CodeBuild takes to read a parameter, by its name, or a secret, by its ARN; nothing stays nothing."""
    if ":ssm:" in arn:
        name = arn.partition(":parameter/")[2]
        return (f"/{name}" if "/" in name else name), "PARAMETER_STORE"
    return arn, "SECRETS_MANAGER" if arn else "PLAINTEXT"
