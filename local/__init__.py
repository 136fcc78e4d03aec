"""Stands in for AWS, Stripe and a database server on one machine."""


class Failure(Exception):
    """What whoever runs a command can mend. The message says how, and is all that is shown."""

    exit_code = 1


class Misuse(Failure):
    """A command was given something that makes no sense."""

    exit_code = 2
