"""Plugins for every test."""

pytest_plugins = [
    "tests.databases",
    "tests.till",
    "tests.log_watch",
    "tests.artefacts",
    "tests.aws",
]
