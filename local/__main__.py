"""The command line, `tokentill`. A command imports what it needs when it runs."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import click

from local import Failure

C = TypeVar("C", bound=Callable[..., Any])

_INTERRUPTED = 130
# Programs of their own read their options themselves.
_HANDED_ON: dict[str, Any] = {
    "add_help_option": False,
    "context_settings": {"ignore_unknown_options": True},
}
_OF_WHAT = (
    "Works on the account of STRIPE_API_KEY and the database of DATABASE_URL, or what else names"
    " them."
)
_STORY = (
    "With nothing configured it plays a story: a stand-in account, a third of whose deliveries"
    " never reached a till of its own."
)


class InOrder(click.Group):
    """Lists the commands as they are declared: what one tries first stands first."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.commands)


def port(name: str, default: int, whose: str) -> Callable[[C], C]:
    """An option for the port of a server."""
    return click.option(
        name,
        type=click.IntRange(0, 65535),
        metavar="PORT",
        default=default,
        help=f"Port of {whose}; 0: any.  [default: {default}]",
    )


@click.group(cls=InOrder, context_settings={"help_option_names": ["-h", "--help"]})
def tokentill() -> None:
    """Try, run and look after a till for token packages."""


@tokentill.command(
    epilog="Postgres is an embedded one, unless DATABASE_URL names a server: then the demo makes a"
    " database of its own there and drops it at the end. NO_COLOR turns colours off."
)
def demo() -> None:
    """Play a short story of payments and show the reports.

    It plays in a temporary database, and leaves nothing behind.
    """
    from local.demo.story import run

    run()


@tokentill.command()
@port("--port", 8000, "the till")
@port("--stripe-port", 8001, "the stand-in for Stripe")
@port("--postgres-port", 8002, "the database")
@click.option(
    "--bind",
    metavar="ADDRESS",
    default="127.0.0.1",
    help="Listen on this IPv4 address too, for containers. Whoever reaches it can see the reports"
    " and buy at the stand-in; the database asks for a password.",
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Keep the database here, unless DATABASE_URL names one.  [default: .local/postgres]",
)
@click.option(
    "--env-vars",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With --bind: where containers' variables go.  [default: .local/env.json]",
)
def serve(data_dir: Path | None, env_vars: Path | None, **ports_and_address: Any) -> None:
    """Serve the webhook and the reports until Ctrl-C.

    With the account of STRIPE_API_KEY, or else with a stand-in for Stripe, on 127.0.0.1.
    """
    from local.kept_database import usual_data_dir
    from local.sam_local import KEPT
    from local.serve import Places, run

    data_dir, env_vars = data_dir or usual_data_dir(), env_vars or KEPT
    run(Places(data_dir=data_dir, env_vars=env_vars, **ports_and_address))


@tokentill.command()
def emulator() -> None:
    """Run an emulator of AWS to deploy to, until Ctrl-C.

    With databases as RDS has them and a stand-in for Stripe; it prints what to export.
    """
    from local.emulate import run

    run()


@tokentill.command(**_HANDED_ON)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def stripe(options: Sequence[str]) -> None:
    """Serve the stand-in for Stripe by itself."""
    _become("standin", options)


@tokentill.command(epilog=f"{_OF_WHAT} {_STORY} Ends with 0 when all is done, else with 1.")
@click.option("--since", metavar="TIME", help="Everything from this ISO time on.")
@click.option("--days", type=int, metavar="N", help="Everything of the last N days.")
@click.option("--dry-run", is_flag=True, default=None, help="Only say what would be repaired.")
@click.option("--max-pages", type=int, metavar="N", help="Read at most N pages.")
def reconcile(**request: Any) -> int:
    """Find what Stripe knows and the till does not, and repair it."""
    from local.reconcile import run_reconcile

    return run_reconcile(request)


@tokentill.command(
    epilog=f"{_OF_WHAT} Writes nothing. {_STORY} It is proved, reconciled and proved again. Ends"
    " with 0 when all is equal, else with 1."
)
@click.option("--since", metavar="TIME", help="From this ISO time on.")
@click.option("--until", metavar="TIME", help="Up to this ISO time.  [default: now]")
@click.option("--days", type=int, metavar="N", help="The last N days.  [default: 30]")
def prove(**request: Any) -> int:
    """Prove that Stripe, payments, ledger and balances agree.

    Every difference is named.
    """
    from local.reconcile import run_prove

    return run_prove(request)


@tokentill.command(epilog=f"{_OF_WHAT} With nothing configured, a stand-in for both.")
@click.option("--url", help="Where Stripe must deliver.  [default: WEBHOOK_URL]")
def doctor(url: str | None) -> int:
    """Look whether Stripe, the database and the code fit together.

    It says what to mend, and then ends with 1.
    """
    from local.doctor import run

    return run(url)


@tokentill.command()
def migrate() -> int:
    """Apply the pending migrations to the configured database."""
    from local.migrate import run

    return run()


def as_sam_deploy(command: Any) -> Any:
    """The options by which `sam deploy` would be told the same."""
    for option in (
        click.option("--profile", metavar="NAME", help="Whose credentials."),
        click.option("--region", metavar="NAME", help="Where it is deployed."),
    ):
        command = option(command)
    return command


@tokentill.command(
    epilog="Only reads. Ends with 1 when something would fail. What is not known is said, not ok."
)
@click.argument("stack_name", metavar="STACK")
@click.option("--config-env", default="default", show_default=True, help="Which part of the file.")
@click.option("--config-file", type=click.Path(path_type=Path), help="[default: the stack's]")
@click.option(
    "--parameter-overrides",
    multiple=True,
    metavar="NAME=VALUE",
    help="In the place of those in it.",
)
@as_sam_deploy
def preflight(**options: Any) -> int:
    """Look, before a deployment, for what would make it fail.

    It takes options of `sam deploy`, and the answers that `deploy` has kept.
    """
    from local.deployment.answers import answers
    from local.deployment.plan import Plan, session
    from local.deployment.preflight import run

    told = answers(**options)
    return run(Plan(told, session(told)))


@tokentill.command(epilog="Writes nothing. Ends with 0 when all is well, else with 1.")
@click.argument("stack_name", metavar="STACK")
@as_sam_deploy
def smoke(**options: Any) -> int:
    """Look, after a deployment, whether what it made works."""
    from local.deployment.answers import Answers
    from local.deployment.plan import session
    from local.deployment.smoke import run, stack

    told = Answers(**options)
    return run(stack(session(told), told.stack_name))


@tokentill.command()
@click.argument("name", default="")
def event(name: str) -> None:
    """Sign a sample event, and say how to invoke with it.

    Its signature is good for five minutes. Without a NAME it lists the events.
    """
    from local.sign_event import run

    run(name)


@tokentill.command()
@click.argument("name", default="")
def invoke(name: str) -> int:
    """Invoke a function in Lambda's own runtime.

    With a sample event, against a running `serve`, configured by env.example.json. The functions
    are built when anything changed. Needs Linux and the SAM CLI, and no container engine. Ends with
    1 when the answer is an error. Without a NAME it lists the events.
    """
    from local.invoke import run

    return run(name)


@tokentill.command()
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Keep the data here.  [default: nowhere]",
)
def postgres(data_dir: Path | None) -> None:
    """Run an embedded Postgres until Ctrl-C, and print its URL."""
    from local.postgres import postgres_server

    try:
        with postgres_server(data_dir, durable=data_dir is not None) as server:
            click.echo(server.url("postgres"))
            signal.pause()
    except KeyboardInterrupt:
        click.echo("stopped")


@tokentill.command(context_settings={"ignore_unknown_options": True})
@click.argument("stack")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def deploy(stack: str, options: Sequence[str]) -> int:
    """Build and deploy a stack; OPTIONS are of `sam deploy`."""
    from local.deploy import run

    return run(stack, options)


@tokentill.command(**_HANDED_ON)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def artefact(options: Sequence[str]) -> None:
    """Build what one Lambda function gets."""
    _become("local.lambda_build", options)


@tokentill.command()
@click.option("--address", help="Of a till that is served.  [default: the demo's month, played]")
def screenshots(address: str | None) -> None:
    """Take the pictures in docs/screenshots/ again."""
    from local.browser import take_screenshots

    take_screenshots(address)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; answers the exit code. What a person can mend is told in a sentence."""
    try:
        return int(tokentill.main(arguments, "tokentill", standalone_mode=False) or 0)
    except click.Abort:
        return _INTERRUPTED
    except click.ClickException as error:
        return _told(error.format_message(), error.exit_code)
    except Failure as error:
        return _told(str(error), error.exit_code)
    except Exception as error:
        from local.configured import REFUSALS

        if not isinstance(error, REFUSALS):
            raise
        return _told(str(error), 1)


def _told(message: str, exit_code: int) -> int:
    click.echo(message, err=True)
    return exit_code


def _become(module: str, options: Sequence[str]) -> None:
    """Another program in the place of this one, so its signals and exit code are its own."""
    safe_path = ["-P"] if sys.flags.safe_path else []
    os.execv(sys.executable, [sys.executable, *safe_path, "-m", module, *options])  # noqa: S606


if __name__ == "__main__":
    # Supervisors ask by SIGTERM for what people ask by Ctrl-C; and what a script starts in the
    # background is born with SIGINT ignored.
    for asked_to_end in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked_to_end, signal.default_int_handler)
    exit_code = main()
    if exit_code == _INTERRUPTED:
        # Everything is closed by now, but for a thread whose start was interrupted: Python would
        # wait for it without an end.
        with suppress(OSError):
            sys.stdout.flush()
        os._exit(exit_code)
    sys.exit(exit_code)
