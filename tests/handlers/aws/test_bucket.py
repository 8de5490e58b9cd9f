"""The bucket of files against the emulator's S3."""

from __future__ import annotations

import urllib.request
import uuid

import pytest

from handlers.aws.bucket import BLOCK_BYTES, BlockReader, Bucket, Uploaded
from handlers.aws.sdk import ServiceError
from tests.support.jobs.site import service

pytestmark = pytest.mark.usefixtures("client")  # which sets the emulator's environment
CONTENT = bytes(range(256)) * 40


@pytest.fixture
def bucket() -> Bucket:
    name, s3 = f"bucket-{uuid.uuid4()}", service("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return Bucket(name, "")


def put(bucket: Bucket, content: bytes) -> Uploaded:
    """Put a file as whoever was allowed to does."""
    upload = bucket.allow_upload("key", len(content), "", 60)
    request = urllib.request.Request(upload.url, content, dict(upload.headers), method="PUT")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    found = bucket.uploaded("key")
    assert found is not None
    return found


def test_a_file_that_was_allowed_is_there_by_version(bucket: Bucket) -> None:
    old, new = put(bucket, CONTENT), put(bucket, b"other")
    assert (old.size_bytes, new.size_bytes) == (len(CONTENT), 5)
    assert bucket.uploaded("key", old.version) == old
    assert bucket.block("key", old.version, 256, 3) == b"\0\1\2"
    assert bucket.block("key", "", 0, 100) == b"other"


def test_a_file_that_is_not_there_is_told_from_one_that_cannot_be_seen(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bucket.uploaded("key") is None
    with pytest.raises(ServiceError):
        bucket.block("key", "", 0, 1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setattr("handlers.aws.sdk.ATTEMPTS", 1)
    with pytest.raises(ServiceError) as raised:
        Bucket("bucket", "").uploaded("key")
    assert raised.value.code == ""


@pytest.mark.parametrize("offset", [0, 1000, len(CONTENT)])
def test_an_object_is_read_block_by_block(bucket: Bucket, monkeypatch: pytest.MonkeyPatch, offset: int) -> None:
    monkeypatch.setattr("handlers.aws.bucket.BLOCK_BYTES", 3000)
    reader = BlockReader(bucket, "key", put(bucket, CONTENT), lambda call: call(), offset)
    parts: list[bytes] = []
    while part := reader.read(700):
        parts.append(part)
    assert b"".join(parts) == CONTENT[offset:]
    assert all(len(part) <= 700 for part in parts)


def test_a_block_is_small_for_a_functions_memory() -> None:
    assert BLOCK_BYTES <= 8 << 20


def test_an_address_is_of_the_region_and_needs_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    url = Bucket("files", "eu-central-1").allow_upload("imports/1", 5, "", 60).url
    assert url.startswith("https://files.s3.eu-central-1.amazonaws.com/imports/1?")
