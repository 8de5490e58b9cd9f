"""Pipelines in AWS, one each for command, query, projector and infrastructure, started by the files of a commit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.account import account_of
from infra.data.bucket import BucketArgs, make_bucket
from infra.delivery.builder import BuilderArgs, BuilderComponent
from infra.delivery.state import USE_KEY
from infra.naming import Naming
from infra.policies import Statement, allow, document, trust

SOURCE, BUILD, ARTIFACT = "Source", "Deploy", "source"
KEPT_DAYS = 7
USE_ARTIFACTS = ("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject")
RUN_BUILDS = ("codebuild:BatchGetBuilds", "codebuild:StartBuild")
USE_CONNECTION = ("codeconnections:UseConnection", "codestar-connections:UseConnection")  # the new name, and the old


@dataclass(frozen=True, kw_only=True)
class Branch:
    """The branch that the pipelines follow, and the connection to its repository."""

    connection_arn: str
    repository: str
    name: str


@dataclass(frozen=True, kw_only=True)
class PipelineTarget:
    """The patterns of the files that start a pipeline, and the name of its builder."""

    file_patterns: Sequence[str]
    builder: str


@dataclass(frozen=True, kw_only=True)
class DeliveryArgs:
    """The branch, the pipelines by what they deploy, and their builders by name; `key_arn` encrypts what they keep."""

    naming: Naming
    branch: Branch
    builders: Mapping[str, BuilderArgs]
    pipelines: Mapping[str, PipelineTarget]
    key_arn: pulumi.Input[str] | None = None
    permissions_boundary: pulumi.Input[str] | None = None


class DeliveryComponent(pulumi.ComponentResource):
    """The pipelines, the two kinds of machines that they build on, and the bucket between."""

    pipelines: Mapping[str, aws.codepipeline.Pipeline]
    builders: Mapping[str, BuilderComponent]

    def __init__(self, name: str, args: DeliveryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:DeliveryComponent", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        account_id = account_of(self).account_id
        self.bucket = make_bucket(name, _bucket(args, account_id), self._child)
        self.builders = {
            part: BuilderComponent(f"{name}-{part}", builder, self._child) for part, builder in args.builders.items()
        }
        self.role = self._role(account_id)
        rights = [self._rights(), *(self._share(part, builder) for part, builder in self.builders.items())]
        ready = pulumi.ResourceOptions(parent=self, depends_on=rights)
        self.pipelines = {part: self._pipeline(part, target, ready) for part, target in args.pipelines.items()}
        self.register_outputs({"bucket": self.bucket.bucket})

    def _role(self, account_id: str) -> aws.iam.Role:
        by_this_account = {"Condition": {"StringEquals": {"aws:SourceAccount": account_id}}}
        return aws.iam.Role(
            f"{self._name}-role",
            name=self._args.naming.name("pipelines"),
            description="The pipelines",
            assume_role_policy=trust("codepipeline.amazonaws.com", **by_this_account),
            permissions_boundary=self._args.permissions_boundary,
            tags=self._args.naming.tags("pipelines"),
            opts=self._child,
        )

    def _rights(self) -> aws.iam.RolePolicy:
        projects = [builder.project.arn for builder in self.builders.values()]
        policy = pulumi.Output.all(bucket=self.bucket.arn, projects=projects, key=self._args.key_arn).apply(
            lambda arns: document(
                *artifact_statements(arns["bucket"], arns["key"], self._args.branch.connection_arn),
                allow("Builds", RUN_BUILDS, arns["projects"]),
            )
        )
        return aws.iam.RolePolicy(f"{self._name}-run", name="run", role=self.role.name, policy=policy, opts=self._child)

    def _share(self, part: str, builder: BuilderComponent) -> aws.iam.RolePolicy:
        """Let a builder read what the pipelines hand it; it clones the commit by the same connection."""
        policy = pulumi.Output.all(bucket=self.bucket.arn, key=self._args.key_arn).apply(
            lambda arns: document(*artifact_statements(arns["bucket"], arns["key"], self._args.branch.connection_arn))
        )
        return aws.iam.RolePolicy(
            f"{self._name}-{part}-sources", name="sources", role=builder.role.name, policy=policy, opts=self._child
        )

    def _pipeline(self, part: str, target: PipelineTarget, opts: pulumi.ResourceOptions) -> aws.codepipeline.Pipeline:
        naming, branch = self._args.naming, self._args.branch
        return aws.codepipeline.Pipeline(
            f"{self._name}-{part}-pipeline",
            name=naming.name(part),
            pipeline_type="V2",
            execution_mode="SUPERSEDED",  # of commits that wait, only the newest is deployed
            role_arn=self.role.arn,
            artifact_stores=[self._store()],
            triggers=[
                {
                    "provider_type": "CodeStarSourceConnection",
                    "git_configuration": {
                        "source_action_name": SOURCE,
                        "pushes": [
                            {
                                "branches": {"includes": [branch.name]},
                                "file_paths": {"includes": target.file_patterns},
                            }
                        ],
                    },
                }
            ],
            stages=[
                {"name": SOURCE, "actions": [_source(branch)]},
                {"name": BUILD, "actions": [_build(part, self.builders[target.builder].project.name)]},
            ],
            tags=naming.tags(part),
            opts=opts,
        )

    def _store(self) -> aws.codepipeline.PipelineArtifactStoreArgsDict:
        store: aws.codepipeline.PipelineArtifactStoreArgsDict = {"type": "S3", "location": self.bucket.bucket}
        return {**store, "encryption_key": {"type": "KMS", "id": self._args.key_arn}} if self._args.key_arn else store


def artifact_statements(bucket_arn: str, key_arn: str | None, connection_arn: str) -> list[Statement]:
    """Return the rights to pass a commit on: by the bucket, and by the connection that it comes from."""
    statements = [
        allow("Artifacts", USE_ARTIFACTS, [f"{bucket_arn}/*"]),
        allow("ArtifactBucket", ["s3:GetBucketLocation", "s3:GetBucketVersioning"], [bucket_arn]),
        allow("Connection", USE_CONNECTION, [connection_arn]),
    ]
    return [*statements, allow("ArtifactKey", USE_KEY, [key_arn])] if key_arn else statements


def _source(branch: Branch) -> aws.codepipeline.PipelineStageActionArgsDict:
    return {
        "name": SOURCE,
        "category": "Source",
        "owner": "AWS",
        "provider": "CodeStarSourceConnection",
        "version": "1",
        "configuration": {
            "ConnectionArn": branch.connection_arn,
            "FullRepositoryId": branch.repository,
            "BranchName": branch.name,
            "OutputArtifactFormat": "CODEBUILD_CLONE_REF",  # with its history, which says what is deployed
            "DetectChanges": "false",  # the trigger does, by files
        },
        "output_artifacts": [ARTIFACT],
    }


def _build(part: str, project_name: pulumi.Input[str]) -> aws.codepipeline.PipelineStageActionArgsDict:
    variables = [{"name": "FUNCTION", "value": part, "type": "PLAINTEXT"}]
    return {
        "name": BUILD,
        "category": "Build",
        "owner": "AWS",
        "provider": "CodeBuild",
        "version": "1",
        "configuration": {"ProjectName": project_name, "EnvironmentVariables": json.dumps(variables)},
        "input_artifacts": [ARTIFACT],
    }


def _bucket(args: DeliveryArgs, account_id: str) -> BucketArgs:
    """Return what the sources are handed through. There is nothing in it that the repository does not have."""
    return BucketArgs(
        naming=args.naming,
        part="artifacts",
        account_id=account_id,
        rules=[
            {
                "id": "gone-after-a-week",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "expiration": {"days": KEPT_DAYS},
                "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
            }
        ],
        force_destroy=True,
        key_arn=args.key_arn,
    )
