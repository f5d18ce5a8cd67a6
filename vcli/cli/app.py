"""All commands by name, and the app that imports only the one that is asked for."""

import importlib
import sys
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from typer.main import get_command

from vcli.cli.groups import Group
from vcli.cli.helptext import Family, Verb
from vcli.cli.options import root
from vcli.errors import UsageError


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives, so that listing commands imports none of them."""

    target: str
    help: str
    section: str
    alias_of: str | None = None
    of_other_clis: bool = False
    """It is there for scripts written for other tools."""

    @property
    def is_listed(self) -> bool:
        """Whether help, completion and the reference show it."""
        return self.alias_of is None and not self.of_other_clis


CLUSTERS, ACCESS, HOST, OTHER = "Virtual clusters", "Access", "Host", "Other"

COMMANDS: dict[str, Entry] = {
    "create": Entry("vcli.commands.create:create", "Create a virtual cluster and connect to it", CLUSTERS),
    "upgrade": Entry(
        "vcli.commands.upgrade:upgrade", "Change a virtual cluster, after showing what changes", CLUSTERS
    ),
    "adopt": Entry(
        "vcli.commands.adopt:adopt", "Take over a virtual cluster that loft-sh's vcluster made", CLUSTERS
    ),
    "list": Entry("vcli.commands.list:list_", "List virtual clusters", CLUSTERS),
    "ls": Entry("vcli.commands.list:list_", "List virtual clusters", CLUSTERS, alias_of="list"),
    "describe": Entry("vcli.commands.describe:describe", "Show all about one virtual cluster", CLUSTERS),
    "logs": Entry("vcli.commands.logs:logs", "Print the logs of a control plane", CLUSTERS),
    "certs": Entry(
        "vcli.commands.certs:certs", "See and renew the certificates of a virtual cluster", CLUSTERS
    ),
    "delete": Entry(
        "vcli.commands.delete:delete", "Remove a virtual cluster and all that was made", CLUSTERS
    ),
    "rm": Entry(
        "vcli.commands.delete:delete",
        "Remove a virtual cluster and all that was made",
        CLUSTERS,
        alias_of="delete",
    ),
    "pause": Entry("vcli.commands.pause:pause", "Stop a virtual cluster, and keep its data", CLUSTERS),
    "sleep": Entry(
        "vcli.commands.pause:pause", "Stop a virtual cluster, and keep its data", CLUSTERS, alias_of="pause"
    ),
    "resume": Entry("vcli.commands.resume:resume", "Start a virtual cluster that was paused", CLUSTERS),
    "wakeup": Entry(
        "vcli.commands.resume:resume", "Start a virtual cluster that was paused", CLUSTERS, alias_of="resume"
    ),
    "template": Entry("vcli.commands.template:template", "Print the YAML of a virtual cluster", CLUSTERS),
    "chart": Entry("vcli.commands.chart:chart", "Write a Helm chart of virtual clusters", CLUSTERS),
    "values": Entry(
        "vcli.commands.values:values", "Check values files, and say what may stand there", CLUSTERS
    ),
    "verify": Entry(
        "vcli.commands.verify:verify", "Try what a tenant could try, and report what got through", CLUSTERS
    ),
    "check": Entry("vcli.commands.check:check", "See what a host does for isolation", CLUSTERS),
    "connect": Entry("vcli.commands.connect:connect", "Point kubectl, or one command, at a cluster", ACCESS),
    "disconnect": Entry("vcli.commands.disconnect:disconnect", "Go back to the context from before", ACCESS),
    "token": Entry("vcli.commands.token:token", "Print credentials, as a kubectl plugin does", ACCESS),
    "tunnels": Entry("vcli.commands.tunnels:tunnels", "List the tunnels in the background", ACCESS),
    "host": Entry("vcli.commands.host:host", "Run the embedded Kubernetes host", HOST),
    "image": Entry("vcli.commands.image:image", "Build the syncer image without Docker", HOST),
    "completion": Entry("vcli.commands.completion:completion", "Print a completion script", OTHER),
    "version": Entry("vcli.commands.version:version", "Print the version of vcli", OTHER),
    "use": Entry("vcli.commands.peers:use", "Accepted for loft-sh's CLI", OTHER, of_other_clis=True),
    "telemetry": Entry(
        "vcli.commands.peers:telemetry", "Accepted for loft-sh's CLI", OTHER, of_other_clis=True
    ),
}

DESCRIPTION = """Virtual Kubernetes clusters inside one namespace of a host cluster.

A virtual cluster has its own API server, store and controllers; its pods run on the host's nodes."""

EPILOG = "Run 'vcli COMMAND --help' for more about a command."


class Root(Family):
    """The top: knows every command by name, and imports the one that is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """The names that help and completion show."""
        return [name for name, entry in COMMANDS.items() if entry.is_listed]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Import a command; None if there is none of that name."""
        entry = COMMANDS.get(cmd_name)
        return None if entry is None else load(entry.alias_of or cmd_name, entry.target)

    def known_names(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """All names, aliases too."""
        return list(COMMANDS)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command, or say what there is in place of one of another tool."""
        if not ctx.resilient_parsing and args[0] not in COMMANDS:
            from vcli.cli.peers import INSTEAD  # noqa: PLC0415

            if hint := INSTEAD.get(args[0]):
                raise UsageError(f"there is no command {args[0]!r}", hint=hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """List the commands by what one wants to do."""
        for section in (CLUSTERS, ACCESS, HOST, OTHER):
            with formatter.section(section):
                formatter.write_dl(
                    [(n, e.help) for n, e in COMMANDS.items() if e.section == section and e.is_listed]
                )

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Complete from the table, importing nothing; nothing follows a command that there isn't."""
        if ctx._protected_args:  # noqa: SLF001  where Typer keeps the words after the root's options
            return []
        from typer.core import CompletionItem  # type: ignore[attr-defined]  # noqa: PLC0415

        found: list[Any] = [
            CompletionItem(name, help=entry.help)
            for name, entry in COMMANDS.items()
            if entry.is_listed and name.startswith(incomplete)
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


def _print_version(value: bool) -> None:
    if value:
        from vcli._version import __version__  # noqa: PLC0415

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
