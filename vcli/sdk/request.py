"""What a virtual cluster was asked for: checked before a host is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vcli import inputs
from vcli.operations.steps import NoSteps, Steps

if TYPE_CHECKING:
    from vcli.config import Values

Sources = Mapping[str, Any] | str | Path | Sequence[str | Path]
"""Values: a mapping in the shape of vcluster.yaml, or files of it, or https:// addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Which virtual cluster.

    Attributes:
        name: of the virtual cluster.
        namespace: on the host; None to choose or to look for it.
        kubeconfig: of the host.
        context: of the host.
        timeout: seconds to wait until it is ready; None for the default.
        values: of a new one; None for one that exists.
        keep: leave it in place at the end.
        steps: is informed of progress.
    """

    name: str
    namespace: str | None
    kubeconfig: str | None
    context: str | None
    timeout: float | None
    values: "Values | None"
    keep: bool
    steps: Steps


def new(
    name: str,
    *,
    values: Sources,
    sets: Sequence[str],
    namespace: str | None,
    kubeconfig: str | Path | None,
    context: str | None,
    timeout: float | None,
    keep: bool,
    steps: Steps | None,
) -> Request:
    """One that is to be created.

    Raises:
        UsageError: the values, a name or the timeout make no sense.
    """
    from vcli.config import load  # noqa: PLC0415  the import of the library stays quick
    from vcli.controlplane.names import check_name  # noqa: PLC0415

    check_name(name)
    if isinstance(values, Mapping):
        loaded = load((), sets, options={"values": values})
    else:
        files = [values] if isinstance(values, str | Path) else list(values)
        loaded = load(files, sets)
    return _request(name, namespace, kubeconfig, context, timeout, steps, values=loaded, keep=keep)


def existing(
    name: str,
    *,
    namespace: str | None,
    kubeconfig: str | Path | None,
    context: str | None,
    timeout: float | None,
    steps: Steps | None,
) -> Request:
    """One that exists.

    Raises:
        UsageError: a name or the timeout makes no sense.
    """
    return _request(name, namespace, kubeconfig, context, timeout, steps, values=None, keep=True)


def _request(  # noqa: PLR0917
    name: str,
    namespace: str | None,
    kubeconfig: str | Path | None,
    context: str | None,
    timeout: float | None,
    steps: Steps | None,
    *,
    values: "Values | None",
    keep: bool,
) -> Request:
    inputs.label(name, "the name")
    if namespace is not None:
        inputs.namespace(namespace)
    if kubeconfig is not None:
        inputs.not_empty(str(kubeconfig), "the path of the kubeconfig")
    if context is not None:
        inputs.not_empty(context, "the context")
    if timeout is not None:
        inputs.timeout(timeout)
    return Request(
        name=name,
        namespace=namespace,
        kubeconfig=None if kubeconfig is None else str(kubeconfig),
        context=context,
        timeout=timeout,
        values=values,
        keep=keep,
        steps=steps or NoSteps(),
    )
