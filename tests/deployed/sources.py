"""What is deployed: the checkout's templates and its code, as they are or with a change."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

from local.lambda_build import PROJECT


@dataclass(frozen=True)
class Source:
    """A folder to deploy from: the checkout's templates, and the code as one zip file."""

    folder: Path

    @property
    def code(self) -> Path:
        return self.folder / "artefact.zip"

    @property
    def template(self) -> Path:
        return self.folder / "template.yaml"

    def copy(self, folder: Path) -> Source:
        """Another one, to be changed."""
        shutil.copytree(self.folder, folder)
        return Source(folder)

    def with_migration(self, name: str, sql: str) -> None:
        """One more migration in the code."""
        with zipfile.ZipFile(self.code, "a", zipfile.ZIP_DEFLATED) as code:
            code.writestr(f"sql/schema/{name}.sql", sql)


def source(folder: Path, artefact: Path) -> Source:
    """What `sam build` makes, with the code in `artefact` for every function."""
    made = Source(folder)
    shutil.copytree(PROJECT / "stacks", folder / "stacks")
    shutil.copy(PROJECT / "samconfig.toml", folder)
    template = (PROJECT / "template.yaml").read_text("utf-8")
    assert template.count("CodeUri: src/") == 1
    made.template.write_text(template.replace("CodeUri: src/", f"CodeUri: {made.code.name}"))
    with zipfile.ZipFile(made.code, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as code:
        for path in sorted(artefact.rglob("*")):
            code.write(path, path.relative_to(artefact))
    return made
