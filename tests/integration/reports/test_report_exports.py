"""An export puts the whole result into S3, or leaves nothing there."""

import csv
import io
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from mypy_boto3_s3 import S3Client

from adapters import exports
from adapters.connecting import connect
from adapters.postgres import Database
from adapters.report_queries import PostgresReports, reports_in
from reports.answers import Exported, answer
from reports.problems import Problem
from tests.integration.reports.books import START, Books
from tests.unit.reports.builders import code_of, report_file

_BUCKET = "exports"
# A part and a half.
_LARGE = "SELECT n, repeat('x', 1000) AS x FROM generate_series(1, 12000) AS n"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Client]:
    """An S3 with an empty bucket, in this process."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("REPORTS_EXPORT_BUCKET", _BUCKET)
    exports.bucket.cache_clear()
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=_BUCKET)
        yield client
    exports.bucket.cache_clear()


def keys(s3: S3Client) -> list[str]:
    return [each["Key"] for each in s3.list_objects_v2(Bucket=_BUCKET).get("Contents", [])]


def unfinished(s3: S3Client) -> list[Any]:
    return list(s3.list_multipart_uploads(Bucket=_BUCKET).get("Uploads", []))


def rows_of(s3: S3Client) -> list[list[str]]:
    """The only file in the bucket, read as CSV."""
    [key] = keys(s3)
    text = s3.get_object(Bucket=_BUCKET, Key=key)["Body"].read().decode()
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def parts_of(s3: S3Client) -> int:
    """How many parts the only file went up in; S3 says it in the tag of those that had several."""
    [key] = keys(s3)
    _, _, parts = s3.head_object(Bucket=_BUCKET, Key=key)["ETag"].strip('"').partition("-")
    return int(parts or 1)


def exported(
    database_url: str,
    folder: Path,
    statement: str,
    *header: str,
    seconds_left: Callable[[], float] = lambda: 900,
) -> Exported | Problem:
    """Exports a report made of this statement. Each fetch of rows asks how much time is left."""
    (folder / "made.sql").write_text(report_file(*header, statement=statement), "utf-8")
    with closing(Database(lambda: connect(database_url))) as database:
        reports = PostgresReports(database, _BUCKET, reports=reports_in(folder)).within(
            seconds_left
        )
        answered = answer({"report": "made", "export": True}, reports, START)
    assert isinstance(answered, Exported | Problem)
    return answered


def test_an_export_holds_every_row_in_order_beyond_any_page(books: Books, s3: S3Client) -> None:
    paid = [books.pay() for _ in range(3)]
    answered = books.asked("recent_payments", export=True)
    header, *rows = rows_of(s3)
    assert header[0] == "payment_id"
    assert [row[0] for row in rows] == paid[::-1]
    assert answered["rows"] == 3


def test_an_export_is_fetched_as_a_file_with_a_signed_link(books: Books, s3: S3Client) -> None:
    answered = books.asked("total_revenue", export=True)
    [key] = keys(s3)
    link = urllib.parse.urlsplit(answered["url"])
    assert link.path.endswith(key)
    assert urllib.parse.parse_qs(link.query)["X-Amz-Expires"] == ["3600"]
    head = s3.head_object(Bucket=_BUCKET, Key=key)
    assert head["ContentType"] == "text/csv; charset=utf-8"
    assert head["ContentDisposition"].startswith('attachment; filename="total_revenue-')
    assert head["ContentLength"] == answered["size_bytes"]


@pytest.mark.parametrize("region", ["eu-central-1", "us-east-1"])
def test_a_link_is_of_the_buckets_own_host_in_its_region(
    monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path, region: str
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    exports.bucket.cache_clear()
    with mock_aws():
        elsewhere = {} if region == "us-east-1" else {"LocationConstraint": region}
        boto3.client("s3").create_bucket(
            Bucket=_BUCKET, **({"CreateBucketConfiguration": elsewhere} if elsewhere else {})
        )
        link = exported(database_url, tmp_path, "SELECT 1 AS n").url
    exports.bucket.cache_clear()
    assert urllib.parse.urlsplit(link).netloc == f"{_BUCKET}.s3.{region}.amazonaws.com"


def test_a_large_export_goes_up_in_parts(database_url: str, s3: S3Client, tmp_path: Path) -> None:
    answered = exported(database_url, tmp_path, _LARGE, "sort: n integer desc")
    assert isinstance(answered, Exported)
    assert answered.size_bytes > exports.PART_BYTES
    assert parts_of(s3) == 2
    rows = rows_of(s3)
    assert [row[0] for row in rows] == ["n", *map(str, range(12000, 0, -1))]


def test_a_small_export_goes_up_in_one_call(
    database_url: str, s3: S3Client, tmp_path: Path
) -> None:
    exported(database_url, tmp_path, "SELECT 1 AS n")
    assert parts_of(s3) == 1


def test_an_export_of_nothing_has_its_header(
    database_url: str, s3: S3Client, tmp_path: Path
) -> None:
    exported(database_url, tmp_path, "SELECT 1 AS a, 2 AS b WHERE false")
    assert rows_of(s3) == [["a", "b"]]


def test_an_export_that_fails_half_way_leaves_nothing(
    database_url: str, s3: S3Client, tmp_path: Path
) -> None:
    statement = (
        "SELECT 1 / (11000 - n) AS n, repeat('x', 1000) AS x FROM generate_series(1, 12000) n"
    )
    answered = exported(database_url, tmp_path, statement)
    assert code_of(answered) == "report_failed"
    assert keys(s3) == []
    assert unfinished(s3) == []


def test_an_export_gives_up_before_its_time_is_over(
    database_url: str, s3: S3Client, tmp_path: Path
) -> None:
    answered = exported(database_url, tmp_path, "SELECT 1 AS n", seconds_left=lambda: 1)
    assert code_of(answered) == "too_slow"
    assert unfinished(s3) == []


def test_an_export_whose_time_runs_out_half_way_leaves_nothing(
    database_url: str, s3: S3Client, tmp_path: Path
) -> None:
    seen = []

    def seconds_left() -> float:
        seen.append(unfinished(s3))
        return 1 if seen[-1] else 900

    answered = exported(database_url, tmp_path, _LARGE, seconds_left=seconds_left)
    assert code_of(answered) == "too_slow"
    assert len(seen) > 1
    assert keys(s3) == []
    assert unfinished(s3) == []


def test_a_bucket_that_fails_half_way_is_told(
    database_url: str, s3: S3Client, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def seconds_left() -> float:
        if unfinished(s3):
            s3.delete_bucket(Bucket=_BUCKET)
        return 900

    answered = exported(database_url, tmp_path, _LARGE, seconds_left=seconds_left)
    assert code_of(answered) == "export_failed"
    assert "NoSuchBucket" in caplog.text


def test_an_export_reads_as_the_role_that_can_only_read(
    database_url: str, s3: S3Client, tmp_path: Path
) -> None:
    exported(database_url, tmp_path, "SELECT current_user::text AS who")
    assert rows_of(s3)[1] == ["report_reader"]


def test_a_missing_bucket_is_told(
    database_url: str, s3: S3Client, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    s3.delete_bucket(Bucket=_BUCKET)
    answered = exported(database_url, tmp_path, "SELECT 1 AS n")
    assert code_of(answered) == "export_failed"
    assert "NoSuchBucket" in caplog.text


def test_without_a_bucket_there_are_no_exports(books: Books) -> None:
    answered = books.asked("total_revenue", export=True)
    assert answered["error"]["code"] == "export_not_configured"
    assert "REPORTS_EXPORT_BUCKET" in answered["error"]["message"]
