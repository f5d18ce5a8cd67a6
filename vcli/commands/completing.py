"""Completion of virtual cluster names: never slow, never loud."""

import os
import signal
from collections.abc import Sequence

LIMIT_SECONDS = 1.0


def guard() -> None:
    """End this process silently when completion takes longer than a person waits.

    A timer of the kernel, since a credential plugin or a resolver may block where asyncio can't interrupt.
    """
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    signal.setitimer(signal.ITIMER_REAL, LIMIT_SECONDS)


def complete_names(incomplete: str) -> Sequence[str]:
    """The names of the virtual clusters on the current host that begin so; none without a host."""
    import asyncio  # noqa: PLC0415

    try:
        from vcli.operations.list import list_clusters  # noqa: PLC0415

        rows = asyncio.run(list_clusters(timeout=LIMIT_SECONDS))
        return [row.name for row in rows if row.name.startswith(incomplete)]
    except Exception:  # noqa: BLE001  a shell prompt is no place for errors
        return []
