"""Writes a report's whole result to S3 as CSV, a piece at a time, and signs a link to it.

boto3 takes a quarter of a second to import, so this module is imported by the first export only.
"""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any, cast

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from psycopg import ServerCursor
from psycopg.rows import tuple_row

from adapters.postgres import Connection
from reports.answers import Exported
from reports.formats import csv_lines
from reports.queries import Query

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

S3_FAILURES = (BotoCoreError, ClientError)

# Long enough to download, short enough that a link in a chat is soon worth nothing. It also ends
# with the credentials of the function that signed it.
LINK_LIVES = timedelta(hours=1)
# S3 takes 10,000 parts of at least 5 MiB: with these a file may have 80 GB.
PART_BYTES = 8 * 1024 * 1024
_ROWS_A_FETCH = 2000
# What completing or aborting the upload, and answering, may take.
_SECONDS_TO_FINISH = 3.0

_CONFIG = Config(
    signature_version="s3v4",
    # Links to the bucket's own region: the global address, which boto3 signs for otherwise, leads
    # elsewhere, and what was signed for it is refused there.
    s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 3},
)
# One part after the other: more at once would hold more in memory, and Postgres is no faster.
_TRANSFER = TransferConfig(
    multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, use_threads=False
)


class ExportOutOfTime(Exception):
    """The invocation would end before the export does."""


@lru_cache(maxsize=8)
def bucket(name: str) -> "Bucket":
    """The bucket of this name; its client is made once a container."""
    return Bucket(name, boto3.client("s3", config=_CONFIG))


class Bucket:
    """The S3 bucket that exports go to."""

    def __init__(self, name: str, client: "S3Client") -> None:
        self._name = name
        self._client = client

    def export(
        self, query: Query, connection: Connection, seconds_left: Callable[[], float]
    ) -> Exported:
        """The query's result as a file. The connection is in the transaction to read in.

        :raises ExportOutOfTime: and psycopg.Error, or one of S3_FAILURES; no upload is left behind.
        """
        now = datetime.now(UTC)
        key = f"reports/{query.report}/{now:%Y-%m-%d}/{uuid.uuid4().hex}.csv"
        file_name = f"{query.report}-{now:%Y-%m-%dT%H%M%SZ}.csv"
        # The rows stay in the server until they are fetched, some thousand at a time.
        with connection.cursor(name="export", row_factory=tuple_row) as cursor:
            cursor.execute(query.statement, query.values)
            file = CsvFile(cursor, seconds_left)
            # Aborts an upload that fails. The bucket's lifecycle rule for incomplete uploads takes
            # what cannot be aborted.
            self._client.upload_fileobj(
                cast("IO[bytes]", file),
                self._name,
                key,
                ExtraArgs={
                    "ContentType": "text/csv; charset=utf-8",
                    "ContentDisposition": f'attachment; filename="{file_name}"',
                    "CacheControl": "no-store",
                },
                Config=_TRANSFER,
            )
        link = self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._name, "Key": key},
            ExpiresIn=int(LINK_LIVES.total_seconds()),
        )
        return Exported(query.report, link, now + LINK_LIVES, file.rows, file.size_bytes)


class CsvFile:
    """The rows of a cursor as a CSV file, which is written while it is read."""

    def __init__(
        self, cursor: ServerCursor[tuple[Any, ...]], seconds_left: Callable[[], float]
    ) -> None:
        self._cursor = cursor
        self._seconds_left = seconds_left
        self._pieces = self._written()
        self._ahead = bytearray()
        self.rows = 0
        self.size_bytes = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes, fewer than `size` only at the end; all that are left without a size.

        :raises ExportOutOfTime: and psycopg.Error.
        """
        while (size < 0 or len(self._ahead) < size) and (piece := next(self._pieces, b"")):
            self._ahead += piece
        taken = len(self._ahead) if size < 0 else min(size, len(self._ahead))
        read = bytes(memoryview(self._ahead)[:taken])
        del self._ahead[:taken]
        self.size_bytes += taken
        return read

    def _written(self) -> Iterator[bytes]:
        yield csv_lines([[column.name for column in self._cursor.description or ()]]).encode()
        while batch := self._cursor.fetchmany(_ROWS_A_FETCH):
            if self._seconds_left() < _SECONDS_TO_FINISH:
                raise ExportOutOfTime
            self.rows += len(batch)
            yield csv_lines(batch).encode()
