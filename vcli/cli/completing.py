"""Completion of virtual cluster names: never slow, never loud."""

import os
import signal
from collections.abc import Sequence

import typer

from vcli.escape import one_line

LIMIT_SECONDS = 1.0


def guard() -> None:
    """End this process silently when completion takes longer than a person waits.

    A timer of the kernel, since a credential plugin or a resolver may block where asyncio can't interrupt.
    """
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    # A little earlier than the limit: the interpreter has started already.
    signal.setitimer(signal.ITIMER_REAL, LIMIT_SECONDS - 0.2)


def complete_names(ctx: typer.Context, incomplete: str) -> Sequence[str]:
    """The names of the virtual clusters on the current host that begin so; none without a host."""
    import asyncio  # noqa: PLC0415

    try:
        from vcli.operations.list import list_clusters  # noqa: PLC0415

        given = ctx.find_root().params | {key: value for key, value in ctx.params.items() if value}
        found = asyncio.run(
            list_clusters(
                kubeconfig=given.get("kubeconfig") or os.environ.get("VCLI_KUBECONFIG"),
                context=given.get("context") or os.environ.get("VCLI_CONTEXT"),
                namespace=given.get("namespace"),
                timeout=LIMIT_SECONDS,
            )
        )
        names = [each.cluster.name for each in found]
        return [name for name in names if name.startswith(incomplete) and one_line(name) == name]
    except Exception:  # noqa: BLE001  a shell prompt is no place for errors
        return []
