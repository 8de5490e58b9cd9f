"""The page in its bucket: every file with its type, read by one distribution alone."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pytest

from infra.edge.headers import CONTENT_TYPES
from infra.edge.page import CACHE_CONTROL, page_files
from tests.infra.contract import statements
from tests.infra.edge.test_distribution import dev
from tests.infra.program import EVERYTHING, graph


def test_every_file_of_the_page_has_a_type_that_browsers_take() -> None:
    files = page_files()
    assert files["dashboard/index.html"].is_file()
    assert {path.suffix for path in files.values()} <= {*CONTENT_TYPES}


def test_a_file_is_asked_for_again_each_time_and_has_no_more_tags_than_s3_takes() -> None:
    for stack in (dev(), graph(EVERYTHING)):
        for node in stack.of("BucketObjectv2"):
            assert node.at("contentType") == CONTENT_TYPES[Path(node.at("key")).suffix]
            assert node.at("cacheControl") == CACHE_CONTROL
            assert len(node.at("tags")) <= 10


def test_what_leads_to_other_files_is_there_after_them() -> None:
    page, code = (dev().one("BucketObjectv2", f"edge-dashboard/{name}") for name in ("index.html", "app.js"))
    assert code.urn in page.dependencies
    assert page.urn not in code.dependencies


def test_a_file_of_no_known_type_and_a_page_without_a_beginning_stop_the_program(tmp_path: Path) -> None:
    (tmp_path / "dashboard").mkdir()
    with pytest.raises(pulumi.RunError, match=r"dashboard/index\.html is missing"):
        page_files(tmp_path)
    (tmp_path / "dashboard" / "index.html").write_text("")
    (tmp_path / "dashboard" / ".hidden").write_text("")
    (tmp_path / "dashboard" / "LICENSE").write_text("")
    assert [*page_files(tmp_path)] == ["dashboard/LICENSE", "dashboard/index.html"]
    (tmp_path / "dashboard" / "film.mp4").write_text("")
    with pytest.raises(pulumi.RunError, match=r"dashboard/film\.mp4: no content type"):
        page_files(tmp_path)


def test_one_distribution_reads_and_nobody_writes_or_lists() -> None:
    allowed = [one for one in statements(dev().one("BucketPolicy", "edge-page-tls")) if one["Effect"] == "Allow"]
    (reads,) = allowed
    assert reads["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert reads["Action"] == ["s3:GetObject"]
    assert reads["Condition"] == {
        "StringEquals": {"aws:SourceArn": "arn:aws:cloudfront:us-east-1:123456789012:edge-distribution"}
    }


def test_an_own_key_lets_cloudfront_read_the_page_and_its_logs_be_written() -> None:
    key = {one["Sid"]: one for one in statements(graph(EVERYTHING).one("Key"))}
    assert key["Page"]["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert key["Page"]["Action"] == ["kms:Decrypt"]
    assert key["Page"]["Condition"]["ArnLike"] == {"aws:SourceArn": "arn:aws:cloudfront::123456789012:distribution/*"}
    source = "arn:aws:logs:us-east-1:123456789012:delivery-source:lambda-sqlite-everything-edge-logs"
    assert key["AccessLogs"]["Condition"]["ArnLike"] == {"aws:SourceArn": source}
    assert "Page" not in {one["Sid"] for one in statements(graph("prod").one("Key"))}


def test_the_page_goes_with_the_edge_and_its_old_files_in_a_month() -> None:
    assert graph(EVERYTHING).one("Bucket", "edge-page-bucket").at("forceDestroy") is True
    rules = dev().one("BucketLifecycleConfiguration", "edge-page-lifecycle").at("rules")
    assert rules[0]["noncurrentVersionExpiration"] == {"noncurrentDays": 30}
