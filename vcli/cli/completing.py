"""What may come next on a command line: never slow, never loud.

A declaration says by ``autocompletion`` what its value is; a list of words follows from its type.
"""

import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import typer

from vcli.escape import one_line

if TYPE_CHECKING:
    from vcli.kube.client import Client
    from vcli.kubeconfig.model import View

LIMIT_SECONDS = 1.0


def guard() -> None:
    """End this process silently when completion takes longer than a person waits.

    A timer of the kernel, since a credential plugin or a resolver may block where asyncio can't interrupt.
    """
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    # A little earlier than the limit: the interpreter has started already.
    signal.setitimer(signal.ITIMER_REAL, LIMIT_SECONDS - 0.2)


def release() -> None:
    """Call `guard` off: all is said, and while the interpreter ends, the timer would kill it aloud."""
    signal.setitimer(signal.ITIMER_REAL, 0)


def complete_addons(incomplete: str) -> Sequence[str]:
    """Add-ons of the embedded host that follow in a list with commas."""
    from vcli.host.addons import OPTIONAL  # noqa: PLC0415  only when asked

    before, comma, begun = incomplete.rpartition(",")
    given = before.split(",")
    names = (x.name for x in OPTIONAL)
    return [f"{before}{comma}{x}" for x in names if x.startswith(begun) and x not in given]


def complete_kubernetes(incomplete: str) -> Sequence[str]:
    """Versions of Kubernetes that the embedded host can have."""
    from vcli.host.versions import KUBERNETES_RELEASES, minor_of  # noqa: PLC0415  only when asked

    minors = [minor_of(x) for x in KUBERNETES_RELEASES]
    given = incomplete if incomplete.startswith("v") else f"v{incomplete}"
    return [x[len(given) - len(incomplete) :] for x in minors if x.startswith(given)]


def complete_names(ctx: typer.Context, incomplete: str) -> Sequence[str]:
    """The names of the virtual clusters on the current host that begin so; none without a host."""

    async def names(client: "Client") -> list[str]:
        from vcli.operations.resolve import find_clusters  # noqa: PLC0415

        return [each.name for each in await find_clusters(client, namespace=_given(ctx, "namespace"))]

    return _of_host(ctx, incomplete, names)


def complete_namespaces(ctx: typer.Context, incomplete: str) -> Sequence[str]:
    """The namespaces of the host that begin so."""

    async def names(client: "Client") -> list[str]:
        from vcli.kube.resources import NAMESPACES  # noqa: PLC0415

        return [each["metadata"]["name"] for each in (await client.list(NAMESPACES))["items"]]

    return _of_host(ctx, incomplete, names)


def complete_components(ctx: typer.Context, incomplete: str) -> Sequence[str]:
    """The components of the control plane of the virtual cluster that was named."""

    async def names(client: "Client") -> list[str]:
        from vcli.operations.logs import components  # noqa: PLC0415

        return await components(client, str(ctx.params["name"]), namespace=_given(ctx, "namespace"))

    return _of_host(ctx, incomplete, names)


def complete_contexts(ctx: typer.Context, incomplete: str) -> Sequence[str]:
    """The contexts of hosts in the kubeconfig that begin so."""

    def names(view: "View") -> list[str]:
        ours = view.ours()
        return [each for each in view.names("contexts") if each not in ours]

    return _of_kubeconfig(ctx, incomplete, names)


def complete_connected(ctx: typer.Context, incomplete: str) -> Sequence[str]:
    """The virtual clusters that the kubeconfig has contexts of."""
    return _of_kubeconfig(ctx, incomplete, lambda view: [mark.name for mark in view.ours().values()])


def complete_host_nodes(ctx: typer.Context, incomplete: str) -> Sequence[str]:
    """The nodes of the embedded host that can be stopped."""

    def names() -> list[str]:
        from vcli.operations.host_node import names as found  # noqa: PLC0415

        return found(name=str(ctx.params.get("name") or "vcli-host"))

    return _beginning(incomplete, names)


def complete_files(ctx: typer.Context, incomplete: str) -> Sequence[str]:  # noqa: ARG001  the shell does it
    """Files, which the shell knows best: marks a declaration for `complete_by_kind`."""
    return ()


def complete_by_kind(params: list[Any]) -> list[Any]:
    """Have parameters whose values are files say so to the shell."""
    for param in params:
        descriptor = getattr(param, "type_descriptor", None)
        if descriptor is not None and descriptor.parameter_info.autocompletion is complete_files:
            param._custom_shell_complete = _files  # noqa: SLF001  Typer's own way has no files
    return params


def _files(ctx: Any, param: Any, incomplete: str) -> list[Any]:  # noqa: ARG001  Typer's signature
    from typer.core import CompletionItem  # type: ignore[attr-defined]  # noqa: PLC0415

    return [CompletionItem(incomplete, type="file")]


def _given(ctx: typer.Context, name: str) -> str | None:
    """A common option, wherever it stands on the line, or its variable."""
    value = ctx.params.get(name) or ctx.find_root().params.get(name)
    if value is None and not (name == "namespace" and "VCLI_NAME" in os.environ):
        value = os.environ.get(f"VCLI_{name.upper()}")
    return str(value) if value else None


def _of_host(
    ctx: typer.Context, incomplete: str, names: Callable[["Client"], Awaitable[list[str]]]
) -> list[str]:
    import asyncio  # noqa: PLC0415  most commands that name this module need none

    async def ask() -> list[str]:
        from vcli.kube.client import Client  # noqa: PLC0415
        from vcli.kubeconfig.auth import load_access  # noqa: PLC0415

        loaded = load_access(kubeconfig=_given(ctx, "kubeconfig"), context=_given(ctx, "context"))
        async with Client(loaded.access, timeout=LIMIT_SECONDS) as client:
            return await names(client)

    return _beginning(incomplete, lambda: asyncio.run(ask()))


def _of_kubeconfig(ctx: typer.Context, incomplete: str, names: Callable[["View"], list[str]]) -> list[str]:
    def read() -> list[str]:
        from vcli.kubeconfig.model import View  # noqa: PLC0415
        from vcli.kubeconfig.paths import sources  # noqa: PLC0415
        from vcli.kubeconfig.read import load  # noqa: PLC0415

        files = load(sources(_given(ctx, "kubeconfig")))
        return names(View({path: file.data for path, file in files.items()}))

    return _beginning(incomplete, read)


def _beginning(incomplete: str, names: Callable[[], list[str]]) -> list[str]:
    try:
        return sorted({each for each in names() if each.startswith(incomplete) and one_line(each) == each})
    except Exception:  # noqa: BLE001  a shell prompt is no place for errors
        return []
