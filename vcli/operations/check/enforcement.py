"""Whether the host enforces NetworkPolicies: two pods, traffic between them, then a policy that denies it."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import Any, Final

from vcli.errors import VcliError
from vcli.invocation import kubectl
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, NotFound
from vcli.kube.resources import NETWORKPOLICIES, PODS, Resource
from vcli.operations.cancelling import answered, finished
from vcli.operations.check.model import Check, Status, lacking
from vcli.operations.steps import Step, Steps
from vcli.operations.verify.probe_pod import PORT, listener, pod, until
from vcli.operations.verify.scene import short

NAME: Final = "network-policies"
_SETTLES: Final = 25.0
"""Seconds in which a plugin has to put a policy into force."""
_PAUSE: Final = 0.5
_ENOUGH: Final = 3
"""Failures in a row, which are no accident."""
_LABEL: Final = "vcli.dev/check"
_ASKS: Final = (
    "import socket, sys, time\n"
    "while True:\n"
    "    try:\n"
    "        socket.create_connection(({host!r}, {port}), 2).close()\n"
    "        print('open', flush=True)\n"
    "    except OSError:\n"
    "        print('closed', flush=True)\n"
    "    time.sleep(0.3)\n"
)


async def check_enforcement(
    client: Client, namespace: str, image: str, *, needed: bool, steps: Steps
) -> Check:
    """Try it in a namespace of the host; what was made is removed.

    Args:
        client: of the host.
        namespace: of the host.
        image: with python3.
        needed: whether it is a failure if the host does not.
        steps: is informed of progress.
    """
    run = uuid.uuid4().hex[:6]
    made: list[tuple[Resource, str]] = []
    try:
        with steps.step("Try whether the host enforces NetworkPolicies") as step:
            async with _removed(client, namespace, made, steps):
                return await _tried(client, namespace, image, run, made, needed=needed, step=step)
    except VcliError as error:
        return Check(
            name=NAME, status=Status.UNKNOWN, message=f"could not be tried: {short(error.message, 300)}",
            hint=error.hint or "",
        )  # fmt: skip


async def _tried(
    client: Client,
    namespace: str,
    image: str,
    run: str,
    made: list[tuple[Resource, str]],
    *,
    needed: bool,
    step: Step,
) -> Check:
    server, asker = f"vcli-check-server-{run}", f"vcli-check-client-{run}"
    body, _ = listener(image)
    body["metadata"] = {"name": server, "labels": {_LABEL: run}}
    step.detail("starting two pods")
    await _create(client, namespace, PODS, body, made)
    address = (await until(client, namespace, server, phases=("Running",)))["status"]["podIP"]
    script = _ASKS.format(host=address, port=PORT)
    await _create(client, namespace, PODS, pod(asker, image, "python3", "-c", script), made)
    await until(client, namespace, asker, phases=("Running",))
    step.detail("waiting for traffic to pass")
    if not await _says(client, namespace, asker, "open"):
        return Check(
            name=NAME,
            status=Status.UNKNOWN,
            message=f"no traffic passes between pods of namespace {namespace!r}, without a policy too",
            hint="a policy that is there may deny it: "
            + kubectl("get", "networkpolicy", namespace=namespace),
        )
    deny = f"vcli-check-{run}"
    spec = {"podSelector": {"matchLabels": {_LABEL: run}}, "policyTypes": ["Ingress"]}
    await _create(client, namespace, NETWORKPOLICIES, {"metadata": {"name": deny}, "spec": spec}, made)
    step.detail("waiting for the policy to be in force")
    if await _says(client, namespace, asker, "closed"):
        return Check(name=NAME, status=Status.OK, message="the host enforces NetworkPolicies")
    return lacking(
        NAME,
        f"the host does not enforce NetworkPolicies: {_SETTLES:.0f} seconds after one traffic passes",
        "isolation by policies.networkPolicy has no effect here: use a network plugin that enforces"
        " them, such as Calico or Cilium",
        needed=needed,
    )


async def _create(
    client: Client,
    namespace: str,
    resource: Resource,
    body: dict[str, Any],
    made: list[tuple[Resource, str]],
) -> None:
    made.append((resource, body["metadata"]["name"]))
    await answered(client.create(resource, body, namespace=namespace))


async def _says(client: Client, namespace: str, name: str, word: str) -> bool:
    """Whether the last lines of a pod's log are this word, within the time that there is."""
    end = asyncio.get_running_loop().time() + _SETTLES
    while asyncio.get_running_loop().time() < end:
        lines = (await client.log(name, namespace=namespace, tail=_ENOUGH)).split()
        if len(lines) == _ENOUGH and set(lines) == {word}:
            return True
        await asyncio.sleep(_PAUSE)
    return False


@contextlib.asynccontextmanager
async def _removed(
    client: Client, namespace: str, made: list[tuple[Resource, str]], steps: Steps
) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await finished(_remove(client, namespace, made, steps))


async def _remove(client: Client, namespace: str, made: list[tuple[Resource, str]], steps: Steps) -> None:
    for resource, name in made:
        try:
            await client.delete(resource, name, namespace=namespace, grace=0)
        except NotFound:
            continue
        except ApiError as error:
            left = kubectl("delete", resource.plural, name, namespace=namespace)
            steps.warn(f"{resource.kind} {name!r} of this check is left ({error.message}): {left}")
