"""Virtual Kubernetes clusters inside one namespace of a host cluster.

`VirtualCluster` is the library's face; it is imported when it is first asked for, so that the program and the
syncer, which share this package, start without it.
"""

from typing import TYPE_CHECKING, Any

from vcli._version import __version__

if TYPE_CHECKING:
    from vcli.sdk import VirtualCluster

__all__ = ["VirtualCluster", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "VirtualCluster":
        from importlib import import_module  # noqa: PLC0415

        return import_module("vcli.sdk").VirtualCluster
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
