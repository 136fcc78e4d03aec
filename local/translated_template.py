"""Translates the SAM template as CloudFormation would, without AWS; runs where the SAM CLI is.

    .venv-sam/bin/python -m local.translated_template [NAME OF THE ARTEFACT]

Some rules of cfn-lint only fire on the result, which is written as JSON. The artefact's name stands
for the zip file that the functions' code is in: `sam deploy` names it by its content.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

TEMPLATE = Path(__file__).resolve().parents[1] / "template.yaml"
REGION = "eu-central-1"


class NoManagedPolicies(ManagedPolicyLoader):  # type: ignore[misc]
    """IAM's list of managed policies, which the template takes no names from."""

    def __init__(self) -> None:
        """Needs no client."""

    def load(self) -> dict[str, str]:
        return {}


def translated(artefact: str) -> dict[str, Any]:
    """The template after its transform, with all functions' code in the zip file `artefact`."""
    # The translator asks boto3 for the region, and boto3 the environment.
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    template = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    template["Globals"]["Function"]["CodeUri"] = f"s3://artefacts/{artefact}"
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::CloudFormation::Stack":
            name = resource["Properties"]["TemplateURL"]
            resource["Properties"]["TemplateURL"] = f"https://artefacts.s3.amazonaws.com/{name}"
    result: dict[str, Any] = transform(template, {}, NoManagedPolicies())
    return result


if __name__ == "__main__":
    json.dump(translated(sys.argv[1] if len(sys.argv) > 1 else "artefact"), sys.stdout, indent=2)
