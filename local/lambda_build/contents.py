"""What of the locked packages stays out of the artefact, and why it is not missed.

Everything here is provably not used; a test looks for imports of it in what is left. Licences and
versions (`*.dist-info`) stay: the first must go where the code goes.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

# The services that the code makes boto3 clients of: IAM tokens for RDS, exports, secrets. botocore
# reads the description of a service when a client of it is made, and describes 400 of them.
AWS_SERVICES = frozenset(("rds", "s3", "secretsmanager"))

# Modules and files, as patterns from the top of the artefact.
NOT_NEEDED = (
    # Programs that packages bring along, such as normalizer: a function starts none.
    "bin",
    # The shapes of requests, for type checkers: stripe imports them under TYPE_CHECKING only.
    "stripe/params",
    # Models of boto3.resource(...), which nobody calls, and examples for boto3's documentation.
    "boto3/data",
    "boto3/examples",
    # Swagger's page of an OpenAPI document; the API here is Stripe's webhook and has no such page.
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/*.min.*",
    # Packages' own tests, and what type checkers read.
    "*/tests",
    "**/*.pyi",
    "**/py.typed",
    # Made by pip's own Python, if at all; the runtime's bytecode is added afterwards.
    "**/__pycache__",
)


def prune(packages: Path) -> None:
    """Delete from a folder of installed packages what the functions never use."""
    for each in list(_not_needed(packages)):
        if each.is_dir():
            shutil.rmtree(each)
        else:
            each.unlink(missing_ok=True)


def _not_needed(packages: Path) -> Iterator[Path]:
    for pattern in NOT_NEEDED:
        yield from packages.glob(pattern)
    # The files beside the services' folders are about all of them: endpoints, retries.
    for service in (packages / "botocore" / "data").iterdir():
        if service.is_dir() and service.name not in AWS_SERVICES:
            yield service
