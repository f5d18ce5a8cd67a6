"""Scripts written for loft-sh's CLI: what has no effect is accepted, and noted once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from vcli.errors import UsageError

if TYPE_CHECKING:
    from vcli.console import Console


_STATUS = {"Starting": "Pending"}
"""The words of loft-sh's CLI, where they are others."""

_NO_PLATFORM = "there is no platform to log in to: vcli works with the current context of your kubeconfig"
INSTEAD: Mapping[str, str] = {
    "convert": "vcli values migrate -f FILE writes older values in today's shape",
    "debug": "vcli logs NAME and vcli describe NAME show what a virtual cluster does",
    "get": "nothing needs a Service CIDR: vcli asks the host for it",
    "info": "vcli version, or vcli describe NAME",
    "login": _NO_PLATFORM,
    "logout": _NO_PLATFORM,
    "platform": _NO_PLATFORM,
    "set": "vcli upgrade NAME --set KEY=VALUE changes a virtual cluster",
    "ui": _NO_PLATFORM,
}
"""Hints in place of commands that loft-sh's CLI has and vcli has not."""


class DriverName(StrEnum):
    """What makes virtual clusters with loft-sh's CLI."""

    HELM = "helm"
    DOCKER = "docker"
    PLATFORM = "platform"


Driver: TypeAlias = Annotated[
    DriverName | None,
    typer.Option("--driver", metavar="NAME", help="Accepted for loft-sh's CLI: helm.", hidden=True),
]

BackgroundProxy: TypeAlias = Annotated[
    bool | None, typer.Option("--background-proxy/--no-background-proxy", hidden=True)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerOptions:
    """Those of create, by the names of loft-sh's CLI."""

    driver: Driver = None
    add: Annotated[bool | None, typer.Option("--add/--no-add", hidden=True)] = None
    chart_name: Annotated[str | None, typer.Option("--chart-name", metavar="X", hidden=True)] = None
    chart_repo: Annotated[str | None, typer.Option("--chart-repo", metavar="X", hidden=True)] = None
    chart_version: Annotated[str | None, typer.Option("--chart-version", metavar="X", hidden=True)] = None
    expose_local: Annotated[bool | None, typer.Option("--expose-local/--no-expose-local", hidden=True)] = None
    background_proxy: BackgroundProxy = None

    def note(self, console: "Console") -> None:
        """Say which of them have no effect.

        Raises:
            UsageError: one asks for what there is not.
        """
        note_driver(self.driver, console)
        if self.background_proxy is False:
            raise UsageError(
                "create connects by a tunnel in the background, so --background-proxy=false can't be had",
                hint="give --no-connect, and then: vcli connect NAME --foreground",
            )
        if self.add is not None:
            console.warn("--add has no effect: there is no platform to add a virtual cluster to")
        for option, value in (
            ("--chart-name", self.chart_name),
            ("--chart-repo", self.chart_repo),
            ("--chart-version", self.chart_version),
        ):
            if value is not None:
                console.warn(f"{option} has no effect: vcli installs without a chart")
        if self.expose_local is not None:
            console.warn("--expose-local has no effect: a tunnel leads to the virtual cluster")
        if self.background_proxy:
            _note_proxy(console)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerDeleteOptions:
    """Those of delete, by the names of loft-sh's CLI."""

    auto_delete_namespace: Annotated[
        bool | None, typer.Option("--auto-delete-namespace/--no-auto-delete-namespace", hidden=True)
    ] = None
    delete_context: Annotated[
        bool | None, typer.Option("--delete-context/--no-delete-context", hidden=True)
    ] = None
    delete_configmap: Annotated[bool, typer.Option("--delete-configmap", hidden=True)] = False

    def note(self, console: "Console") -> None:
        """Say which of them have no effect.

        Raises:
            UsageError: one asks to keep what is always deleted.
        """
        if self.auto_delete_namespace is False:
            raise UsageError(
                "--auto-delete-namespace=false: an empty namespace that create made is always deleted",
                hint="one that was there before is kept: kubectl create namespace, and then vcli create",
            )
        if self.delete_context is False:
            raise UsageError(
                "--delete-context=false: contexts that lead nowhere are always deleted",
                hint="leave it out",
            )
        if self.auto_delete_namespace:
            console.warn("--auto-delete-namespace has no effect: a namespace that create made goes anyway")
        if self.delete_context:
            console.warn("--delete-context has no effect: its contexts go anyway")
        if self.delete_configmap:
            console.warn("--delete-configmap has no effect: its ConfigMaps go anyway")


def note_driver(driver: DriverName | None, console: "Console", asked: str = "--driver") -> None:
    """Say that a driver has no effect, which was asked for by an option or a command.

    Raises:
        UsageError: it is another one than helm.
    """
    if driver is DriverName.DOCKER:
        raise UsageError(
            f"{asked} docker: vcli runs no virtual clusters in Docker",
            hint="vcli host up boots a Kubernetes on this machine, and vcli create makes one in it",
        )
    if driver is DriverName.PLATFORM:
        raise UsageError(f"{asked} platform: there is no platform", hint=f"leave {asked} out")
    if driver is not None:
        console.warn(f"{asked} helm has no effect: vcli needs no Helm, and works in the same way")


def in_foreground(
    foreground: bool,
    background_proxy: bool | None,
    *,
    child: bool,
    console: "Console",
) -> bool:
    """Whether the tunnel of a connect is in this process.

    Args:
        foreground: ``--foreground``.
        background_proxy: ``--background-proxy``, which is false where a tunnel in the foreground is meant.
        child: a command is run, whose tunnel is in this process anyway.
        console: gets a warning for what has no effect.

    Raises:
        UsageError: both are asked for.
    """
    if foreground and background_proxy:
        raise UsageError("--foreground and --background-proxy don't go together", hint="choose one")
    if background_proxy:
        _note_proxy(console)
    return foreground or (background_proxy is False and not child)


def _note_proxy(console: "Console") -> None:
    """Say that a tunnel in the background is what there is anyway."""
    console.warn("--background-proxy has no effect: the tunnel is in the background anyway")


def asks_for_compatible(environ: Mapping[str, str]) -> bool:
    """Whether ``VCLI_COMPAT`` asks for output as loft-sh's CLI has it.

    Raises:
        UsageError: it has another value.
    """
    asked = environ.get("VCLI_COMPAT", "")
    if asked in {"", "vcluster"}:
        return bool(asked)
    raise UsageError(f"VCLI_COMPAT {asked!r} is no other tool that is known", hint="VCLI_COMPAT=vcluster")


def row_of_list(row: Mapping[str, Any]) -> dict[str, Any]:
    """A virtual cluster of ``vcli list -o json`` as loft-sh's CLI shows it.

    Version is that of Kubernetes inside, where loft-sh's CLI has that of its chart.
    """
    created = str(row["created"])
    return {
        "Name": row["name"],
        "Namespace": row["namespace"],
        "Status": _STATUS.get(str(row["status"]), row["status"]),
        "Version": row["version"] or "",
        "Connected": row["connected"],
        "Created": created,
        "AgeSeconds": int((datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds()),
    }
