"""From settings to those who deploy: pipelines, roles for GitHub, the rollout, and the manifest of what is deployed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

import pulumi

from archives.closure import files_of
from archives.lean import content_of
from archives.manifest import FILES, PROGRAM, ROOMS, infrastructure_files, part_manifest
from handlers.routes import AUTHORIZER, COMMAND, MIGRATOR, PROJECTOR, QUERY, RELATIONAL, SESSIONS, WARMER, WORKER
from infra.account import account_of
from infra.compute.archive import ROOT, entry_of, errors_for_pulumi
from infra.compute.function import FunctionComponent
from infra.delivery.build import INFRASTRUCTURE, function_build, infrastructure_build
from infra.delivery.builder import ON_EC2, BuilderArgs, BuilderCommon, on_lambda
from infra.delivery.file_patterns import patterns_of
from infra.delivery.github import DEPLOY, PREVIEW, GithubArgs, GithubComponent
from infra.delivery.pipelines import Branch, DeliveryArgs, DeliveryComponent, PipelineTarget
from infra.delivery.rights import function_statements, infrastructure_policies
from infra.delivery.state import State
from infra.naming import SOURCES_TAG
from infra.rollout.calls import calls_of
from infra.rollout.rollout import RolledFunction, RolloutArgs, RolloutComponent
from infra.settings.stack_settings import StackSettings

PIPELINES = (COMMAND, QUERY, PROJECTOR, INFRASTRUCTURE)
WITHOUT_PIPELINES = (WARMER, WORKER, SESSIONS, AUTHORIZER, RELATIONAL, MIGRATOR)
BUILD, BUILD_ALL, RUN_PIPELINES = "deploy-functions", "deploy-all", "pipelines"
FUNCTIONS_BUILDER, ALL_BUILDER = "functions", "all"
COUNTED_S = 180  # CloudWatch's numbers come a minute or two late
TOO_SHORT = f"rollout: alarms ring too late for rolloutBakeS; from {COUNTED_S} on they turn a new version back"


def export_manifest(functions: Mapping[str, FunctionComponent]) -> None:
    """Export what is deployed, as hashes: `console changed --against stack` compares with it.

    A function's is read from its own state, so that a deployment of one function alone, or one that fails halfway, says
    of the others what is true.
    """
    deployed = {
        name: component.function.tags.apply(lambda tags: (tags or {}).get(SOURCES_TAG, ""))
        for name, component in functions.items()
    }
    stack = pulumi.get_stack()
    pulumi.export("manifest", {"functions": deployed, "infrastructure": infrastructure_hash(stack), "stack": stack})


def infrastructure_hash(stack: str) -> str:
    """Return the hash of the program and a stack's configuration. Raises RunError where a file is no Python."""
    with errors_for_pulumi():
        return part_manifest({name: content_of(path) for name, path in infrastructure_files(ROOT, stack).items()}).hash


def make_delivery(settings: StackSettings, key_arn: pulumi.Output[str] | None) -> DeliveryComponent | None:
    """Make the pipelines in AWS; nothing where the settings ask for none."""
    pipelines = settings.delivery.pipelines
    if not pipelines:
        return None
    return DeliveryComponent(
        "delivery",
        DeliveryArgs(
            naming=settings.naming,
            branch=Branch(
                connection_arn=pipelines.connection_arn, repository=pipelines.repository, name=pipelines.branch
            ),
            builders=_builders(settings, key_arn),
            pipelines={part: _target(part) for part in PIPELINES},
            key_arn=key_arn,
            permissions_boundary=settings.permissions_boundary,
        ),
    )


def make_github(settings: StackSettings) -> GithubComponent | None:
    """Make the roles of workflows on GitHub; nothing where the settings name no repository."""
    github = settings.delivery.github
    if not github:
        return None
    component = GithubComponent(
        "github",
        GithubArgs(
            naming=settings.naming,
            repository=github.repository,
            environment=github.environment,
            provider_arn=github.provider_arn,
            # The passphrase of workflows is a secret of GitHub's.
            state=replace(_state(settings), passphrase_arn=None) if settings.delivery.state.bucket else None,
            permissions_boundary=settings.permissions_boundary or "",
            own_roles=_own_roles(settings),
            table_name=settings.table.name,
        ),
    )
    pulumi.export("github_role_arns", {"deploy": component.deploy.arn, "preview": component.preview.arn})
    return component


def make_rollout(
    settings: StackSettings,
    functions: Mapping[str, FunctionComponent],
    key_arn: pulumi.Output[str] | None,
    alarms: Sequence[pulumi.Input[str]] = (),
) -> RolloutComponent | None:
    """Make the state machine where the settings ask for a canary.

    Args:
        functions: all of the stack. The warmer is called by the clock alone: there is nothing to take a share of.
        alarms: names of alarms that turn a new version back.
    """
    if not settings.rollout.is_canary:
        return None
    if alarms and settings.rollout.bake_s < COUNTED_S:
        pulumi.log.info(TOO_SHORT)
    tests = calls_of()
    return RolloutComponent(
        "rollout",
        RolloutArgs(
            naming=settings.naming,
            functions=[
                RolledFunction(name=functions[name].function.name, arn=functions[name].function.arn, calls=calls)
                for name, calls in tests.items()
                if name in functions
            ],
            percent=settings.rollout.percent,
            bake_s=settings.rollout.bake_s,
            log_days=settings.log_days,
            alarms=alarms,
            own_metrics=settings.watch.metrics,
            tracing=settings.tracing,
            key_arn=key_arn,
            permissions_boundary=settings.permissions_boundary,
        ),
    )


def file_patterns(part: str) -> list[str]:
    """Return the patterns of the files whose change starts a pipeline.

    The infrastructure's are also those of the functions that have no pipelines of their own.
    """
    if part != INFRASTRUCTURE:
        return patterns_of(_own_files(part))
    own = (*infrastructure_files(ROOT), *chain.from_iterable(map(_own_files, WITHOUT_PIPELINES)))
    files = [name for name in own if "/" in name]
    return patterns_of(files, whole=ROOMS, more=(PROGRAM, *FILES))


def _own_files(function: str) -> list[str]:
    """Return the project's own files of an archive: the version of a distribution stands in constraints.txt."""
    files = files_of(entry_of(function), ROOT)
    return [name for name, path in files.items() if path == ROOT / name]


def _target(part: str) -> PipelineTarget:
    builder = ALL_BUILDER if part == INFRASTRUCTURE else FUNCTIONS_BUILDER
    return PipelineTarget(file_patterns=file_patterns(part), builder=builder)


def _builders(settings: StackSettings, key_arn: pulumi.Output[str] | None) -> dict[str, BuilderArgs]:
    """Return the two machines: one with rights to the functions' code alone, one to the whole stack."""
    account, naming, given = account_of(), settings.naming, settings.delivery.state
    variables = {
        "AWS_REGION": account.region,
        "PULUMI_BACKEND_URL": f"s3://{given.bucket}?region={account.region}&awssdk=v2",
        "PULUMI_STACK": naming.stack,
        "TARGETS": "",
    }
    common = BuilderCommon(
        naming=naming,
        variables=variables,
        passphrase_arn=given.passphrase_arn,
        log_days=settings.log_days,
        key_arn=key_arn,
        permissions_boundary=settings.permissions_boundary,
    )
    statements = _state(settings).statements(writes=True)
    boundary = settings.permissions_boundary or ""
    return {
        FUNCTIONS_BUILDER: BuilderArgs(
            common=common,
            part=BUILD,
            machine=on_lambda(settings.runtime),
            buildspec=function_build(),
            statements=[*statements, *function_statements(account, naming)],
        ),
        ALL_BUILDER: BuilderArgs(
            common=common,
            part=BUILD_ALL,
            machine=ON_EC2,
            buildspec=infrastructure_build(settings.runtime),
            statements=statements,
            policies=infrastructure_policies(account, naming, boundary, _own_roles(settings), settings.table.name),
        ),
    }


def _state(settings: StackSettings) -> State:
    given = settings.delivery.state
    return State(
        bucket_arn=f"arn:{account_of().partition}:s3:::{given.bucket}",
        naming=settings.naming,
        key_arn=given.key_arn,
        passphrase_arn=given.passphrase_arn,
    )


def _own_roles(settings: StackSettings) -> list[str]:
    """Return the names of the roles that deploy: only people change those."""
    return [settings.naming.name(part) for part in (BUILD, BUILD_ALL, RUN_PIPELINES, DEPLOY, PREVIEW)]
