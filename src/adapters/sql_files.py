"""The statements in `sql/`, by name; found in the repository and in the built artefact alike."""

from pathlib import Path

# In the repository sql/ lies beside src/, in the artefact beside adapters/: the nearest one above.
SQL_ROOT = next(
    above / "sql" for above in Path(__file__).resolve().parents if (above / "sql").is_dir()
)


def statement(name: str) -> str:
    """The statement `sql/<name>.sql` without its header comment.

    Called while a module is imported, so that a missing file fails at cold start.
    Raises FileNotFoundError.
    """
    lines = (SQL_ROOT / f"{name}.sql").read_text(encoding="utf-8").splitlines()
    body = next(at for at, line in enumerate(lines) if not line.startswith("--"))
    return "\n".join(lines[body:])
