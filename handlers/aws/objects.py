"""The objects of one S3 bucket. A put says what it takes the place of, so that of two writers the slower one is told.

It takes the rights `s3:PutObject`, `s3:GetObject` and `s3:ListBucket`: without the last one S3 says of an object
that is not there that it is forbidden.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from handlers.aws.sdk import ServiceError, ask, make_service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OBJECTS_AT_ONCE = 16  # calls at the same time; more wait for a connection
NOT_THERE = frozenset({"404", "NoSuchKey", "NotFound"})
# The object that a put is to replace has changed, comes or goes at this moment, or is gone.
REPLACED = NOT_THERE | {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


@dataclass(frozen=True)
class StoredObject:
    """An object as S3 tells of it.

    Attributes:
        etag: of its content: another one, another content.
        metadata: what it was put with.
    """

    key: str
    etag: str
    size_bytes: int
    metadata: Mapping[str, str]


class Objects:
    """The objects of a bucket. Every call raises ServiceError where S3 refuses it, or cannot be reached.

    Args:
        client: boto3's, for S3; it may be used by several threads.
        bucket: the bucket's name.
    """

    def __init__(self, client: Any, bucket: str) -> None:  # noqa: ANN401 - boto3-stubs covers DynamoDB only
        self._client = client
        self.bucket = bucket

    def head(self, key: str) -> StoredObject | None:
        """Return what S3 tells of an object; None where there is none."""
        try:
            answer = ask(f"s3://{self.bucket}/{key}", lambda: self._client.head_object(Bucket=self.bucket, Key=key))
        except ServiceError as error:
            if error.code in NOT_THERE:
                return None
            raise
        return StoredObject(key, answer["ETag"], answer["ContentLength"], answer["Metadata"])

    def get(self, key: str) -> bytes:
        """Return an object's content."""

        def read() -> bytes:
            return self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

        return ask(f"s3://{self.bucket}/{key}", read)

    def put(
        self, key: str, content: bytes, metadata: Mapping[str, str], content_type: str, replaces: StoredObject | None
    ) -> bool:
        """Put an object. S3 proves its checksum before it takes it.

        Args:
            replaces: the object whose place it takes; None: there is none yet.

        Returns whether it was put; False: what is there is something else.
        """
        condition = {"IfNoneMatch": "*"} if replaces is None else {"IfMatch": replaces.etag}
        try:
            ask(
                f"s3://{self.bucket}/{key}",
                lambda: self._client.put_object(
                    Bucket=self.bucket,
                    Key=key,
                    Body=content,
                    Metadata=metadata,
                    ContentType=content_type,
                    ChecksumSHA256=base64.b64encode(hashlib.sha256(content).digest()).decode(),
                    **condition,
                ),
            )
        except ServiceError as error:
            if error.code in REPLACED:
                return False
            raise
        return True

    def list_keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin so, in order."""
        arguments = {"Bucket": self.bucket, "Prefix": prefix}
        while True:
            answer = ask(f"s3://{self.bucket}/{prefix}", lambda: self._client.list_objects_v2(**arguments))
            yield from (found["Key"] for found in answer.get("Contents", []))
            if not answer.get("IsTruncated"):
                return
            arguments["ContinuationToken"] = answer["NextContinuationToken"]


def make_objects(bucket: str, region: str) -> Objects:
    """Return the objects of a bucket. A region of "" is the environment's."""
    return Objects(make_service("s3", region, max_pool_connections=OBJECTS_AT_ONCE), bucket)
