"""The rights of those who deploy, as IAM documents: on what is named or tagged after the stack, nothing else. Pure.

The table "What a deployer may do" in docs/deployment.md says the same in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infra.account import Account
from infra.naming import Naming
from infra.policies import Statement, allow, deny, document

# Everything that a program of this project asks AWS for while it runs, before any resource.
LOOKUPS = (
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribePrefixLists",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "servicequotas:GetServiceQuota",
)
CODE = (
    "lambda:GetAlias",
    "lambda:GetFunction",
    "lambda:GetFunctionCodeSigningConfig",
    "lambda:GetFunctionConfiguration",
    "lambda:ListTags",
    "lambda:ListVersionsByFunction",
    "lambda:PublishVersion",
    "lambda:TagResource",
    "lambda:UpdateAlias",
    "lambda:UpdateFunctionCode",
)
ROLLOUT = ("states:DescribeExecution", "states:ListExecutions", "states:StartExecution", "states:StopExecution")
READ_STATE = ("s3:GetObject",)
WRITE_STATE = (*READ_STATE, "s3:DeleteObject", "s3:PutObject")
READ_KEY = ("kms:Decrypt", "kms:DescribeKey")
USE_KEY = (*READ_KEY, "kms:Encrypt", "kms:GenerateDataKey")
# Services whose resources carry the stack's name: (service, actions, resources below the name).
NAMED = (
    ("dynamodb", "dynamodb:*", "table/{name}-*"),
    ("lambda", "lambda:*", "function:{name}-*"),
    ("sqs", "sqs:*", "{name}-*"),
    ("sns", "sns:*", "{name}-*"),
    ("scheduler", "scheduler:*", "schedule-group/{name}-*"),
    ("scheduler", "scheduler:*", "schedule/{name}-*/*"),
    ("states", "states:*", "stateMachine:{name}-*"),
    ("states", "states:*", "execution:{name}-*:*"),
    ("cloudwatch", "cloudwatch:*", "alarm:{name}-*"),
    ("backup", "backup:*", "backup-vault:{name}-*"),
    ("codebuild", "codebuild:*", "project/{name}-*"),
    ("codepipeline", "codepipeline:*", "{name}-*"),
    ("logs", "logs:*", "log-group:/{project}/{stack}/*"),
    ("logs", "logs:*", "log-group:/aws/vendedlogs/{project}/{stack}/*"),
)
MAKE_NETWORK = (
    "ec2:CreateFlowLogs",
    "ec2:CreateRouteTable",
    "ec2:CreateSecurityGroup",
    "ec2:CreateSubnet",
    "ec2:CreateVpc",
    "ec2:CreateVpcEndpoint",
)
CHANGE_NETWORK = (
    "ec2:AssociateRouteTable",
    "ec2:AuthorizeSecurityGroupEgress",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateTags",
    "ec2:DeleteFlowLogs",
    "ec2:DeleteRouteTable",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteSubnet",
    "ec2:DeleteTags",
    "ec2:DeleteVpc",
    "ec2:DeleteVpcEndpoints",
    "ec2:DisassociateRouteTable",
    "ec2:ModifySecurityGroupRules",
    "ec2:ModifySubnetAttribute",
    "ec2:ModifyVpcAttribute",
    "ec2:ModifyVpcEndpoint",
    "ec2:RevokeSecurityGroupEgress",
    "ec2:RevokeSecurityGroupIngress",
)
MAKE_ROLES = ("iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy")
CHANGE_ROLES = (
    "iam:DeleteRole",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies",
    "iam:ListRoleTags",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
)
PASSED_TO = (
    *("backup", "codebuild", "codepipeline", "events", "lambda", "scheduler", "states", "vpc-flow-logs"),
    "apigateway",
)
# What AWS grants on everything, or not at all.
EVERYWHERE = (
    "cloudwatch:DescribeAlarms",
    "ec2:Describe*",
    "elasticfilesystem:Describe*",
    "kms:ListAliases",
    "lambda:CreateEventSourceMapping",
    "lambda:ListEventSourceMappings",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "servicequotas:GetServiceQuota",
)


@dataclass(frozen=True, kw_only=True)
class State:
    """Pulumi's state: the ARNs of its bucket, its key and the passphrase; without one, None."""

    bucket_arn: str
    key_arn: str | None = None
    passphrase_arn: str | None = None

    def statements(self, *, writes: bool) -> list[Statement]:
        """Return what a preview needs of the state, or with `writes` a deployment."""
        objects = [f"{self.bucket_arn}/.pulumi/*"]
        statements = [
            allow("StateBucket", ["s3:ListBucket"], [self.bucket_arn]),
            allow("State", WRITE_STATE if writes else READ_STATE, objects),
        ]
        if self.key_arn:
            statements.append(allow("StateKey", USE_KEY if writes else READ_KEY, [self.key_arn]))
        if self.passphrase_arn:
            is_parameter = ":ssm:" in self.passphrase_arn
            action = "ssm:GetParameters" if is_parameter else "secretsmanager:GetSecretValue"
            statements.append(allow("Passphrase", [action], [self.passphrase_arn]))
        return statements


def preview_policy(state: State | None) -> str:
    """Allow `pulumi preview`, which reads the state and looks up what the program asks for."""
    statements = state.statements(writes=False) if state else []
    return document(*statements, allow("Lookups", LOOKUPS, ["*"]))


def function_statements(account: Account, naming: Naming) -> list[Statement]:
    """Return the rights to give the stack's functions new code, and to roll it out; none to make or configure any.

    Lambda asks with the caller's rights whether a function's network and mount targets are there.
    """
    files = account.arn("elasticfilesystem", "file-system/*")
    functions = account.arn("lambda", f"function:{naming.name('*')}")
    machines = [account.arn("states", f"{kind}:{naming.name('*')}") for kind in ("stateMachine", "execution")]
    return [
        allow("Code", CODE, [functions]),
        allow("Rollout", ROLLOUT, machines),
        allow("MountTargets", ["elasticfilesystem:DescribeMountTargets"], [files], **_tagged("Resource", naming)),
        allow("Lookups", LOOKUPS, ["*"]),
    ]


def infrastructure_policies(
    account: Account, naming: Naming, boundary: str, own_roles: Sequence[str]
) -> dict[str, str]:
    """Return what changes the whole stack, as documents by their names; one would be too long for IAM.

    Args:
        boundary: the policy that every role it makes has to carry, or it could make one that may do anything.
        own_roles: names of roles that it may not touch: its own, and those of who else deploys.
    """
    return {
        "services": document(*_services(account, naming)),
        "network": document(*_network(naming), allow("Everywhere", EVERYWHERE, ["*"])),
        "roles": document(*_roles(account, naming, boundary, own_roles)),
    }


def _services(account: Account, naming: Naming) -> list[Statement]:
    words = {"name": naming.name("")[:-1], "project": naming.project, "stack": naming.stack}
    grouped: dict[str, list[str]] = {}
    for service, action, resource in NAMED:
        grouped.setdefault(action, []).append(account.arn(service, resource.format(**words)))
    apis = [
        f"arn:{account.partition}:apigateway:{account.region}::/{path}" for path in ("apis*", "domainnames*", "tags*")
    ]
    buckets = [f"arn:{account.partition}:s3:::{naming.name('*')}"]
    of_account = f"{account.partition}:{{}}::{account.account_id}:{{}}/{naming.name('*')}"
    return [
        *(allow(action.partition(":")[0].title(), [action], resources) for action, resources in grouped.items()),
        allow("Apis", ["apigateway:*"], apis),
        allow("Buckets", ["s3:*"], buckets),
        allow("Budgets", ["budgets:*"], [f"arn:{of_account.format('budgets', 'budget')}"]),
        allow("Dashboards", ["cloudwatch:*"], [f"arn:{of_account.format('cloudwatch', 'dashboard')}"]),
        allow("Streams", ["lambda:*EventSourceMapping"], [account.arn("lambda", "event-source-mapping:*")]),
    ]


def _network(naming: Naming) -> list[Statement]:
    """Return rights on what has no name: it is tagged when it is made, and changed where it has the stack's tags."""
    made, owned = _tagged("Request", naming), _tagged("Resource", naming)
    at_birth = _where({"ec2:CreateAction": [action.partition(":")[2] for action in MAKE_NETWORK]})
    make_others = [
        *("backup:CreateBackupPlan", "backup:TagResource", "elasticfilesystem:CreateFileSystem"),
        *("elasticfilesystem:TagResource", "kms:CreateKey", "kms:TagResource"),
    ]
    return [
        allow("MakeNetwork", [*MAKE_NETWORK, *make_others], ["*"], **made),
        allow("MakeInNetwork", MAKE_NETWORK, ["*"], **owned),
        allow("TagNetwork", ["ec2:CreateTags"], ["*"], **at_birth),
        allow("ChangeNetwork", CHANGE_NETWORK, ["*"], **owned),
        allow("ChangeOthers", ["backup:*", "elasticfilesystem:*", "kms:*"], ["*"], **owned),
    ]


def _roles(account: Account, naming: Naming, boundary: str, own_roles: Sequence[str]) -> list[Statement]:
    iam = f"arn:{account.partition}:iam::{account.account_id}"
    roles = [f"{iam}:role/{naming.name('*')}"]
    bounded = _where({"iam:PermissionsBoundary": boundary})
    services = [f"{service}.amazonaws.com" for service in PASSED_TO]
    own = [f"{iam}:role/{role}" for role in own_roles]
    changes = [action for action in (*MAKE_ROLES, *CHANGE_ROLES) if not action.startswith(("iam:Get", "iam:List"))]
    return [
        allow("MakeRoles", MAKE_ROLES, roles, **bounded),
        allow("ChangeRoles", CHANGE_ROLES, roles),
        allow("PassRoles", ["iam:PassRole"], roles, **_where({"iam:PassedToService": services})),
        allow("ServiceRoles", ["iam:CreateServiceLinkedRole"], [f"{iam}:role/aws-service-role/*"]),
        deny("OwnRoles", [*changes, "iam:DeleteRolePermissionsBoundary"], own),
    ]


def _tagged(where: str, naming: Naming) -> dict[str, object]:
    """Return the condition that a request gives, or a resource has, the stack's tags."""
    return _where({f"aws:{where}Tag/Project": naming.project, f"aws:{where}Tag/Stack": naming.stack})


def _where(values: Mapping[str, object]) -> dict[str, object]:
    return {"Condition": {"StringEquals": values}}
