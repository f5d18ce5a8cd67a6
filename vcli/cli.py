"""The program: finds the command, imports only that one, runs it, and turns the outcome into an exit code.

Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 timed out or not ready, 5 exists or conflict, 6 host
unreachable or not allowed, 126/127 command not runnable/found, 128+n ended by signal n, 130 interrupted.
"""

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any

import typer
from typer.main import get_command

from vcli.commands.options import Group, Session, root
from vcli.console import Console, Output
from vcli.errors import InterruptError, UsageError, VcliError
from vcli.helptext import Family, Verb
from vcli.result import Result


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives, so that listing commands imports none of them."""

    target: str
    help: str
    section: str
    alias_of: str | None = None


CLUSTERS, ACCESS, HOST, OTHER = "Virtual clusters", "Access", "Host", "Other"

COMMANDS: dict[str, Entry] = {
    "create": Entry("vcli.commands.create:create", "Create a virtual cluster and connect to it", CLUSTERS),
    "list": Entry("vcli.commands.list:list_", "List virtual clusters", CLUSTERS),
    "ls": Entry("vcli.commands.list:list_", "List virtual clusters", CLUSTERS, alias_of="list"),
    "describe": Entry("vcli.commands.describe:describe", "Show all about one virtual cluster", CLUSTERS),
    "logs": Entry("vcli.commands.logs:logs", "Print the logs of a control plane", CLUSTERS),
    "delete": Entry(
        "vcli.commands.delete:delete", "Remove a virtual cluster and all that was made", CLUSTERS
    ),
    "template": Entry("vcli.commands.template:template", "Print the YAML that create would apply", CLUSTERS),
    "connect": Entry("vcli.commands.connect:connect", "Point kubectl, or one command, at a cluster", ACCESS),
    "disconnect": Entry("vcli.commands.disconnect:disconnect", "Go back to the context from before", ACCESS),
    "token": Entry("vcli.commands.token:token", "Print credentials, as a kubectl plugin does", ACCESS),
    "tunnels": Entry("vcli.commands.tunnels:tunnels", "List the tunnels in the background", ACCESS),
    "host": Entry("vcli.commands.host:host", "Run the embedded Kubernetes host", HOST),
    "image": Entry("vcli.commands.image:image", "Build the syncer image without Docker", HOST),
    "completion": Entry("vcli.commands.completion:completion", "Print a completion script", OTHER),
    "version": Entry("vcli.commands.version:version", "Print the version of vcli", OTHER),
}

COMPLETE_VARIABLE = "_VCLI_COMPLETE"

DESCRIPTION = """Virtual Kubernetes clusters inside one namespace of a host cluster.

A virtual cluster has its own API server, store and controllers; its pods run on the host's nodes."""

EPILOG = "Run 'vcli COMMAND --help' for more about a command."


class Root(Family):
    """The top: knows every command by name, and imports the one that is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """The names that help and completion show."""
        return [name for name, entry in COMMANDS.items() if entry.alias_of is None]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Import a command; None if there is none of that name."""
        entry = COMMANDS.get(cmd_name)
        return None if entry is None else load(entry.alias_of or cmd_name, entry.target)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command, or say which one may have been meant."""
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f"did you mean 'vcli {near[0]}'?" if near else "run 'vcli --help' for the list"
            raise UsageError(f"there is no command {args[0]!r}", hint=hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """List the commands by what one wants to do."""
        for section in (CLUSTERS, ACCESS, HOST, OTHER):
            with formatter.section(section):
                formatter.write_dl(
                    [(n, e.help) for n, e in COMMANDS.items() if e.section == section and e.alias_of is None]
                )

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Complete from the table, importing nothing."""
        from typer.core import CompletionItem  # type: ignore[attr-defined]  # noqa: PLC0415

        found: list[Any] = [
            CompletionItem(name, help=entry.help)
            for name, entry in COMMANDS.items()
            if entry.alias_of is None and name.startswith(incomplete)
        ]
        return found or super(Family, self).shell_complete(ctx, incomplete)


def load(name: str, target: str) -> Any:
    """Import ``module:attribute`` and make a command of the function or `Group` found there."""
    module, _, attribute = target.partition(":")
    found = getattr(importlib.import_module(module), attribute)
    if isinstance(found, Group):
        app = found.app
    else:
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command(name, cls=Verb)(found)
    built = get_command(app)
    built.name = name
    return built


app = typer.Typer(
    cls=Root,
    add_completion=False,
    rich_markup_mode=None,
    help=DESCRIPTION,
    epilog=EPILOG,
    pretty_exceptions_enable=False,
)


def _print_version(value: bool) -> None:  # noqa: FBT001
    if value:
        from vcli import __version__  # noqa: PLC0415

        sys.stdout.write(f"vcli {__version__}\n")
        raise typer.Exit


@app.callback()
@root
def _root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass


_TYPER_USAGE = typer.BadParameter.__mro__[1]  # its UsageError, which has no public name


def run_cli(argv: Sequence[str] | None = None) -> int:
    """Run one command line.

    Args:
        argv: the arguments after the program's name; those of the process when None.

    Returns:
        The exit code. Everything else was written to stdout and stderr.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    if COMPLETE_VARIABLE in os.environ:
        return _complete()
    session = Session(console=Console(output=_asked_output(args)))
    try:
        return _run(args, session)
    except BrokenPipeError:
        # Whoever read our output has gone (`vcli list | head -1`): nothing to say, and nobody to say it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + 13
    except (KeyboardInterrupt, typer.Abort):
        session.console.fail(InterruptError("interrupted"))
        return InterruptError.exit_code


def _run(args: list[str], session: Session) -> int:
    debug = os.environ.get("VCLI_DEBUG", "") not in {"", "0"}
    try:
        outcome = get_command(app).main(args, prog_name="vcli", standalone_mode=False, obj=session)
        if isinstance(outcome, Result):
            session.console.show(outcome)
            return outcome.exit_code
        sys.stdout.flush()
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):  # Typer makes 1 of it
            raise error.__context__ from None
        raise
    except VcliError as error:
        if debug:
            traceback.print_exc()
        session.console.fail(error)
        return error.exit_code
    except (BrokenPipeError, typer.Abort):
        raise
    except Exception as error:  # noqa: BLE001  the last stop
        if isinstance(error, _TYPER_USAGE):
            session.console.fail(_usage_error(error))
            return UsageError.exit_code
        if debug:
            traceback.print_exc()
        session.console.fail(_unexpected(error))
        return VcliError.exit_code
    return outcome if isinstance(outcome, int) else 0


def _usage_error(error: Any) -> UsageError:
    """Typer's complaint in our form: a sentence, and the command whose help explains it."""
    message = " ".join(error.format_message().split()).rstrip(".")
    path = error.ctx.command_path if error.ctx is not None else "vcli"
    return UsageError(message[:1].lower() + message[1:], hint=f"run '{path} --help' for the options")


def _unexpected(error: Exception) -> VcliError:
    name, text = type(error).__name__, " ".join(str(error).split())[:300]
    return VcliError(
        f"unexpected error: {name}: {text}" if text else f"unexpected error: {name}",
        hint="run it again with VCLI_DEBUG=1 for the traceback; this is a bug, please report it",
    )


def _asked_output(args: Sequence[str]) -> Output:
    """The format of errors that happen before the options are understood."""
    asked = os.environ.get("VCLI_OUTPUT", "")
    own = list(args[: args.index("--")]) if "--" in args else list(args)
    for word, following in zip(own, [*own[1:], ""], strict=False):
        if word in {"-o", "--output"}:
            asked = following
        elif word.startswith("--output="):
            asked = word.removeprefix("--output=")
        elif word.startswith("-o") and not word.startswith("--"):
            asked = word[2:].removeprefix("=")
    return Output.JSON if asked.lower() == "json" else Output.TABLE


def _complete() -> int:
    """Answer the shell's question what may come next, within a second, whatever happens."""
    from typer._completion_classes import completion_init  # noqa: PLC0415

    from vcli.commands.completing import guard  # noqa: PLC0415

    guard()
    completion_init()
    try:
        get_command(app).main([], prog_name="vcli", complete_var=COMPLETE_VARIABLE)
    except SystemExit:
        sys.stdout.flush()
    except Exception:  # noqa: BLE001  a shell prompt is no place for errors
        return 0
    return 0
