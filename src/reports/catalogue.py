"""All reports by name, and what a caller is told about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.declaration import read_report
from reports.parameters import Parameter
from reports.problems import Problem, nearest, shown
from reports.report import Report


@dataclass(frozen=True)
class Catalogue:
    """The reports there are, by name, in alphabetical order."""

    reports: Mapping[str, Report]

    def find(self, name: object) -> Report | Problem:
        """The report of this name, or `unknown_report` with the names there are."""
        if isinstance(name, str) and name in self.reports:
            return self.reports[name]
        return Problem(
            "unknown_report",
            f"There is no report {shown(name)}.{nearest(name, self.reports)}"
            f" The reports are {', '.join(self.reports)}.",
        )


def read_catalogue(files: Mapping[str, str]) -> Catalogue:
    """The catalogue of these files, given as text by name without ending.

    :raises HeaderError: the first file that cannot be read, and what is wrong with it.
    """
    return Catalogue({name: read_report(name, files[name]) for name in sorted(files)})


def described(catalogue: Catalogue) -> dict[str, Any]:
    """The catalogue as JSON values: `{"reports": [{"name", "title", "description", "params",
    "sort", "example"}]}`, where `example` is a call that works as it stands."""
    return {"reports": [_described(report) for report in catalogue.reports.values()]}


def _described(report: Report) -> dict[str, Any]:
    required = {each.name: each.example for each in report.parameters if each.required}
    return {
        "name": report.name,
        "title": report.title,
        "description": report.description,
        "params": [_described_parameter(each) for each in report.parameters],
        "sort": report.sort and report.sort.written,
        "example": {"report": report.name} | ({"params": required} if required else {}),
    }


def _described_parameter(parameter: Parameter) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": parameter.name,
        "type": parameter.kind.name,
        "description": parameter.description,
        "expected": parameter.expected,
        "required": parameter.required,
        "default": parameter.default,
        "example": parameter.example,
    }
    if parameter.choices:
        described["choices"] = list(parameter.choices)
    return described
