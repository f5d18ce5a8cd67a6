"""Pods that name a node, and ephemeral containers: what takes more than a pod's fields."""

import asyncio
from contextlib import suppress
from typing import Final

from vcli.kube.errors import ApiError
from vcli.kube.resources import EVENTS, PODS
from vcli.kube.types import Object
from vcli.operations.verify.model import Attempt, Closed
from vcli.operations.verify.observed import Observed, got_through, held, skipped, unknown
from vcli.operations.verify.pods import hostile
from vcli.operations.verify.scene import Scene, short

_DEBUGGER: Final = {
    "name": "debug",
    "image": "i",
    "command": ["true"],
    "securityContext": {"privileged": True},
}
_PAUSE: Final = 0.4


async def _node_name(scene: Scene) -> Observed:
    node = scene.places.plane.node
    if scene.schedules:
        return skipped("pods are placed by the virtual cluster's own scheduler")
    body = hostile(scene, "try-node-name", spec={"nodeName": node}, container={}, metadata={})

    def judge(on_host: Object) -> Observed:
        spec = on_host["spec"]
        affinity = (spec.get("affinity") or {}).get("nodeAffinity")
        if spec.get("nodeName") == node and not affinity:
            return got_through("the pod is on that node, whatever the host's scheduler says")
        return held("the host's scheduler decides")

    async with scene.room:
        return await scene.outcome(PODS, body, judge)


async def _ephemeral(scene: Scene) -> Observed:
    name = "try-ephemeral"
    body = hostile(scene, name, spec={}, container={}, metadata={})
    async with scene.room:
        if refused := await scene.create(PODS, body):
            return unknown(refused.text)
        try:
            return await _debug(scene, name)
        finally:
            with suppress(ApiError):
                await scene.inside.delete(PODS, name, namespace=scene.namespace, grace=0)


async def _debug(scene: Scene, name: str) -> Observed:
    loop = asyncio.get_running_loop()
    end = loop.time() + scene.waits_for
    asked = False
    while loop.time() < end:
        on_host = await scene.on_host(PODS, name)
        if on_host is not None and not asked:
            change = {"spec": {"ephemeralContainers": [_DEBUGGER]}}
            try:
                await scene.inside.patch(
                    PODS,
                    name,
                    change,
                    namespace=scene.namespace,
                    subresource="ephemeralcontainers",
                    strategy="strategic",
                )
            except ApiError as error:
                return held(f"refused by the virtual API: {short(error.message)}")
            asked = True
        if on_host is not None and on_host["spec"].get("ephemeralContainers"):
            return got_through("a privileged ephemeral container on the host")
        if asked and (message := await _said(scene, name)):
            return held(f"kept from the host: {short(message)}")
        await asyncio.sleep(_PAUSE)
    if asked:
        return held("the pod on the host has no such container")
    return unknown("the pod does not get to the host")


async def _said(scene: Scene, name: str) -> str:
    about = f"involvedObject.kind=Pod,involvedObject.name={name}"
    found = await scene.inside.list(EVENTS, namespace=scene.namespace, field_selector=about)
    said = [str(each.get("message", "")) for each in found["items"]]
    return next((each for each in said if "ephemeral container" in each), "")


ATTEMPTS: Final = (
    Attempt("node-name", "pods", "go to a node past the scheduler", Closed.POD_SECURITY, _node_name),
    Attempt(
        "ephemeral-container", "pods", "a privileged ephemeral container", Closed.POD_SECURITY, _ephemeral
    ),
)
