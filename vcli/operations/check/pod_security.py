"""Whether the host honours Pod Security labels, tried in a namespace of its own or by a dry run."""

import uuid
from typing import Any, Final

from vcli.errors import VcliError
from vcli.invocation import kubectl
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, Forbidden
from vcli.kube.resources import NAMESPACES, PODS
from vcli.kube.types import labels
from vcli.operations.cancelling import answered, finished
from vcli.operations.check.model import Check, Status, lacking
from vcli.operations.steps import Steps
from vcli.operations.verify.namespaces import ENFORCE

HONOURED: Final = "pod-security"
LABELLED: Final = "pod-security-label"
_STRICT: Final = ("baseline", "restricted")
_HOSTILE: Final[dict[str, Any]] = {
    "metadata": {"name": "vcli-check"},
    "spec": {"hostPID": True, "containers": [{"name": "c", "image": "i"}]},
}


async def check_pod_security(client: Client, namespace: str, level: str, *, steps: Steps) -> list[Check]:
    """Whether labels have an effect, and whether the namespace has the one that the values ask for.

    Args:
        client: of the host.
        namespace: of the host.
        level: that the values ask for; empty for none.
        steps: is warned of what is left.
    """
    try:
        there = labels(await client.get(NAMESPACES, namespace)).get(ENFORCE, "")
    except ApiError as error:
        said = f"the labels of namespace {namespace!r} can't be read: {error.message}"
        return [Check(name=LABELLED, status=Status.UNKNOWN, message=said)]
    honoured = await _honoured(client, namespace if there in _STRICT else "", needed=bool(level), steps=steps)
    return [honoured, _label(namespace, there, level)]


def _label(namespace: str, there: str, level: str) -> Check:
    if there in _STRICT and (there == level or there == _STRICT[-1] or not level):
        said = f"namespace {namespace!r} enforces {there!r}"
        return Check(name=LABELLED, status=Status.OK, message=said)
    said = f"namespace {namespace!r} enforces {there or 'privileged'!r}"
    wanted = level or _STRICT[0]
    hint = kubectl("label", "namespace", namespace, f"{ENFORCE}={wanted}", "--overwrite")
    # The syncer judges pods too, so this is the second of two doors: a warning.
    return lacking(LABELLED, f"{said}: only the virtual cluster itself refuses pods", hint, needed=False)


async def _honoured(client: Client, labelled: str, *, needed: bool, steps: Steps) -> Check:
    try:
        if labelled:
            refused = await _refuses(client, labelled)
        else:
            refused = await _refuses_in_new(client, steps)
    except VcliError as error:
        return Check(
            name=HONOURED,
            status=Status.UNKNOWN,
            message=f"could not be tried: {error.message}",
            hint="it takes a namespace with the label, or the right to make one",
        )
    if refused:
        return Check(name=HONOURED, status=Status.OK, message="the host honours Pod Security labels")
    said = "the host ignores Pod Security labels: a pod with hostPID is admitted where 'baseline' is enforced"
    return lacking(HONOURED, said, "turn on the admission plugin PodSecurity", needed=needed)


async def _refuses(client: Client, namespace: str) -> bool:
    try:
        await client.create(PODS, _HOSTILE, namespace=namespace, dry_run=True)
    except Forbidden as error:
        if "PodSecurity" in error.message:
            return True
        raise
    return False


async def _refuses_in_new(client: Client, steps: Steps) -> bool:
    name = f"vcli-check-{uuid.uuid4().hex[:6]}"
    body = {"metadata": {"name": name, "labels": {ENFORCE: _STRICT[0]}}}
    try:
        await answered(client.create(NAMESPACES, body))
        return await _refuses(client, name)
    finally:
        await finished(_delete(client, name, steps))


async def _delete(client: Client, name: str, steps: Steps) -> None:
    try:
        await client.delete(NAMESPACES, name)
    except ApiError as error:
        if not isinstance(error, Forbidden):
            steps.warn(f"namespace {name!r} of this check may be left: {error.message}")
