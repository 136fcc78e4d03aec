"""Writes a report's whole result to S3 as CSV, a piece at a time, and signs a link to it.

boto3 takes a quarter of a second to import, so this module is imported by the first export only.
"""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from psycopg.rows import tuple_row

from adapters.multipart_upload import MultipartUpload
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
_ROWS_A_FETCH = 2000
# What completing or aborting the upload, and answering, may take.
_SECONDS_TO_FINISH = 3.0


class ExportOutOfTime(Exception):
    """The invocation would end before the export does."""


_CONFIG = Config(
    signature_version="s3v4",
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 3},
)


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
        rows = 0
        with (
            # The rows stay in the server until they are fetched, some thousand at a time.
            connection.cursor(name="export", row_factory=tuple_row) as cursor,
            MultipartUpload(self._client, self._name, key, file_name) as upload,
        ):
            cursor.execute(query.statement, query.values)
            upload.write(csv_lines([[column.name for column in cursor.description or ()]]).encode())
            while batch := cursor.fetchmany(_ROWS_A_FETCH):
                if seconds_left() < _SECONDS_TO_FINISH:
                    raise ExportOutOfTime
                upload.write(csv_lines(batch).encode())
                rows += len(batch)
        return Exported(query.report, self._link(key), now + LINK_LIVES, rows, upload.size_bytes)

    def _link(self, key: str) -> str:
        where = {"Bucket": self._name, "Key": key}
        lives = int(LINK_LIVES.total_seconds())
        return self._client.generate_presigned_url("get_object", Params=where, ExpiresIn=lives)
