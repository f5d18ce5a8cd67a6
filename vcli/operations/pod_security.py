"""Pod Security of the host namespace, as the virtual cluster's values have it."""

from typing import Final

from vcli.config.schema import Values
from vcli.controlplane.names import Names
from vcli.invocation import kubectl
from vcli.kube.client import Client
from vcli.kube.errors import ApiError
from vcli.kube.resources import NAMESPACES
from vcli.kube.types import Object, labels
from vcli.operations.steps import Steps

_ENFORCE: Final = "pod-security.kubernetes.io/enforce"
_STRICTNESS: Final = ("", "privileged", "baseline", "restricted")


async def enforce(client: Client, names: Names, values: Values, *, steps: Steps) -> None:
    """Label the host namespace, unless it is as strict already; a label is never taken away or loosened.

    Args:
        client: of the host.
        names: of the virtual cluster.
        values: what the user chose.
        steps: is warned where we may not.
    """
    level = values.policies.enforced_standard
    if not level:
        return
    try:
        found = await client.get(NAMESPACES, names.namespace)
        if _is_as_strict(labels(found).get(_ENFORCE, ""), level):
            return
        change: Object = {"metadata": {"labels": {_ENFORCE: level}}}
        await client.patch(NAMESPACES, names.namespace, change)
    except ApiError as error:
        command = kubectl("label", "namespace", names.namespace, f"{_ENFORCE}={level}", "--overwrite")
        steps.warn(
            f"namespace {names.namespace!r} of the host could not be labelled, so Pod Security is up to the"
            f" virtual cluster alone ({error}); an administrator of the host can do it: {command}"
        )


def _is_as_strict(there: str, level: str) -> bool:
    return there in _STRICTNESS and _STRICTNESS.index(there) >= _STRICTNESS.index(level)
