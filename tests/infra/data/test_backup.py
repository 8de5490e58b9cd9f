from __future__ import annotations

import json
from typing import Any

import pytest

from infra.account import Account
from infra.data.rights import backup_trust
from infra.naming import Naming
from tests.infra.contract import statements
from tests.infra.graph import Graph
from tests.infra.program import graph, run

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:storage-table"
FILES = "arn:aws:efs:us-east-1:123456789012:storage-files"
VAULT = "arn:aws:backup:us-east-1:123456789012:backup-vault"
KEY = "arn:aws:kms:us-east-1:123456789012:key-key"


def rights(seen: Graph, name: str) -> dict[str, dict[str, Any]]:
    """The statements of one of the component's policies, by their names."""
    return {each["Sid"]: each for each in statements(seen.one("RolePolicy", f"backup-{name}"))}


def kinds(seen: Graph) -> set[str]:
    return {node.name for node in seen.nodes if node.name.startswith("backup")}


def test_without_the_setting_nothing_is_made() -> None:
    assert kinds(graph("dev")) == set()
    assert not {"backup_vault", "restore_role_arn"} & set(graph("dev").outputs)


@pytest.mark.parametrize(
    ("backup", "selected"), [("table", {"table": [TABLE]}), ("all", {"table": [TABLE], "files": [FILES]})]
)
def test_what_is_selected_is_named_by_its_arn(backup: str, selected: dict[str, list[str]]) -> None:
    seen = run("dev", {"backup": backup})
    found = {node.inputs["name"]: node.inputs["resources"] for node in seen.of("Selection")}
    assert found == selected
    assert seen.outputs["backup_vault"] == "lambda-sqlite-dev-backups"
    assert seen.one("Vault").inputs["forceDestroy"] is True
    assert not any(node.options.get("protect") for node in seen.nodes)


def test_a_copy_is_made_every_day_and_kept_as_long_as_the_setting_says() -> None:
    (rule,) = run("prod", {"backupDays": 70}).one("Plan").inputs["rules"]
    assert (rule["schedule"], rule["lifecycle"]) == ("cron(0 5 * * ? *)", {"deleteAfter": 70})
    assert rule["targetVaultName"] == "lambda-sqlite-prod-backups"
    assert rule["completionWindow"] >= rule["startWindow"] + 60


def test_the_role_that_copies_cannot_restore_and_the_other_cannot_touch_the_table() -> None:
    copy, restore = rights(graph("prod"), "copy"), rights(graph("prod"), "restore")
    assert set(copy) == {"Table", "Copies", "Vault", "Tags", "Key", "KnowKey", "GrantKey"}
    assert [copy[sid]["Resource"] for sid in ("Table", "Copies", "Vault")] == [[TABLE], [f"{TABLE}/backup/*"], [VAULT]]
    assert not [action for each in copy.values() for action in each["Action"] if "Restore" in action]
    assert (restore["NewTable"]["Resource"], restore["Copies"]["Resource"]) == ([f"{TABLE}-*"], [f"{TABLE}/backup/*"])
    assert set(restore) == {"NewTable", "Copies", "Key", "KnowKey", "GrantKey"}


def test_the_role_that_copies_may_give_copies_the_plans_tags() -> None:
    """Without the right a job that has tags to give fails, and so does each whose table has some."""
    (rule,) = graph("prod").one("Plan").inputs["rules"]
    assert rule["recoveryPointTags"]
    tags = rights(graph("prod"), "copy")["Tags"]
    assert (tags["Action"], tags["Resource"]) == (
        ["backup:TagResource"],
        ["arn:aws:backup:us-east-1:123456789012:recovery-point:*"],
    )


def test_the_key_is_used_through_dynamodb_and_granted_to_aws_alone() -> None:
    for name in ("copy", "restore"):
        found = rights(graph("prod"), name)
        assert {tuple(found[sid]["Resource"]) for sid in ("Key", "KnowKey", "GrantKey")} == {(KEY,)}
        assert found["Key"]["Condition"] == {"StringEquals": {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"}}
        assert found["GrantKey"]["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    assert not [sid for sid in rights(run("dev", {"backup": "table"}), "copy") if "Key" in sid]


def test_files_are_copied_only_where_they_are_asked_for() -> None:
    with_files, without = (rights(run("dev", {"backup": backup}), "copy") for backup in ("all", "table"))
    assert with_files["Files"]["Resource"] == [FILES]
    assert set(with_files) - set(without) == {"Files", "Found"}


def test_only_aws_backup_for_this_account_takes_the_roles() -> None:
    account = Account(partition="aws", account_id="123456789012", region="us-east-1")
    (statement,) = json.loads(backup_trust(account))["Statement"]
    assert statement["Principal"] == {"Service": "backup.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    parts = ("copy", "restore")
    trusts = {graph("prod").one("Role", f"backup-{part}-role").inputs["assumeRolePolicy"] for part in parts}
    assert len(trusts) == 1


def test_a_restored_table_is_selected_in_the_place_of_the_old_one() -> None:
    before, after = (run("prod", {"tableName": name}).one("Selection") for name in ("", "ledger-restored"))
    assert before.urn == after.urn
    assert after.options["protect"] is True
    assert "retainOnDelete" not in after.options


def test_the_vaults_name_fits_the_longest_stacks() -> None:
    """AWS allows 50 characters; a stack's name has 24 at most."""
    naming = Naming(project="lambda-sqlite", stack="s" * 24, stage="dev")
    assert graph("prod").one("Vault").inputs["name"] == "lambda-sqlite-prod-backups"
    assert len(naming.name("backups")) <= 50
