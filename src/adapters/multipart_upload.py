"""Uploads a file to S3 in parts while it is being written, so that no more than a part is held.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

import contextlib
from types import TracebackType
from typing import TYPE_CHECKING, Self

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

# S3 takes 10,000 parts of at least 5 MiB: with these a file may have 80 GB.
PART_BYTES = 8 * 1024 * 1024


class MultipartUpload:
    """A CSV file in the making; leaving the block completes it, an exception aborts it.

    S3 keeps the parts of an upload that is neither completed nor aborted, and bills them.
    """

    def __init__(self, client: "S3Client", bucket: str, key: str, file_name: str) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._file_name = file_name
        self._buffer = bytearray()
        self._parts: list[CompletedPartTypeDef] = []
        self._upload_id = ""
        self.size_bytes = 0

    def __enter__(self) -> Self:
        created = self._client.create_multipart_upload(
            Bucket=self._bucket,
            Key=self._key,
            ContentType="text/csv; charset=utf-8",
            ContentDisposition=f'attachment; filename="{self._file_name}"',
            CacheControl="no-store",
        )
        self._upload_id = created["UploadId"]
        return self

    def write(self, content: bytes) -> None:
        """Add to the file; a part leaves when it is full."""
        self.size_bytes += len(content)
        self._buffer += content
        while len(self._buffer) >= PART_BYTES:
            self._send(bytes(self._buffer[:PART_BYTES]))
            del self._buffer[:PART_BYTES]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            return self._abort()
        try:
            self._complete()
        except BaseException:
            self._abort()
            raise
        return None

    def _complete(self) -> None:
        if self._buffer or not self._parts:
            self._send(bytes(self._buffer))
        self._client.complete_multipart_upload(
            Bucket=self._bucket,
            Key=self._key,
            UploadId=self._upload_id,
            MultipartUpload={"Parts": self._parts},
        )

    def _send(self, content: bytes) -> None:
        number = len(self._parts) + 1
        sent = self._client.upload_part(
            Bucket=self._bucket,
            Key=self._key,
            UploadId=self._upload_id,
            PartNumber=number,
            Body=content,
        )
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})

    def _abort(self) -> None:
        # What went wrong first is what the caller must hear; the bucket's lifecycle rule for
        # incomplete uploads takes what cannot be aborted now.
        with contextlib.suppress(BotoCoreError, ClientError):
            self._client.abort_multipart_upload(
                Bucket=self._bucket, Key=self._key, UploadId=self._upload_id
            )
