"""A bucket of S3: uploads by others, which are allowed beforehand, and objects read in blocks."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, NamedTuple

from handlers.aws.sdk import ServiceError, ask, make_service

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

BLOCK_BYTES = 4 << 20
GONE = ("NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed")  # the last is what a delete marker answers


class Upload(NamedTuple):
    """A request that puts one object, once its headers are sent as they stand here."""

    url: str
    headers: Mapping[str, str]


class Uploaded(NamedTuple):
    """An object that is there: which version of it, its size, and its SHA-256 in hexadecimal digits, if S3 knows it."""

    version: str
    size_bytes: int
    sha256: str = ""


class Bucket:
    """One bucket. Every method raises ServiceError where S3 is away, or refuses."""

    def __init__(self, name: str, region: str) -> None:
        self._name = name
        # An URL is valid at the region's own address; checksums are made where they are asked for, by whoever uploads.
        self._client: Any = make_service(
            "s3",
            region,
            signature_version="s3v4",
            request_checksum_calculation="when_required",
            s3={"addressing_style": "virtual"},
        )

    def allow_upload(self, key: str, size_bytes: int, sha256: str, valid_s: int) -> Upload:
        """Return the request with which anybody may put an object, for so long. Nothing is sent.

        Args:
            size_bytes: S3 takes no other size.
            sha256: in hexadecimal digits; S3 takes no other content. "" = any.
        """
        headers = {"content-length": str(size_bytes)}
        parameters: dict[str, object] = {"Bucket": self._name, "Key": key, "ContentLength": size_bytes}
        if sha256:
            parameters["ChecksumSHA256"] = base64.b64encode(bytes.fromhex(sha256)).decode()
            headers["x-amz-checksum-sha256"] = str(parameters["ChecksumSHA256"])
        url = ask(
            "presign",
            lambda: self._client.generate_presigned_url("put_object", Params=parameters, ExpiresIn=valid_s),
        )
        return Upload(url, headers)

    def uploaded(self, key: str, version: str = "") -> Uploaded | None:
        """Return what is known of a version of an object, or of its newest; None where it is not there."""
        which = {"VersionId": version} if version else {}
        try:
            answer = ask(
                "HeadObject",
                lambda: self._client.head_object(Bucket=self._name, Key=key, ChecksumMode="ENABLED", **which),
            )
        except ServiceError as error:
            if is_gone(error):
                return None
            raise
        checksum = base64.b64decode(answer.get("ChecksumSHA256", "")).hex()
        return Uploaded(answer.get("VersionId", ""), answer["ContentLength"], checksum)

    def block(self, key: str, version: str, first: int, size_bytes: int) -> bytes:
        """Return so many bytes of an object, from one on; fewer at its end."""
        which = {"VersionId": version} if version else {}
        wanted = f"bytes={first}-{first + size_bytes - 1}"

        def read() -> bytes:
            answer = self._client.get_object(Bucket=self._name, Key=key, Range=wanted, **which)
            content: bytes = answer["Body"].read()
            # Whoever answers may send all of it, whatever was asked for (RFC 9110, section 14.2); an emulator does.
            return content if "ContentRange" in answer else content[first : first + size_bytes]

        return ask("GetObject", read)


class BlockReader:
    """An object as a file: read block by block, so that a slow reader holds no connection open.

    Args:
        uploaded: the version and the size.
        ask: runs a call, as often as it takes.
        offset: where to begin.
    """

    def __init__(
        self,
        bucket: Bucket,
        key: str,
        uploaded: Uploaded,
        ask: Callable[[Callable[[], bytes]], bytes],
        offset: int = 0,
    ) -> None:
        self._bucket = bucket
        self._key = key
        self._uploaded = uploaded
        self._ask = ask
        self._next = offset
        self._block = memoryview(b"")

    def read(self, size_bytes: int) -> bytes:
        """Return at most so many bytes; none at the end. Raises ServiceError."""
        if not self._block and self._next < self._uploaded.size_bytes:
            self._block = memoryview(self._ask(self._read_block))
            self._next += len(self._block)
        taken, self._block = self._block[:size_bytes], self._block[size_bytes:]
        return bytes(taken)

    def _read_block(self) -> bytes:
        return self._bucket.block(self._key, self._uploaded.version, self._next, BLOCK_BYTES)


def is_gone(error: ServiceError) -> bool:
    """Tell whether a call failed because the object, or this version of it, is not there."""
    return error.code in GONE
