"""The door to Postgres, in place of RDS and its proxy: a password is Postgres' own business, and a
token is looked at, and with it the policies of who signed it."""

from __future__ import annotations

import os
import socket
import struct
import time
from contextlib import suppress
from dataclasses import dataclass
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from urllib.parse import parse_qs

from ministack.core.iam_evaluator import EvalContext, PrincipalInfo, evaluate, resolve_principal
from ministack.core.rds_iam import VerifiedRdsToken, verify_rds_iam_token
from ministack.core.responses import request_scope
from ministack.services import sts

from local.emulator import RDS_RESOURCE_ID
from local.emulator.records import arn

LOGS_IN_WITH_TOKEN = "tokentill_"

# https://www.postgresql.org/docs/current/protocol-message-formats.html
ENCRYPTION_REQUESTS = (80877103, 80877104)
PROTOCOL_3 = 196608
ASK_FOR_PASSWORD = struct.pack("!cII", b"R", 8, 3)


@dataclass(frozen=True)
class Login:
    """A role that asks to come in at the door with what may be a token for it."""

    user: str
    token: str
    port: int

    def refusal(self) -> str | None:
        """None when the token is good and the policies of who signed it allow the login."""
        account, region = os.environ["MINISTACK_ACCOUNT_ID"], os.environ["MINISTACK_REGION"]
        with request_scope(account, region):
            # Functions' sessions have no end here; RDS takes none without.
            session = sts._sessions.get(self.access_key())
            if session is not None:
                session.setdefault("Expiration", time.time() + 3600)
            verified = verify_rds_iam_token(
                self.token,
                hostname="localhost",
                port=self.port,
                db_user=self.user,
                region=region,
                account_id=account,
            )
            if not isinstance(verified, VerifiedRdsToken):
                return str(verified.code)
            return self.denied_by_policies(verified.access_key_id, account, region)

    def denied_by_policies(self, access_key: str, account: str, region: str) -> str | None:
        principal = resolve_principal(access_key, account)
        if not isinstance(principal, PrincipalInfo):
            return str(principal.code)
        if principal.policies is None:
            return None
        asked = EvalContext(
            principal_arn=principal.arn,
            principal_type=principal.type,
            principal_account=account,
            action="rds-db:connect",
            resource_arn=arn("rds-db", f"dbuser:{RDS_RESOURCE_ID}/{self.user}"),
            region=region,
            principal_keys=principal.keys,
        )
        decision = evaluate(asked, principal.policies, *principal.limits).decision
        return None if decision == "Allow" else str(decision)

    def access_key(self) -> str:
        fields = parse_qs(self.token.partition("?")[2])
        return fields.get("X-Amz-Credential", [""])[0].partition("/")[0]


class Door(ThreadingTCPServer):
    """Takes connections in place of RDS, and hands those that may come in to Postgres."""

    daemon_threads = True

    def __init__(self, postgres_port: int) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.postgres_port = postgres_port
        self.port = int(self.server_address[1])

    def open(self) -> int:
        """Take connections from now on; answers the port."""
        Thread(target=self.serve_forever, daemon=True).start()
        return self.port


class Visit(StreamRequestHandler):
    server: Door

    def handle(self) -> None:
        code, startup = self.startup()
        fields = startup[8:].split(b"\0")
        named = dict(zip(fields[::2], fields[1::2], strict=False))
        user = named.get(b"user", b"").decode()
        if code == PROTOCOL_3 and user.startswith(LOGS_IN_WITH_TOKEN):
            self.wfile.write(ASK_FOR_PASSWORD)
            refusal = Login(user, self.password(), self.server.port).refusal()
            if refusal is not None:
                self.refuse(f'PAM authentication failed for user "{user}": {refusal}')
                return
        self.relay(startup)

    def startup(self) -> tuple[int, bytes]:
        """The code of the first packet that is no question for encryption, and the packet."""
        while True:
            head = self.rfile.read(8)
            size, code = struct.unpack("!II", head)
            packet = head + self.rfile.read(size - 8)
            if code not in ENCRYPTION_REQUESTS:
                return code, packet
            self.wfile.write(b"N")

    def password(self) -> str:
        _, size = struct.unpack("!cI", self.rfile.read(5))
        return bytes(self.rfile.read(size - 4)).rstrip(b"\0").decode()

    def refuse(self, why: str) -> None:
        body = b"SFATAL\0VFATAL\0C28000\0M" + why.encode() + b"\0\0"
        self.wfile.write(struct.pack("!cI", b"E", len(body) + 4) + body)

    def relay(self, startup: bytes) -> None:
        with socket.create_connection(("127.0.0.1", self.server.postgres_port)) as postgres:
            postgres.sendall(startup)
            Thread(target=pass_on, args=(postgres, self.connection), daemon=True).start()
            pass_on(self.connection, postgres)


def pass_on(source: socket.socket, target: socket.socket) -> None:
    """Until one of the two has gone; then the other goes, too."""
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for each in (source, target):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
