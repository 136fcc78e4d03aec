"""Builds what Lambda gets: our code, its SQL, and the locked packages for the runtime's machine.

Needs nothing but the standard library and pip, for whoever runs `sam build` may have no more.
"""

from local.lambda_build.artefact import build
from local.lambda_build.target import PROJECT, Target

__all__ = ["PROJECT", "Target", "build"]
