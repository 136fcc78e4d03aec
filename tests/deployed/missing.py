"""Permissions that are taken away for a while, to see what misses them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from tests.deployed.stacks import Stack


@contextmanager
def without(stack: Stack, role: str, sid: str) -> Iterator[None]:
    """While this statement is taken out of the role's own policy."""
    iam, name = stack.account.client("iam"), stack.resource(role)
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    whole = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    kept = [each for each in whole["Statement"] if each.get("Sid") != sid]
    assert len(kept) == len(whole["Statement"]) - 1
    put = partial(iam.put_role_policy, RoleName=name, PolicyName=policy)
    put(PolicyDocument=json.dumps({**whole, "Statement": kept}))
    try:
        yield
    finally:
        put(PolicyDocument=json.dumps(whole))


@contextmanager
def detached(stack: Stack, role: str, policy: str) -> Iterator[None]:
    """While the role has not this policy."""
    iam = stack.account.client("iam")
    attached = {"RoleName": stack.resource(role), "PolicyArn": stack.resource(policy)}
    iam.detach_role_policy(**attached)
    try:
        yield
    finally:
        iam.attach_role_policy(**attached)


@contextmanager
def cold(stack: Stack, function: str) -> Iterator[None]:
    """While new containers serve this function, and again new ones afterwards."""
    functions = stack.account.client("lambda")
    change = partial(
        functions.update_function_configuration, FunctionName=f"{stack.name}-{function}"
    )
    # The same value; AWS starts anew whatever is changed, the emulator for this.
    change(MemorySize=512)
    try:
        yield
    finally:
        change(MemorySize=512)
