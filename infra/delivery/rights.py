"""The rights of those who deploy, as IAM documents: on what is named or tagged after the stack, nothing else. Pure.

The table "What a deployer may do" in docs/deployment.md says the same in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infra.account import Account
from infra.delivery.database_rights import database_statements
from infra.delivery.edge_rights import edge_statements, read_edge_key
from infra.delivery.state import State
from infra.naming import Naming
from infra.policies import DELIVER_LOGS, Statement, allow, deny, document

# Everything that a program of this project asks AWS for while it runs, before any resource.
LOOKUPS = (
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribePrefixLists",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "secretsmanager:GetRandomPassword",
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
# Services whose resources carry the stack's name: (service, actions, resources below the name).
NAMED = (
    ("dynamodb", "dynamodb:*", "table/{name}-*"),
    ("lambda", "lambda:*", "function:{name}-*"),
    ("sqs", "sqs:*", "{name}-*"),
    ("athena", "athena:*", "workgroup/{name}-*"),
    ("sns", "sns:*", "{name}-*"),
    ("scheduler", "scheduler:*", "schedule-group/{name}-*"),
    ("scheduler", "scheduler:*", "schedule/{name}-*/*"),
    ("states", "states:*", "stateMachine:{name}-*"),
    ("states", "states:*", "execution:{name}-*:*"),
    ("cloudwatch", "cloudwatch:*", "alarm:{name}-*"),
    ("backup", "backup:*", "backup-vault:{name}-*"),
    ("codebuild", "codebuild:*", "project/{name}-*"),
    ("codepipeline", "codepipeline:*", "{name}-*"),
    ("kms", "kms:*Alias", "alias/{name}-*"),  # an alias has no tags; its key has
    ("logs", "logs:*", "log-group:/{project}/{stack}/*"),
    ("logs", "logs:*", "log-group:/aws/vendedlogs/{project}/{stack}/*"),
)
# AWS asks for them on the catalog too, of which there is one an account, whatever database they are for.
# The provider asks for the indexes of whatever table it reads.
CATALOGUE = (
    *(f"glue:{verb}{kind}" for kind in ("Database", "Table") for verb in ("Create", "Delete", "Get", "Update")),
    "glue:GetPartitionIndexes",
    *("glue:GetTags", "glue:TagResource", "glue:UntagResource"),
)
STREAMS = ("lambda:*EventSourceMapping", "lambda:ListTags", "lambda:TagResource", "lambda:UntagResource")
MAKE_RULES = ("ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress")
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
    *MAKE_RULES,
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
    *("apigateway", "monitoring.rds", "rds"),
)
# What AWS grants on everything, or on what has neither the stack's name nor its tags. EFS makes and deletes the network
# interfaces of mount targets by the rights of its caller, and tags them in its own way
# (source: docs.aws.amazon.com/efs/latest/ug/access-control-managing-permissions.html).
EVERYWHERE = (
    "backup-storage:MountCapsule",
    "cloudwatch:DescribeAlarms",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:Describe*",
    "elasticfilesystem:Describe*",
    "kms:ListAliases",
    "lambda:CreateEventSourceMapping",
    "lambda:ListEventSourceMappings",
    "logs:DescribeConfigurationTemplates",
    "logs:DescribeDeliver*",
    *DELIVER_LOGS,
    "secretsmanager:GetRandomPassword",
    "servicequotas:GetServiceQuota",
)
CONNECTIONS = ("codeconnections", "codestar-connections")  # the new name, and the old


def preview_policy(account: Account, naming: Naming, state: State | None) -> str:
    """Allow `pulumi preview`, which reads the state and looks up what the program asks for."""
    statements = state.statements(writes=False) if state else []
    return document(*statements, *_lookups(account, naming), _machine_checks(account))


def _lookups(account: Account, naming: Naming) -> list[Statement]:
    """Return the rights to all that the program asks for while it runs."""
    tags = _stack_tags("Resource", naming)
    return [allow("Lookups", LOOKUPS, ["*"]), *read_edge_key(account, naming, tags)]


def _machine_checks(account: Account) -> Statement:
    """Return the right to have a state machine checked: the provider asks for it in a plan that changes one.

    AWS asks for it on `stateMachine:*`, whatever its name (source:
    github.com/hashicorp/terraform-provider-aws/issues/39472).
    """
    return allow("MachineChecks", ["states:ValidateStateMachineDefinition"], [account.arn("states", "stateMachine:*")])


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
        *_lookups(account, naming),
        _machine_checks(account),
    ]


def infrastructure_policies(
    account: Account, naming: Naming, boundary: str, own_roles: Sequence[str], table_name: str = ""
) -> dict[str, str]:
    """Return what changes the whole stack, as documents by their names; one would be too long for IAM.

    Args:
        boundary: the policy that every role it makes has to carry, or it could make one that may do anything.
        own_roles: names of roles that it may not touch: its own, and those of who else deploys.
        table_name: of the ledger, where it is not named after the stack.
    """
    return {
        "services": document(*_services(account, naming, table_name)),
        "network": document(*_network(account, naming), allow("Everywhere", EVERYWHERE, ["*"])),
        "edge": document(
            *edge_statements(account, naming, made=_tagged("Request", naming), owned=_tagged("Resource", naming))
        ),
        "database": document(
            *database_statements(account, naming, made=_tagged("Request", naming), owned=_tagged("Resource", naming))
        ),
        "roles": document(*_roles(account, naming, boundary, own_roles)),
    }


def _services(account: Account, naming: Naming, table_name: str) -> list[Statement]:
    words = {"name": naming.stack_name(), "project": naming.project, "stack": naming.stack}
    grouped: dict[str, list[str]] = {}
    for service, action, resource in NAMED:
        grouped.setdefault(action, []).append(account.arn(service, resource.format(**words)))
    if table_name and not table_name.startswith(naming.name("")):
        grouped["dynamodb:*"] += [account.arn("dynamodb", f"table/{table_name}{part}") for part in ("", "/*")]
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
        allow("Catalogue", CATALOGUE, _catalogue(account, naming)),
        _machine_checks(account),
        allow("Connections", *_passed_connections(account)),
        allow("Streams", STREAMS, [account.arn("lambda", "event-source-mapping:*")]),
    ]


def _catalogue(account: Account, naming: Naming) -> list[str]:
    """Return the ARNs of the data lake's database and table, and of what they are in.

    Who deletes a database is asked for its functions too, of which it has none.
    """
    name = naming.name("").replace("-", "_")
    paths = ("catalog", f"database/{name}*", f"table/{name}*/*", f"userDefinedFunction/{name}*/*")
    return [account.arn("glue", path) for path in paths]


def _passed_connections(account: Account) -> tuple[list[str], list[str]]:
    """Return the right to give a connection to a pipeline, which changing one takes too."""
    arns = [account.arn(service, "connection/*") for service in CONNECTIONS]
    return [f"{service}:PassConnection" for service in CONNECTIONS], arns


def _network(account: Account, naming: Naming) -> list[Statement]:
    """Return rights on what has no name: it is tagged when it is made, and changed where it has the stack's tags."""
    made, owned = _tagged("Request", naming), _tagged("Resource", naming)
    creating = [action.partition(":")[2] for action in (*MAKE_NETWORK, *MAKE_RULES)]
    at_birth = _where({"ec2:CreateAction": creating})
    make_others = [
        *("backup:CreateBackupPlan", "backup:TagResource", "elasticfilesystem:CreateFileSystem"),
        *("elasticfilesystem:TagResource", "kms:CreateKey", "kms:TagResource"),
    ]
    return [
        allow("MakeNetwork", [*MAKE_NETWORK, *make_others], ["*"], **made),
        allow("MakeInNetwork", MAKE_NETWORK, ["*"], **owned),
        allow("MakeRules", MAKE_RULES, [account.arn("ec2", "security-group-rule/*")], **made),
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
    return _where(_stack_tags(where, naming))


def _stack_tags(where: str, naming: Naming) -> dict[str, str]:
    return {f"aws:{where}Tag/Project": naming.project, f"aws:{where}Tag/Stack": naming.stack}


def _where(values: Mapping[str, object]) -> dict[str, object]:
    return {"Condition": {"StringEquals": values}}
