"""Access logs: what a line has, and who may write them."""

from __future__ import annotations

from infra.edge.access_logs import FIELDS
from tests.infra.contract import statements
from tests.infra.edge.test_distribution import dev
from tests.infra.program import EVERYTHING, graph

SECRETS = ("query", "cookie", "referer", "authorization")


def test_no_line_has_what_may_let_somebody_in() -> None:
    assert graph(EVERYTHING).one("LogDelivery").at("recordFields") == [*FIELDS]
    assert not [field for field in FIELDS if any(word in field.lower() for word in SECRETS)]


def test_they_are_delivered_from_the_only_region_that_cloudfront_knows() -> None:
    for kind in ("LogDelivery", "LogDeliverySource", "LogDeliveryDestination"):
        assert graph(EVERYTHING).one(kind).at("region") == "us-east-1"
    assert graph(EVERYTHING).one("LogDeliverySource").at("logType") == "ACCESS_LOGS"


def test_one_source_alone_writes_them() -> None:
    seen = graph(EVERYTHING)
    given = {one["Sid"]: one for one in statements(seen.one("BucketPolicy", "edge-logs-tls"))}
    source = f"arn:aws:logs:us-east-1:123456789012:delivery-source:{seen.one('LogDeliverySource').at('name')}"
    for name in ("AWSLogDeliveryAclCheck", "AWSLogDeliveryWrite"):
        assert given[name]["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
        assert given[name]["Condition"]["ArnLike"] == {"aws:SourceArn": source}
    bucket = "arn:aws:s3:us-east-1:123456789012:edge-logs-bucket"
    assert given["AWSLogDeliveryWrite"]["Resource"] == [f"{bucket}/AWSLogs/123456789012/*"]


def test_a_delivery_that_changes_is_made_anew_since_aws_takes_its_prefix_off_otherwise() -> None:
    options = graph(EVERYTHING).one("LogDelivery").options
    assert options["replaceOnChanges"] == ["recordFields", "s3DeliveryConfigurations"]
    assert options["deleteBeforeReplace"] is True


def test_they_wait_for_the_right_to_be_written() -> None:
    policy = graph(EVERYTHING).one("BucketPolicy", "edge-logs-tls")
    assert policy.urn in graph(EVERYTHING).one("LogDelivery").dependencies


def test_they_go_after_their_days_and_with_the_edge() -> None:
    seen = graph(EVERYTHING)
    assert seen.one("BucketLifecycleConfiguration", "edge-logs-lifecycle").at("rules.0.expiration") == {"days": 90}
    assert seen.one("Bucket", "edge-logs-bucket").at("forceDestroy") is True
    assert not dev().of("LogDelivery")
