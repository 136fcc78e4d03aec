"""The variables that `sam local` gives a function: the shipped example, and those of a run that
containers reach by a password."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from urllib.parse import urlsplit

from local.__main__ import tokentill
from local.sam_local import EXAMPLE, KEPT, env_vars, example, example_here

SERVED = {
    "DATABASE_URL": "postgresql://postgres@127.0.0.1:8002/tokentill",
    "STRIPE_API_BASE": "http://127.0.0.1:8001",
    "STRIPE_API_KEY": "sk_test_standin",
}


def test_the_example_names_the_ports_that_are_served() -> None:
    served = {each.name: each.default for each in tokentill.commands["serve"].params}
    named = {name: urlsplit(example()[name]).port for name in ("DATABASE_URL", "STRIPE_API_BASE")}
    assert named == {
        "DATABASE_URL": served["postgres_port"],
        "STRIPE_API_BASE": served["stripe_port"],
    }


def test_the_example_leads_from_a_container_to_its_machine_and_from_there_to_itself() -> None:
    hosts = {urlsplit(example()[name]).hostname for name in ("DATABASE_URL", "STRIPE_API_BASE")}
    assert hosts == {"host.docker.internal"}
    assert example_here() == example() | SERVED


def test_a_container_gets_the_configuration_of_the_run_with_the_password(tmp_path: Path) -> None:
    path = tmp_path / "new" / "env.json"
    with env_vars(path, SERVED | {"UNKNOWN_USERS": "hold", "HOME": "/"}, "sesame"):
        written = json.loads(path.read_text())["Parameters"]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert written == dict.fromkeys(example(), "") | {
        "DATABASE_URL": "postgresql://postgres:sesame@host.docker.internal:8002/tokentill",
        "STRIPE_API_BASE": "http://host.docker.internal:8001",
        "STRIPE_API_KEY": "sk_test_standin",
        "UNKNOWN_USERS": "hold",
    }
    assert not path.exists()


def test_a_database_of_the_users_keeps_its_own_password(tmp_path: Path) -> None:
    path, url = tmp_path / "env.json", "postgresql://postgres:own@127.0.0.1:5432/till"
    with env_vars(path, {"DATABASE_URL": url}, ""):
        written = json.loads(path.read_text())["Parameters"]["DATABASE_URL"]
    assert written == url.replace("127.0.0.1", "host.docker.internal")


def test_what_a_run_wrote_and_could_not_remove_is_replaced_and_never_followed(
    tmp_path: Path,
) -> None:
    path, other = tmp_path / "env.json", tmp_path / "other"
    other.write_text("mine")
    path.symlink_to(other)
    with env_vars(path, SERVED, "sesame"):
        assert not path.is_symlink()
    assert other.read_text() == "mine"


def test_the_file_of_a_run_is_no_part_of_the_project() -> None:
    ignored = (EXAMPLE.parent / ".gitignore").read_text().splitlines()
    assert KEPT.relative_to(EXAMPLE.parent).parts[0] + "/" in ignored
