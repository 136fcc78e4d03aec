"""RDS as records over a Postgres: every address of RDS leads to one door, where a password is
Postgres' own business, and a token is looked at as RDS Proxy does."""

from __future__ import annotations

import json
import os
import socket
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

from ministack.core.iam_evaluator import EvalContext, PrincipalInfo, evaluate, resolve_principal
from ministack.core.rds_iam import VerifiedRdsToken, verify_rds_iam_token
from ministack.core.responses import get_region, request_scope
from ministack.services import secretsmanager, sts
from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS as HANDLERS

from local.emulator import RDS_RESOURCE_ID
from local.emulator.records import arn, keep_as_record

LOGS_IN_WITH_TOKEN = "tokentill_"

# https://www.postgresql.org/docs/current/protocol-message-formats.html
ENCRYPTION_REQUESTS = (80877103, 80877104)
PROTOCOL_3 = 196608
ASK_FOR_PASSWORD = struct.pack("!cII", b"R", 8, 3)


def register(owner: Mapping[str, str]) -> None:
    """Stacks may have a cluster, whose administrator's secret is `owner`, and a proxy."""
    keep_as_record(
        "AWS::RDS::DBProxy",
        "DBProxyName",
        lambda name, _: {
            "Endpoint": address(f"{name}.proxy-0123"),
            "DBProxyArn": arn("rds", f"db-proxy:{RDS_RESOURCE_ID}"),
        },
    )
    keep_as_record(
        "AWS::RDS::DBProxyEndpoint",
        "DBProxyEndpointName",
        lambda name, _: {"Endpoint": address(f"{name}.endpoint.proxy-0123")},
    )
    keep_as_record("AWS::RDS::DBProxyTargetGroup")
    with_secret("AWS::RDS::DBCluster", owner)


def address(name: str) -> str:
    return f"{name}.{get_region()}.rds.amazonaws.com"


def with_secret(kind: str, owner: Mapping[str, str]) -> None:
    """The emulator's clusters keep no secret for their administrator."""
    known = dict(HANDLERS[kind])

    def made(way: str, *given: Any) -> tuple[str, dict[str, str]]:
        name, attributes = known[way](*given)
        secret = f"rds!cluster-{name}"
        secretsmanager.create_secret_in_process(secret, json.dumps(owner))
        _, found = secretsmanager._resolve(secret)
        return name, {**attributes, "MasterUserSecret.SecretArn": found["ARN"]}

    HANDLERS[kind] |= {
        "create": lambda *given: made("create", *given),
        "update": lambda *given: made("update", *given),
    }


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
            principal = resolve_principal(verified.access_key_id, account)
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
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    finally:
        for each in (source, target):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
