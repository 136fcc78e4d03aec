"""The program: it serves AWS's API on GATEWAY_PORT until its standard input ends, and then takes
its temporary folder along."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from threading import Thread

from ministack import app

from local.emulator import alarms, database, functions, http_api, logins, records


def main() -> None:
    """Register what is missing, and serve."""
    parser = argparse.ArgumentParser(prog="python -m local.emulator", description=__doc__)
    parser.add_argument("--interpreter", required=True, help="the Python of the functions")
    parser.add_argument("--stripe-url", required=True, help="the stand-in for Stripe")
    parser.add_argument("--postgres-port", required=True, type=int, help="what RDS leads to")
    parser.add_argument(
        "--owner", required=True, type=json.loads, help="the administrator's secret"
    )
    given = parser.parse_args()
    records.register()
    alarms.register()
    http_api.register()
    database.register(given.owner)
    door = logins.Door(given.postgres_port)
    functions.register(given.interpreter, functions.Network(given.stripe_url, door.open()))
    # It would listen on 443 as well, for a service that nobody asks for here.
    app._port_is_bindable = lambda _host, _port: False
    Thread(target=end_with_input, daemon=True).start()
    sys.argv[1:] = []
    app.main()


def end_with_input() -> None:
    """Whoever started this closes the pipe, or is gone."""
    sys.stdin.read()
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    main()
