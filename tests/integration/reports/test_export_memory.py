"""An export's memory does not grow with its rows: some 100,000 pass through one process."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.lanes import size
from tests.unit.reports.builders import report_file

_ROWS = size(300_000, 1_000_000)
# Python with boto3 has 70; the rows themselves, held by whichever side, have 35 or more.
_MEGABYTES = 100
_PROJECT = Path(__file__).resolve().parents[3]
# As wide as a short list: an id, a name, an amount and a day, about 45 bytes a line.
_STATEMENT = (
    "SELECT 'pay_' || n AS payment_id, 'user_' || mod(n, 500) AS user_id,"
    " (n * 0.01)::numeric(12, 2) AS amount_paid, date '2026-01-01' + mod(n, 365)::int AS day"
    f" FROM generate_series(1, {_ROWS}) AS n"
)
_EXPORT = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from adapters.connecting import connect
from adapters.postgres import Database
from adapters.report_queries import PostgresReports, reports_in
from reports.answers import answer

database_url, folder = sys.argv[1:]
database = Database(lambda: connect(database_url))
store = PostgresReports(database, "exports", reports=reports_in(Path(folder)))
answered = answer({"report": "many", "export": True}, store, datetime.now(UTC))
# Not what getrusage says: that begins with the memory of the process which started this one.
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
megabytes = int(status["VmHWM"].split()[0]) / 1024
print(json.dumps([answered.rows, answered.size_bytes, megabytes]))
"""


class CountingS3(BaseHTTPRequestHandler):
    """S3's multipart upload, which counts the bytes and forgets them."""

    protocol_version = "HTTP/1.1"
    received = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"] or 0))
        tag = "InitiateMultipartUploadResult" if "uploads" in self.path else "Result"
        self._answer(f"<{tag}><UploadId>one</UploadId></{tag}>".encode())

    def do_PUT(self) -> None:
        CountingS3.received += len(self.rfile.read(int(self.headers["content-length"])))
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("etag", '"etag"')
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def counting_s3() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), CountingS3)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_many_rows_are_exported_in_little_memory(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "many.sql").write_text(report_file(statement=_STATEMENT), "utf-8")
    with counting_s3() as s3:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(_PROJECT / "src"),
            "AWS_ENDPOINT_URL_S3": s3,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        }
        command = [sys.executable, "-c", _EXPORT, database_url, str(tmp_path)]
        run = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert run.returncode == 0, run.stderr.decode()
    rows, size_bytes, megabytes = json.loads(run.stdout)
    assert rows == _ROWS
    assert CountingS3.received == size_bytes
    assert megabytes < _MEGABYTES
    print(f"{rows:,} rows, {size_bytes:,} bytes, {megabytes:.0f} MB of memory")
