"""Virtual Kubernetes clusters inside one namespace of a host cluster.

The names in ``__all__`` are the library's public ones (docs/reference/sdk.md). Each is imported when it is
first asked for: the program and the syncer, which share this package, start without them.
"""

from vcli._version import __version__

TYPE_CHECKING = False  # not from typing, which takes longer to import than all of this
if TYPE_CHECKING:
    from vcli.errors import (
        ConflictError,
        InterruptError,
        NotAllowedError,
        NotFoundError,
        NotReadyError,
        TimedOutError,
        UnreachableError,
        UsageError,
        VcliError,
    )
    from vcli.kube.errors import ApiError
    from vcli.kubeconfig.read import KubeconfigError
    from vcli.operations.child import CommandNotFoundError, NotRunnableError
    from vcli.operations.preflight import PreflightError
    from vcli.sdk import (
        AsyncVirtualCluster,
        CommandError,
        CommandTimedOutError,
        NotOpenError,
        VirtualCluster,
        VirtualClusterInfo,
    )

__all__ = [
    "ApiError",
    "AsyncVirtualCluster",
    "CommandError",
    "CommandNotFoundError",
    "CommandTimedOutError",
    "ConflictError",
    "InterruptError",
    "KubeconfigError",
    "NotAllowedError",
    "NotFoundError",
    "NotOpenError",
    "NotReadyError",
    "NotRunnableError",
    "PreflightError",
    "TimedOutError",
    "UnreachableError",
    "UsageError",
    "VcliError",
    "VirtualCluster",
    "VirtualClusterInfo",
    "__version__",
]

_ELSEWHERE = {
    "ApiError": "vcli.kube.errors",
    "AsyncVirtualCluster": "vcli.sdk",
    "CommandError": "vcli.sdk",
    "CommandNotFoundError": "vcli.operations.child",
    "CommandTimedOutError": "vcli.sdk",
    "KubeconfigError": "vcli.kubeconfig.read",
    "NotOpenError": "vcli.sdk",
    "NotRunnableError": "vcli.operations.child",
    "PreflightError": "vcli.operations.preflight",
    "VirtualCluster": "vcli.sdk",
    "VirtualClusterInfo": "vcli.sdk",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    found: object = getattr(import_module(_ELSEWHERE.get(name, "vcli.errors")), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
