"""The data lake: what is kept of it, how Athena finds a root, and what a question may read."""

from __future__ import annotations

import pytest

from handlers.lake.page import page_key
from handlers.model.column import ModelError
from infra.data.lake import PAGES, RESULTS
from infra.data.lake_columns import PARTITION, lake_columns
from tests.infra.graph import ACCOUNT, Graph
from tests.infra.program import EVERYTHING, graph, run

BUCKET = f"lambda-sqlite-everything-lake-{ACCOUNT}"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key-key"


def rules(seen: Graph) -> dict[str, dict[str, object]]:
    return {rule["id"]: rule for rule in seen.one("BucketLifecycleConfiguration", "lake-lifecycle").at("rules")}


def test_pages_are_tiered_and_their_old_versions_and_results_of_questions_go() -> None:
    given = rules(graph(EVERYTHING))
    assert given["pages"]["filter"] == {"prefix": PAGES}
    assert given["pages"]["transitions"] == [{"days": 0, "storageClass": "INTELLIGENT_TIERING"}]
    assert given["pages"]["noncurrentVersionExpiration"] == {"noncurrentDays": 7}
    assert "expiration" not in given["pages"]
    assert (given["results"]["filter"], given["results"]["expiration"]) == ({"prefix": RESULTS}, {"days": 7})


def test_a_root_is_found_where_the_pages_are_put() -> None:
    table = graph(EVERYTHING).one("CatalogTable")
    template = table.at("parameters")["storage.location.template"]
    assert template == f"s3://{BUCKET}/lake/root=${{root}}/"
    assert f"s3://{BUCKET}/{page_key(3, 7)}".startswith(template.replace("${root}", "3"))
    assert table.at("parameters")["projection.root.type"] == "injected"
    assert [column["name"] for column in table.at("partitionKeys")] == [PARTITION]
    assert table.at("storageDescriptor.columns") == [{"name": name, "type": kind} for name, kind in lake_columns()]


@pytest.mark.parametrize(("stack", "encryption"), [(EVERYTHING, ("SSE_KMS", KEY)), ("dev", ("SSE_S3", None))])
def test_the_workgroups_rules_hold_whatever_a_client_asks_for(stack: str, encryption: tuple[str, str | None]) -> None:
    group = run(stack, {"lake": True}).one("Workgroup")
    assert group.at("configuration.enforceWorkgroupConfiguration") is True
    assert group.at("configuration.bytesScannedCutoffPerQuery") == 10 * 2**30
    results = "configuration.resultConfiguration"
    assert group.at(f"{results}.outputLocation") == f"s3://lambda-sqlite-{stack}-lake-{ACCOUNT}/results/"
    assert group.at(f"{results}.expectedBucketOwner") == ACCOUNT
    used = [group.at(f"{results}.encryptionConfiguration.{key}") for key in ("encryptionOption", "kmsKeyArn")]
    assert tuple(used) == encryption


@pytest.mark.parametrize("protect", [True, False])
def test_a_protected_lake_stays_and_stays_private(protect: bool) -> None:
    seen = run("dev", {"lake": True, "protect": protect})
    assert seen.one("Bucket").at("forceDestroy") is not protect
    kept = [node for node in seen.nodes if node.type.startswith("aws:s3/")]
    assert len(kept) == 7
    assert {(bool(node.options.get("protect")), bool(node.options.get("retainOnDelete"))) for node in kept} == {
        (protect, protect)
    }


def test_columns_that_a_lake_cannot_have_stop_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise ModelError("a column of its own")

    monkeypatch.setattr("infra.working.lake_columns", refuse)
    with pytest.raises(Exception, match=r"lake: handlers/rows\.py: a column of its own"):
        run("dev", {"lake": True})
