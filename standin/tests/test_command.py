"""`python -m standin`, and what it begins with."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from urllib.request import urlopen

import pytest

from standin import StripeAccount
from standin.__main__ import main, seed


def test_the_command_serves_until_it_is_ended() -> None:
    command = [sys.executable, "-m", "standin", "--seed"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert url is not None
        with urlopen(url.group(), timeout=5) as answer:  # noqa: S310 (the server just started)
            html = answer.read().decode()
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=10)
    assert (code, "Enterprise, 499.00 USD" in html) == (0, True)


def test_a_port_that_is_taken_is_an_error_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit):
            main(["--port", str(port)])
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == f"python -m standin: error: port {port} on 127.0.0.1 is taken"


def test_the_packages_it_begins_with_have_the_same_prices_in_every_run() -> None:
    assert seed(StripeAccount(id_seed="first")) == seed(StripeAccount(id_seed="second"))
