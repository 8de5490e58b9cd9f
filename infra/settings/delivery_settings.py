"""The settings of delivery: pipelines in AWS, roles for GitHub's workflows, and where Pulumi's state lies."""

from __future__ import annotations

from dataclasses import dataclass

from infra.typed_config import TypedConfig

NONE, CODEPIPELINE = "none", "codepipeline"
REPOSITORY = r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+"
PROVIDER = r"arn:aws[\w-]*:iam::[0-9]{12}:oidc-provider/token\.actions\.githubusercontent\.com"
CONNECTION = r"arn:aws[\w-]*:(codeconnections|codestar-connections):[a-z0-9-]+:[0-9]{12}:connection/[0-9a-f-]+"
REFERENCE = r"arn:aws[\w-]*:(ssm:[a-z0-9-]+:[0-9]{12}:parameter/|secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:)\S+"


@dataclass(frozen=True, kw_only=True)
class StateSettings:
    """Pulumi's state: its bucket, the key that encrypts it, and where its passphrase is; without, empty or None."""

    bucket: str
    key_arn: str | None
    passphrase_arn: str | None


@dataclass(frozen=True, kw_only=True)
class PipelineSettings:
    """The repository's branch that pipelines follow, and the connection to it."""

    connection_arn: str
    repository: str
    branch: str


@dataclass(frozen=True, kw_only=True)
class GithubSettings:
    """The repository and the environment whose workflows may deploy; without a provider's ARN, one is made."""

    repository: str
    environment: str
    provider_arn: str | None


@dataclass(frozen=True, kw_only=True)
class DeliverySettings:
    """Those who deploy beside people; None = nobody."""

    state: StateSettings
    pipelines: PipelineSettings | None
    github: GithubSettings | None


def read_delivery(config: TypedConfig, boundary: str | None) -> DeliverySettings:
    """Return the settings of delivery. Raises ConfigError for the first that cannot be used.

    Args:
        boundary: the policy that bounds the stack's roles; whoever could make roles without it could do anything.
    """
    delivery = DeliverySettings(state=_state(config), pipelines=_pipelines(config), github=_github(config))
    if delivery.pipelines and not delivery.state.bucket:
        raise config.fail("stateBucket", "", "the bucket of Pulumi's state, needed by delivery codepipeline")
    if (delivery.pipelines or delivery.github) and not boundary:
        allowed = "the ARN of an IAM policy, needed by delivery codepipeline and githubRepository: they make roles"
        raise config.fail("permissionsBoundary", "", allowed)
    return delivery


def _state(config: TypedConfig) -> StateSettings:
    bucket = config.matching("stateBucket", r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "a bucket's name")
    key = config.matching("stateKeyArn", r"arn:aws[\w-]*:kms:[a-z0-9-]+:[0-9]{12}:key/\S+", "the ARN of a KMS key")
    passphrase = config.matching("passphraseArn", REFERENCE, "the ARN of a parameter of SSM, or of a secret")
    if (key or passphrase) and not bucket:
        name, value = ("stateKeyArn", key) if key else ("passphraseArn", passphrase)
        raise config.fail(name, value, "none without stateBucket")
    return StateSettings(bucket=bucket, key_arn=key or None, passphrase_arn=passphrase or None)


def _pipelines(config: TypedConfig) -> PipelineSettings | None:
    is_on = config.choice("delivery", NONE, CODEPIPELINE) == CODEPIPELINE
    given = {
        "deliveryConnectionArn": config.matching("deliveryConnectionArn", CONNECTION, "the ARN of a CodeConnection"),
        "deliveryRepository": config.matching("deliveryRepository", REPOSITORY, "a repository such as owner/name"),
    }
    branch = config.text("deliveryBranch", "a branch", str.strip)
    for name, value in given.items():
        if is_on and not value:
            raise config.fail(name, value, "one, needed by delivery codepipeline")
        if value and not is_on:
            raise config.fail(name, value, "none without delivery codepipeline")
    connection, repository = given.values()
    return PipelineSettings(connection_arn=connection, repository=repository, branch=branch) if is_on else None


def _github(config: TypedConfig) -> GithubSettings | None:
    repository = config.matching("githubRepository", REPOSITORY, "a repository such as owner/name")
    environment = config.matching("githubEnvironment", r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}", "an environment's name")
    provider = config.matching("githubProviderArn", PROVIDER, "the ARN of GitHub's identity provider")
    if repository and not environment:
        raise config.fail("githubEnvironment", environment, "the environment that deploys, needed by githubRepository")
    for name, value in (("githubEnvironment", environment), ("githubProviderArn", provider)):
        if value and not repository:
            raise config.fail(name, value, "none without githubRepository")
    if not repository:
        return None
    return GithubSettings(repository=repository, environment=environment, provider_arn=provider or None)
