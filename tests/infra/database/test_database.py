from __future__ import annotations

import pytest

from console.costs.database.instance import LEAST_STORAGE_GB as ASSUMED_GB
from console.costs.prices import load
from infra.account import Account
from infra.database.database import AUTHORITY, MOST_CONNECTIONS
from infra.database.rights import figures_policy, proxy_id
from infra.settings.database_settings import LEAST_STORAGE_GB
from tests.infra.contract import statements, violations
from tests.infra.graph import Graph
from tests.infra.program import EVERYTHING, ROOT, graph, project_schema, run

RDS = {"postgres": "rds"}
DOCUMENTS = ("docs/operations.md", "docs/database.md", "docs/comparison.md")
IDENTITY = Account(partition="aws", region="us-east-1", account_id="123456789012")


def test_in_dev_it_is_one_machine_that_goes_with_the_stack() -> None:
    instance = run("dev", RDS).one("Instance")
    assert {
        key: instance.at(key)
        for key in ("multiAz", "backupRetentionPeriod", "deletionProtection", "skipFinalSnapshot", "monitoringInterval")
    } == {
        "multiAz": False,
        "backupRetentionPeriod": 1,
        "deletionProtection": False,
        "skipFinalSnapshot": True,
        "monitoringInterval": 0,
    }
    assert instance.at("deleteAutomatedBackups") is instance.at("applyImmediately") is True
    assert instance.at("finalSnapshotIdentifier") is instance.at("kmsKeyId") is instance.at("monitoringRoleArn") is None
    assert not {"protect", "retainOnDelete"} & {*instance.options}


def test_in_prod_a_second_machine_stands_by_and_nothing_is_lost() -> None:
    instance = run("prod", RDS).one("Instance")
    assert {
        key: instance.at(key)
        for key in ("multiAz", "backupRetentionPeriod", "deletionProtection", "skipFinalSnapshot", "monitoringInterval")
    } == {
        "multiAz": True,
        "backupRetentionPeriod": 7,
        "deletionProtection": True,
        "skipFinalSnapshot": False,
        "monitoringInterval": 60,
    }
    assert instance.at("finalSnapshotIdentifier") == "lambda-sqlite-prod-postgres-final"
    assert instance.at("deleteAutomatedBackups") is instance.at("applyImmediately") is False
    keys = {instance.at(key) for key in ("kmsKeyId", "masterUserSecretKmsKeyId", "performanceInsightsKmsKeyId")}
    assert keys == {"arn:aws:kms:us-east-1:123456789012:key-key"}
    assert instance.options["protect"] is instance.options["retainOnDelete"] is True


def test_the_program_knows_no_password_and_its_master_is_not_the_one_that_everybody_tries() -> None:
    instance = run("dev", RDS).one("Instance")
    assert instance.at("manageMasterUserPassword") is instance.at("iamDatabaseAuthenticationEnabled") is True
    assert instance.at("username") not in ("postgres", "admin", "root", "relational")
    assert not [key for key in instance.inputs if key.startswith("password")]


def test_its_certificates_are_of_the_authority_whose_roots_are_shipped() -> None:
    assert run("dev", RDS).one("Instance").at("caCertIdentifier") == AUTHORITY == "rds-ca-rsa2048-g1"
    assert list((ROOT / "handlers/postgres/roots").glob("us-east-1.pem"))


def test_statements_that_are_slow_and_changes_of_the_schema_are_written_down_in_a_log_of_the_stacks() -> None:
    seen = run("dev", RDS)
    group = seen.one("ParameterGroup")
    assert group.at("family") == f"postgres{seen.one('Instance').at('engineVersion')}"
    given = {one["name"]: one["value"] for one in group.at("parameters") if one["applyMethod"] == "immediate"}
    assert given == {
        "rds.force_ssl": "1",
        "log_min_duration_statement": "1000",
        "log_statement": "ddl",
        "log_connections": "0",
    }
    instance, log = seen.one("Instance"), seen.one("LogGroup", "database-logs")
    assert log.at("name") == "/aws/rds/instance/lambda-sqlite-dev-postgres/postgresql"
    assert instance.at("enabledCloudwatchLogsExports") == ["postgresql"]
    assert log.urn in instance.dependencies


def test_its_connections_are_a_number_that_the_alarm_and_the_documents_know() -> None:
    seen = run("dev", RDS | {"alarms": True})
    (given,) = [one for one in seen.one("ParameterGroup").at("parameters") if one["name"] == "max_connections"]
    assert given == {"name": "max_connections", "value": str(MOST_CONNECTIONS), "applyMethod": "pending-reboot"}
    alarm = seen.one("MetricAlarm", "alarms-database-connections")
    assert alarm.at("threshold") == MOST_CONNECTIONS * 3 / 4
    assert f"75 % of its {MOST_CONNECTIONS} connections" in alarm.at("alarmDescription")
    said = {name: (ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS}
    assert f"75 % of its {MOST_CONNECTIONS} connections" in said["docs/operations.md"]
    assert f"of which there are {MOST_CONNECTIONS}, whatever the class" in said["docs/database.md"]
    assert f"({MOST_CONNECTIONS} here; RDS Proxy shares them" in said["docs/comparison.md"]
    schema = project_schema()
    assert f"takes {MOST_CONNECTIONS} connections" in schema["postgresProxy"]["description"]
    assert f"its {MOST_CONNECTIONS};" in schema["relationalConcurrency"]["description"]


def test_its_disk_is_as_large_as_the_alarm_takes_it_to_be() -> None:
    seen = run("dev", RDS | {"alarms": True, "postgresStorageGb": 33})
    alarm = seen.one("MetricAlarm", "alarms-database-storage")
    assert seen.one("Instance").at("allocatedStorage") == 33
    assert f"/ {33 * 2**30}" in str(alarm.at("metricQueries"))
    assert "33 GB" in alarm.at("alarmDescription")


def test_the_price_of_a_larger_disk_is_the_consoles() -> None:
    price = load().prices.database_storage.each
    assert f": {price:g} USD a GB-month" in project_schema()["postgresStorageGb"]["description"]
    row = f"| `postgresStorageGb: 100` | {80 * price:.2f}: {price:g} a GB beyond 20; twice with `postgresMultiAz` |"
    assert row in (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert project_schema()["postgresStorageGb"]["default"] == LEAST_STORAGE_GB == ASSUMED_GB


def test_it_is_copied_and_changed_at_other_times_which_the_documents_say() -> None:
    instance, text = run("dev", RDS).one("Instance"), (ROOT / "docs/database.md").read_text(encoding="utf-8")
    copied = instance.at("backupWindow").split("-")
    days, changed = zip(*(end.split(":", 1) for end in instance.at("maintenanceWindow").split("-")), strict=True)
    assert set(days) == {"sun"}
    assert copied[0] < copied[1] < changed[0] < changed[1]  # RDS refuses windows that overlap
    assert f"between {copied[0]} and {copied[1]}" in text
    assert f"Sundays from {changed[0]} to {changed[1]}" in text


def test_no_other_major_version_comes_in_place() -> None:
    assert not run("prod", RDS).one("Instance").at("allowMajorVersionUpgrade")


def test_its_figures_are_written_by_a_role_for_that_alone() -> None:
    seen = run("dev", RDS | {"alarms": True})
    role = seen.one("Role", "database-figures")
    (trust,) = (
        role.at("assumeRolePolicy")["Statement"]
        if isinstance(role.at("assumeRolePolicy"), dict)
        else [role.at("assumeRolePolicy.Statement.0")]
    )
    assert trust["Principal"] == {"Service": "monitoring.rds.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    policy = seen.one("RolePolicy", "database-figures")
    assert policy.inputs["policy"] == figures_policy(IDENTITY)
    assert policy.urn in seen.one("Instance").dependencies


def edges(seen: Graph) -> set[tuple[str, str, int]]:
    """Who reaches whom by which port: each way out that has its way in."""
    outs = {
        (node.at("securityGroupId"), node.at("referencedSecurityGroupId"), node.at("toPort"))
        for node in seen.of("SecurityGroupEgressRule")
    }
    ins = {
        (node.at("referencedSecurityGroupId"), node.at("securityGroupId"), node.at("toPort"))
        for node in seen.of("SecurityGroupIngressRule")
    }
    named = {
        edge: tuple(str(end).removeprefix("database-groups-").removesuffix("-id") for end in edge)
        for edge in outs & ins
    }
    return {(one, other, edge[2]) for edge, (one, other, _) in named.items() if "database-groups" in str(edge)}


def test_the_relational_function_alone_reaches_the_database() -> None:
    assert edges(run("dev", RDS)) == {("relational", "database", 5432)}


def test_a_proxy_stands_between_and_the_way_to_set_up_stays() -> None:
    assert edges(run("dev", RDS | {"postgresProxy": True})) == {
        ("relational", "database", 5432),
        ("relational", "proxy", 5432),
        ("proxy", "database", 5432),
    }


def test_the_proxy_logs_in_by_a_token_of_its_own_as_that_user_alone() -> None:
    seen = graph(EVERYTHING)
    (connect,) = statements(seen.one("RolePolicy", "database-proxy-connect"))
    user = "arn:aws:rds-db:us-east-1:123456789012:dbuser:db-database-instance/relational"
    assert (connect["Action"], connect["Resource"]) == (["rds-db:connect"], [user])
    proxy, target = seen.one("Proxy"), seen.one("ProxyTarget")
    assert not proxy.at("auths")
    assert target.at("dbInstanceIdentifier") == "lambda-sqlite-everything-postgres"
    assert seen.one("LogGroup", "database-proxy-logs").at("name") == f"/aws/rds/proxy/{proxy.at('name')}"


def test_a_proxys_id_stands_in_its_arn() -> None:
    assert proxy_id("arn:aws:rds:us-east-1:123456789012:db-proxy:prx-0a1b") == "prx-0a1b"


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("Instance", "storageEncrypted", False),
        ("Instance", "publiclyAccessible", True),
        ("Instance", "parameterGroupName", "default.postgres17"),
        ("Instance", "password", "secret"),
        ("Instance", "skipFinalSnapshot", True),
        ("Proxy", "requireTls", False),
    ],
)
def test_a_database_that_is_open_or_unguarded_would_be_noticed(kind: str, key: str, value: object) -> None:
    seen = run("prod", RDS | {"postgresProxy": True})
    assert violations(seen) == []
    seen.one(kind).inputs[key] = value
    assert len(violations(seen)) == 1
