from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import set_all_config
from pulumi.runtime.settings import reset_options

from infra.settings.stack_settings import StackSettings, read_settings
from infra.typed_config import ConfigError
from tests.infra.graph import ACCOUNT
from tests.infra.program import EVERYTHING, PROJECT, STACKS, config_of, given_of, project_schema, run, text_of
from tests.infra.settings.values import (
    CANARY,
    CERTIFICATE,
    GITHUB,
    GROUPS,
    KEY,
    OWN_EDGE,
    PARAMETER,
    PIPELINES,
    PROVIDER,
    STATE,
    VPC,
    WAREHOUSE,
)


def settings_of(changes: dict[str, str], stack: str = "dev") -> StackSettings:
    set_all_config(
        config_of("dev") | {key if ":" in key else f"{PROJECT}:{key}": value for key, value in changes.items()}
    )
    reset_options(project=PROJECT, stack=stack)
    try:
        return read_settings()
    finally:
        reset_options()
        set_all_config({})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"aws:region": "mars-1"}, "aws:region: got 'mars-1', allowed: an AWS region such as us-east-1"),
        ({"stage": "test"}, "lambda-sqlite:stage: got 'test', allowed: dev or prod or local"),
        ({"protect": "yes"}, "lambda-sqlite:protect: got 'yes', allowed: true or false"),
        ({"backup": "true"}, "lambda-sqlite:backup: got 'true', allowed: none or table or all"),
        ({"backupDays": "0"}, "lambda-sqlite:backupDays: got 0, allowed: an integer from 1 to 3650"),
        ({"kms": "own"}, "lambda-sqlite:kms: got 'own', allowed: aws or cmk"),
        ({"rollout": "slow"}, "lambda-sqlite:rollout: got 'slow', allowed: all-at-once or canary"),
        ({"rolloutPercent": "51"}, "lambda-sqlite:rolloutPercent: got 51, allowed: an integer from 1 to 50"),
        ({"rolloutBakeS": "14"}, "lambda-sqlite:rolloutBakeS: got 14, allowed: an integer from 15 to 3600"),
        ({"zones": "0"}, "lambda-sqlite:zones: got 0, allowed: an integer from 2 to 3"),
        ({"zones": "1.5"}, "lambda-sqlite:zones: got '1.5', allowed: an integer from 2 to 3"),
        ({"vpcCidr": "10.0.0.0/27"}, "vpcCidr: got '10.0.0.0/27', allowed: a private range such as 10.42.0.0/24"),
        ({"vpcCidr": "10.0.0.0/8"}, "from /16 to /26"),
        ({"vpcCidr": "8.8.8.0/24"}, "vpcCidr: got '8.8.8.0/24', allowed: a private range"),
        ({"vpcCidr": "10.0.0.1/24"}, "vpcCidr: got '10.0.0.1/24', allowed: a private range"),
        (
            {"reservedCidrs": '["10.42.0.0/16"]'},
            "vpcCidr: got '10.42.0.0/24', allowed: a range that does not overlap 10.42.0.0/16 of reservedCidrs",
        ),
        ({"reservedCidrs": '["10.42.0.0/99"]'}, "reservedCidrs: got '10.42.0.0/99', allowed: ranges such as"),
        ({"reservedCidrs": "10.0.0.0/8"}, "reservedCidrs: got '10.0.0.0/8', allowed: a list of ranges"),
        ({"subnetIds": '["subnet-0a1b2c3d"]'}, "subnetIds: got ['subnet-0a1b2c3d'], allowed: 2 or 3 subnets of vpcId"),
        ({"vpcId": "vpc-0a1b2c3d"}, "subnetIds: got [], allowed: 2 or 3 subnets of vpcId"),
        ({"vpcId": "my-vpc"}, "vpcId: got 'my-vpc', allowed: the id of a VPC"),
        ({"subnetIds": '["subnet-0a1b2c3d", "subnet-0a1b2c3d"]'}, "allowed: a list of subnet ids, each once"),
        ({"logRetentionDays": "10"}, "logRetentionDays: got 10, allowed: one of 1, 3, 5, 7, 14"),
        (
            {"runtime": "python3.11"},
            "runtime: got 'python3.11', allowed: python3.13 or python3.12; SQLite on Amazon Linux 2, where",
        ),
        ({"commandMemoryMb": "64"}, "commandMemoryMb: got 64, allowed: an integer from 256 to 10240"),
        ({"commandTimeoutS": "20"}, "commandTimeoutS: got 20, allowed: an integer from 26 to 29"),
        ({"queryTimeoutS": "60"}, "queryTimeoutS: got 60, allowed: an integer from 10 to 29"),
        ({"queryConcurrency": "-2"}, "queryConcurrency: got -2, allowed: an integer from 0 to 1000000, or -1"),
        ({"tmpMb": "100"}, "tmpMb: got 100"),
        ({"projection": "async"}, "projection: got 'async', allowed: sync or stream or both"),
        ({"projectionWindowS": "301"}, "projectionWindowS: got 301, allowed: an integer from 0 to 300"),
        ({"projectorTimeoutS": "30"}, "projectorTimeoutS: got 30, allowed: an integer from 60 to 900"),
        ({"maintenanceMinutes": "1"}, "maintenanceMinutes: got 1, allowed: an integer from 5 to 1440, or 0"),
        (
            {"fullVerification": "true", "maintenanceMinutes": "0"},
            "fullVerification: got 'true', allowed: false without maintenanceMinutes, which does it",
        ),
        (
            {"jobs": "true", "projection": "sync"},
            "jobs: got 'true', allowed: false with projection sync: nobody would publish what is imported",
        ),
        ({"workerTimeoutS": "901"}, "workerTimeoutS: got 901, allowed: an integer from 60 to 900"),
        (
            {"jobs": "true", "workerConcurrency": "4"},
            "workerConcurrency: got 4, allowed: -1, 0, or 5 and more with jobs",
        ),
        ({"postgres": "aurora"}, "postgres: got 'aurora', allowed: none or rds"),
        ({"dbProvider": "s3"}, "dbProvider: got 's3', allowed: sqlite-efs or sqlite-tmp or ddb or postgres"),
        ({"dbProvider": "postgres"}, "dbProvider: got 'postgres', allowed: another home without postgres rds"),
        ({"postgresClass": "t4g.micro"}, "postgresClass: got 't4g.micro', allowed: a class such as db.t4g.micro"),
        ({"postgresStorageGb": "19"}, "postgresStorageGb: got 19, allowed: an integer from 20 to 65536"),
        ({"postgresStorageGb": "65537"}, "postgresStorageGb: got 65537, allowed: an integer from 20 to 65536"),
        (
            {"postgres": "rds", "aws:region": "il-central-1"},
            "postgres: got 'rds', allowed: none in il-central-1; rds in af-south-1, ap-east-1, ",
        ),
        ({"postgresProxy": "true"}, "postgresProxy: got 'true', allowed: false without postgres rds"),
        ({"postgresBackupDays": "0"}, "postgresBackupDays: got 0, allowed: an integer from 1 to 35"),
        (
            {"databaseGroupId": "sg-0a1b2c3d"},
            "databaseGroupId: got 'sg-0a1b2c3d', allowed: none without postgres rds",
        ),
        (
            {"postgres": "rds", "databaseGroupId": "sg-0a1b2c3d"},
            "databaseGroupId: got 'sg-0a1b2c3d', allowed: a group of the database's own beside functionGroupId",
        ),
        (
            {"postgres": "rds", **{key: text_of(value) for key, value in GROUPS.items()}},
            "databaseGroupId: got '', allowed: a group of the database's own beside functionGroupId with postgres rds",
        ),
        ({"relationalTimeoutS": "30"}, "relationalTimeoutS: got 30, allowed: an integer from 60 to 900"),
        ({"lakeMinutes": "4"}, "lakeMinutes: got 4, allowed: an integer from 5 to 1440"),
        (
            {"notificationEmails": '["a@b.example"]'},
            "notificationEmails: got ['a@b.example'], allowed: none without notifications",
        ),
        (
            {"notificationQueueArns": json.dumps([WAREHOUSE])},
            f"notificationQueueArns: got ['{WAREHOUSE}'], allowed: none without notifications",
        ),
        (
            {"notifications": "true", "notificationQueueArns": '["warehouse"]'},
            "notificationQueueArns: got ['warehouse'], allowed: a list of ARNs of SQS queues",
        ),
        ({"sql": "false"}, "sql: got 'false', allowed: on or off"),
        ({"warmSandboxes": "21"}, "warmSandboxes: got 21, allowed: an integer from 0 to 20"),
        (
            {"warmSandboxes": "4", "queryConcurrency": "3"},
            "warmSandboxes: got 4, allowed: no more than queryConcurrency reserves",
        ),
        ({"retainSeconds": "59"}, "retainSeconds: got 59, allowed: an integer from 60 to 2592000"),
        ({"retainSeconds": "2592001"}, "retainSeconds: got 2592001, allowed: an integer from 60 to 2592000"),
        ({"retainSeconds": "1h"}, "retainSeconds"),
        ({"writeAuth": "none"}, "writeAuth: got 'none', allowed: iam or jwt"),
        ({"readAuth": "basic"}, "readAuth: got 'basic', allowed: none or iam or jwt or session"),
        ({"sessionMinutes": "4"}, "sessionMinutes: got 4, allowed: an integer from 5 to 43200"),
        ({"readAuth": "jwt"}, "jwtIssuer: got '', allowed: the issuer's URL, needed by writeAuth or readAuth jwt"),
        ({"readAuth": "jwt", "jwtIssuer": "https://a.example"}, "jwtAudience: got [], allowed: at least one audience"),
        ({"jwtIssuer": "http://a.example"}, "jwtIssuer: got 'http://a.example', allowed: the issuer's URL, https://"),
        (
            {
                "readAuth": "jwt",
                "writeAuth": "jwt",
                "jwtIssuer": "https://a.example",
                "jwtAudience": '["a"]',
            },
            "jwtWriteScopes: got [], allowed: at least one scope, or every token that reads may write too",
        ),
        ({"jwtWriteScopes": '["w"]'}, "jwtWriteScopes: got ['w'], allowed: none without writeAuth jwt"),
        ({"tags": '["Team"]'}, "tags: got ['Team'], allowed: a list of tags such as Team=data"),
        ({"tags": '["aws:a=b"]'}, "tags: got ['aws:a=b'], allowed: a list of tags such as Team=data"),
        ({"tags": '["Stage=mine"]'}, "tags: got ['Stage=mine'], allowed: at most 44 tags such as Team=data, each key"),
        ({"tags": '["A=1", "A=2"]'}, "tags: got ['A=1', 'A=2'], allowed: at most 44 tags"),
        ({"tags": json.dumps([f"A{number}=1" for number in range(45)])}, "allowed: at most 44 tags"),
        ({"permissionsBoundary": "boundary"}, "permissionsBoundary: got 'boundary', allowed: the ARN of an IAM policy"),
        ({"allowedAccountIds": '["1"]'}, "allowedAccountIds: got ['1'], allowed: a list of account ids of 12 digits"),
        ({"tableName": "a b"}, "tableName: got 'a b', allowed: a table's name of 3 to 255 letters, digits and _.-, or"),
        ({"tableMaxReads": "-1"}, "tableMaxReads: got -1, allowed: an integer from 1 to 1000000000"),
        ({"tableMaxWrites": "0"}, "tableMaxWrites: got 0, allowed: an integer from 1 to 1000000000"),
        ({"tracing": "on"}, "tracing: got 'on', allowed: true or false"),
        (
            {"functionGroupId": "sg-0a1b2c3d", "fileSystemGroupId": "sg-1a1b2c3d"},
            "functionGroupId: got 'sg-0a1b2c3d', allowed: a security group of vpcId; none without vpcId",
        ),
        (
            {"vpcId": "vpc-0a1b2c3d", "subnetIds": json.dumps(VPC["subnetIds"]), "functionGroupId": "sg-0a1b2c3d"},
            "fileSystemGroupId: got '', allowed: a group of the file system's own beside functionGroupId",
        ),
        ({"fileSystemGroupId": "sg-0a1b2c3d"}, "fileSystemGroupId: got 'sg-0a1b2c3d', allowed: a group of"),
        ({"corsOrigins": '["*"]'}, "corsOrigins: got ['*'], allowed: a list of origins"),
        ({"domain": "api.example.com"}, "certificateArn: got '', allowed: a certificate for domain"),
        (
            {"domain": "api.example.com", "certificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/1"},
            "allowed: the ARN of a certificate in us-east-1",
        ),
        ({"defaultEndpoint": "false"}, "defaultEndpoint: got 'false', allowed: true without domain, or the API would"),
        ({"domain": "localhost"}, "domain: got 'localhost', allowed: a host name"),
        ({"edge": "nginx"}, "edge: got 'nginx', allowed: none or cloudfront"),
        (
            {"edge": "cloudfront", "readAuth": "iam"},
            "edge: got 'cloudfront', allowed: none with readAuth iam: a signature is of the API's own host",
        ),
        ({"edgeMaxAgeS": "61"}, "edgeMaxAgeS: got 61, allowed: an integer from 0 to 60"),
        ({"edgeFirewall": "true"}, "edgeFirewall: got 'true', allowed: false without edge cloudfront"),
        ({"edgeRateLimit": "9"}, "edgeRateLimit: got 9, allowed: an integer from 10 to 2000000000"),
        ({"edgeLogDays": "3654"}, "edgeLogDays: got 3654, allowed: an integer from 0 to 3653"),
        ({"edgeLogDays": "30"}, "edgeLogDays: got 30, allowed: 0 without edge cloudfront"),
        (
            OWN_EDGE | {"edge": "none"},
            "edgeDomain: got 'data.example.com', allowed: nothing without edge cloudfront",
        ),
        (
            {"edge": "cloudfront", "edgeDomain": "data.example.com"},
            "edgeCertificateArn: got '', allowed: a certificate for edgeDomain; neither without the other",
        ),
        (
            OWN_EDGE | {"edgeCertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/1"},
            "allowed: the ARN of a certificate in us-east-1, where CloudFront looks for it, or nothing",
        ),
        (
            OWN_EDGE | {"domain": "data.example.com", "certificateArn": CERTIFICATE},
            "edgeDomain: got 'data.example.com', allowed: another name than domain, which is the API's behind the edge",
        ),
        ({"requestLogPercent": "101"}, "requestLogPercent: got 101, allowed: an integer from 0 to 100"),
        ({"metrics": "on"}, "metrics: got 'on', allowed: true or false"),
        ({"alarms": "all"}, "alarms: got 'all', allowed: true or false"),
        ({"alarms": "true", "alarmEmails": '["ops"]'}, "alarmEmails: got ['ops'], allowed: a list of e-mail addresses"),
        ({"alarmEmails": '["a@b.example"]'}, "alarmEmails: got ['a@b.example'], allowed: none without alarms"),
        ({"dashboard": "1"}, "dashboard: got '1', allowed: true or false"),
        ({"budgetUsd": "-1"}, "budgetUsd: got -1, allowed: an integer from 0 to 1000000"),
        (
            {"budgetUsd": "9"},
            "budgetEmails: got [], allowed: at least one address for budgetUsd, or alarms, whose topic",
        ),
        ({"budgetEmails": '["a@b.example"]'}, "budgetEmails: got ['a@b.example'], allowed: at most 10 addresses; none"),
        (
            {"budgetUsd": "9", "budgetEmails": json.dumps([f"a{number}@b.example" for number in range(11)])},
            "allowed: at most 10 addresses; none without budgetUsd",
        ),
        (
            {"routeThrottles": '["POST /insert"]'},
            "routeThrottles: got ['POST /insert'], allowed: a list of routes with",
        ),
        ({"routeThrottles": '["POST /insert=0/1"]'}, "routeThrottles: got ['POST /insert=0/1'], allowed: a list of"),
        (
            {"routeThrottles": '["PUT /ddb=1/1"]'},
            "routeThrottles: got 'PUT /ddb=1/1', allowed: each once, POST /insert,",
        ),
        (
            {"routeThrottles": '["GET /ddb=1/1", "GET /ddb=2/2"]'},
            "routeThrottles: got 'GET /ddb=2/2', allowed: each once",
        ),
        ({"delivery": "jenkins"}, "delivery: got 'jenkins', allowed: none or codepipeline"),
        ({"delivery": "codepipeline"}, "deliveryConnectionArn: got '', allowed: one, needed by delivery codepipeline"),
        ({"deliveryConnectionArn": "arn"}, "deliveryConnectionArn: got 'arn', allowed: the ARN of a CodeConnection"),
        ({"deliveryRepository": "owner/name"}, "got 'owner/name', allowed: none without delivery codepipeline"),
        ({"deliveryRepository": "name"}, "deliveryRepository: got 'name', allowed: a repository such as owner/name"),
        ({"deliveryBranch": " "}, "deliveryBranch: got ' ', allowed: a branch"),
        (
            {key: value for key, value in PIPELINES.items() if key != "stateBucket"},
            "stateBucket: got '', allowed: the bucket of Pulumi's state, needed by delivery codepipeline",
        ),
        (
            {key: value for key, value in PIPELINES.items() if key != "permissionsBoundary"},
            "permissionsBoundary: got '', allowed: the ARN of an IAM policy, needed by delivery codepipeline and",
        ),
        ({"stateBucket": "My_State"}, "stateBucket: got 'My_State', allowed: a bucket's name"),
        ({"stateKeyArn": KEY}, f"stateKeyArn: got '{KEY}', allowed: none without stateBucket"),
        ({"passphraseArn": PARAMETER}, f"passphraseArn: got '{PARAMETER}', allowed: none without stateBucket"),
        ({"passphraseArn": "hunter2"}, "allowed: the ARN of a parameter of SSM, or of a secret, or nothing"),
        (
            {"githubRepository": "owner/name"},
            "githubEnvironment: got '', allowed: the environment that deploys, needed by githubRepository",
        ),
        (
            PIPELINES | STATE | CANARY | {"rolloutBakeS": "601"},
            "got 601, allowed: 600 at most with delivery codepipeline, whose builds AWS ends after 15 minutes",
        ),
        ({"githubRepository": "*/name"}, "githubRepository: got '*/name', allowed: a repository such as owner/name"),
        ({"githubEnvironment": "prod"}, "githubEnvironment: got 'prod', allowed: none without githubRepository"),
        ({"githubProviderArn": PROVIDER}, "githubProviderArn: got 'arn:aws:iam::123456789012:oidc-provider/token"),
        (
            {key: value for key, value in GITHUB.items() if key != "permissionsBoundary"},
            "permissionsBoundary: got '', allowed: the ARN of an IAM policy, needed by",
        ),
    ],
)
def test_a_value_that_cannot_be_used_is_one_clear_sentence(changes: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_of(changes)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_ranges_that_lie_elsewhere_are_no_hindrance() -> None:
    assert str(settings_of({"reservedCidrs": '["10.43.0.0/16", "192.168.0.0/16"]'}).network.cidr) == "10.42.0.0/24"


@pytest.mark.parametrize("seconds", [60, 30 * 24 * 3600])
def test_superseded_segments_are_kept_from_a_minute_to_a_month(seconds: int) -> None:
    assert settings_of({"retainSeconds": str(seconds)}).environment["RETAIN_S"] == str(seconds)


@pytest.mark.parametrize("stack", ["", "Dev", "1dev", "a.b", "d" * 25])
def test_a_stack_name_that_no_resource_could_have(stack: str) -> None:
    with pytest.raises(ConfigError, match="the stack's name"):
        settings_of({}, stack or "-")


@pytest.mark.parametrize("key", [key for key in project_schema() if "default" not in project_schema()[key]])
def test_a_setting_without_a_default_stands_in_every_stack(key: str) -> None:
    assert all(f"{PROJECT}:{key}" in config_of(stack) for stack in STACKS)


@pytest.mark.parametrize("key", project_schema())
def test_every_setting_is_needed(key: str) -> None:
    config = config_of("dev")
    del config[f"{PROJECT}:{key}"]
    set_all_config(config)
    reset_options(project=PROJECT, stack="dev")
    try:
        with pytest.raises(ConfigError, match=f"^{PROJECT}:{key}: got None, allowed: "):
            read_settings()
    finally:
        reset_options()
        set_all_config({})


@pytest.mark.parametrize("stack", STACKS)
def test_the_stacks_set_nothing_that_is_not_declared(stack: str) -> None:
    declared = {f"{PROJECT}:{key}" for key in project_schema()}
    assert {key for key in config_of(stack) if not key.startswith("aws:")} == declared


def test_the_stack_that_switches_everything_on_sets_everything() -> None:
    other_network = {
        "vpcId",
        "subnetIds",
        "functionGroupId",
        "fileSystemGroupId",
        "databaseGroupId",
    }  # excluded by its own
    assert given_of(EVERYTHING) == {f"{PROJECT}:{key}" for key in set(project_schema()) - other_network}


@pytest.mark.parametrize("key", project_schema())
def test_every_setting_is_described_and_typed(key: str) -> None:
    entry = project_schema()[key]
    assert entry["description"]
    kinds = {"string": str, "integer": int, "boolean": bool, "array": list}
    assert isinstance(entry.get("default", kinds[entry["type"]]()), kinds[entry["type"]])


@given(
    st.sampled_from([*project_schema()]),
    st.one_of(st.text(), st.integers().map(str), st.lists(st.text()).map(json.dumps), st.ip_addresses(v=4).map(str)),
)
def test_whatever_is_configured_is_read_or_refused_by_name(key: str, value: str) -> None:
    try:
        assert isinstance(settings_of({key: value}), StackSettings)
    except ConfigError as error:
        assert PROJECT in str(error)
        assert ", allowed: " in str(error)


def test_reads_are_signed_unless_a_stack_says_otherwise_and_then_it_caps_them() -> None:
    schema = project_schema()
    assert schema["readAuth"]["default"] == "iam"
    for stack in STACKS:
        config = config_of(stack)
        is_capped = int(config[f"{PROJECT}:queryConcurrency"]) > 0
        assert config[f"{PROJECT}:readAuth"] != "none" or is_capped or config[f"{PROJECT}:stage"] == "local"


def test_all_sandboxes_that_are_reserved_may_be_kept_warm() -> None:
    assert settings_of({"queryConcurrency": "3", "warmSandboxes": "3"}).projection.warm_sandboxes == 3


def test_another_account_than_those_allowed_is_refused_before_anything_is_made() -> None:
    assert run("dev", {"allowedAccountIds": ["210987654321", ACCOUNT]}).nodes
    with pytest.raises(ConfigError, match=f"got '{ACCOUNT}', allowed: allowedAccountIds: 210987654321"):
        run("dev", {"allowedAccountIds": ["210987654321"]})


def test_a_region_with_too_few_zones_says_so() -> None:
    with pytest.raises(ConfigError, match="zones: got 2, allowed: at most the 1 that the region has"):
        run("dev", zones=("us-east-1a",))


@pytest.mark.parametrize(("quota", "allowed"), [(1000, "at most 900, the account's 1000"), (10, "at most 0")])
def test_more_reserved_concurrency_than_the_account_has_is_refused(quota: int, allowed: str) -> None:
    with pytest.raises(ConfigError, match=f"got 905, allowed: together {allowed}"):
        run(
            "dev",
            {"commandConcurrency": 1, "queryConcurrency": 900, "projectorConcurrency": 3, "warmSandboxes": 1},
            quota=quota,
        )


def test_a_limit_that_nobody_knows_refuses_nothing() -> None:
    assert (
        run("dev", {"queryConcurrency": 900}, quota=0)
        .one("Function", "query-function")
        .at("reservedConcurrentExecutions")
        == 900
    )
