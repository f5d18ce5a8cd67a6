"""Pods that name what is not theirs: Secrets of the control plane, accounts, labels, names, owners."""

import json
from collections.abc import Iterator
from typing import Any, Final

from vcli.contract.labels import MANAGED_BY, is_control_plane
from vcli.kube.errors import NotFound
from vcli.kube.resources import CONFIGMAPS, PODS, SECRETS, SERVICEACCOUNTS
from vcli.kube.types import Object, labels
from vcli.operations.verify.model import Attempt, Closed
from vcli.operations.verify.observed import Observed, got_through, held, unknown
from vcli.operations.verify.pods import hostile
from vcli.operations.verify.scene import Scene

Fields = dict[str, Any]
FINALIZER: Final = "example.com/verify"


def _of_secret(name: str, kind: str) -> tuple[Fields, Fields]:
    """Spec and container of a pod that uses a Secret; it starts without one too."""
    match kind:
        case "env-from":
            return {}, {"envFrom": [{"secretRef": {"name": name, "optional": True}}]}
        case "env":
            reference = {"name": name, "key": "client-key", "optional": True}
            return {}, {"env": [{"name": "X", "valueFrom": {"secretKeyRef": reference}}]}
        case "volume":
            return {"volumes": [{"name": "v", "secret": {"secretName": name, "optional": True}}]}, {}
        case "projected":
            sources = [{"secret": {"name": name, "optional": True}}]
            return {"volumes": [{"name": "v", "projected": {"sources": sources}}]}, {}
        case "csi":
            volume = {"driver": "example.com", "nodePublishSecretRef": {"name": name}}
            return {"volumes": [{"name": "v", "csi": volume}]}, {}
        case _:
            return {"imagePullSecrets": [{"name": name}]}, {}


def _secrets() -> Iterator[Attempt]:
    for kind, title in {
        "env-from": "as environment",
        "env": "as one variable",
        "volume": "as a volume",
        "projected": "in a projected volume",
        "csi": "by a CSI volume",
        "pull-secret": "to pull images",
    }.items():

        async def run(scene: Scene, kind: str = kind) -> Observed:
            names = scene.names
            # A decoy of each name is in the virtual namespace: what the pod may have is that one.
            own = {names.access, names.certificates}
            wanted = names.certificates if kind == "volume" else names.access
            spec, container = _of_secret(wanted, kind)
            body = hostile(scene, f"try-secret-{kind}", spec=spec, container=container, metadata={})

            def judge(on_host: Object) -> Observed:
                used = {each for each in own if json.dumps(each) in json.dumps(on_host["spec"])}
                if used:
                    return got_through(f"the pod on the host uses Secret {', '.join(sorted(used))}")
                return held("the pod on the host has the tenant's own Secret of that name")

            async with scene.room:
                return await scene.outcome(PODS, body, judge)

        yield Attempt(f"secret-{kind}", "secrets", f"the control plane's keys {title}", Closed.ALWAYS, run)


async def _config_map(scene: Scene) -> Observed:
    name = scene.names.settings
    container = {"envFrom": [{"configMapRef": {"name": name, "optional": True}}]}
    body = hostile(scene, "try-config-map", spec={}, container=container, metadata={})

    def judge(on_host: Object) -> Observed:
        if json.dumps(name) in json.dumps(on_host["spec"]):
            return got_through(f"the pod on the host uses ConfigMap {name}")
        return held("the pod on the host has no such ConfigMap")

    async with scene.room:
        return await scene.outcome(PODS, body, judge)


async def _account(scene: Scene) -> Observed:
    name = scene.names.service_account
    await scene.inside.create(SERVICEACCOUNTS, {"metadata": {"name": name}}, namespace=scene.namespace)
    body = hostile(scene, "try-account", spec={"serviceAccountName": name}, container={}, metadata={})

    def judge(on_host: Object) -> Observed:
        spec = on_host["spec"]
        if spec.get("serviceAccountName") == name or spec.get("automountServiceAccountToken"):
            return got_through(f"the pod on the host runs as {spec.get('serviceAccountName')}")
        return held(f"it runs as {spec.get('serviceAccountName')}, without a token of the host")

    async with scene.room:
        return await scene.outcome(PODS, body, judge)


async def _token(scene: Scene) -> Observed:
    source = {"serviceAccountToken": {"path": "token", "audience": "https://kubernetes.default.svc"}}
    spec = {"volumes": [{"name": "v", "projected": {"sources": [source]}}]}
    body = hostile(scene, "try-token", spec=spec, container={}, metadata={})

    def judge(on_host: Object) -> Observed:
        if '"serviceAccountToken"' in json.dumps(on_host["spec"].get("volumes") or []):
            return got_through("the pod on the host has a token of the host")
        return held("the token is one of the virtual cluster")

    async with scene.room:
        return await scene.outcome(PODS, body, judge)


async def _labels(scene: Scene) -> Observed:
    forged = {**scene.names.selector, MANAGED_BY: "other"}
    body = hostile(scene, "try-labels", spec={}, container={}, metadata={"labels": forged})

    def judge(on_host: Object) -> Observed:
        found = labels(on_host)
        if found.get(MANAGED_BY) != scene.names.cluster:
            return got_through("the pod on the host belongs to another virtual cluster")
        if is_control_plane(found) and found.get("release") == scene.names.cluster:
            return got_through("the pod on the host gets traffic of the control plane")
        return held("the pod on the host is this virtual cluster's, and no control plane")

    async with scene.room:
        return await scene.outcome(PODS, body, judge)


async def _repel(scene: Scene) -> Observed:
    everybody = {"labelSelector": {}, "namespaceSelector": {}, "topologyKey": "kubernetes.io/hostname"}
    affinity = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [everybody]}}
    body = hostile(scene, "try-repel", spec={"affinity": affinity}, container={}, metadata={})

    def judge(on_host: Object) -> Observed:
        terms = (on_host["spec"].get("affinity") or {}).get("podAntiAffinity") or {}
        required = terms.get("requiredDuringSchedulingIgnoredDuringExecution") or []
        if any(MANAGED_BY not in json.dumps(each.get("labelSelector") or {}) for each in required):
            return got_through("other tenants' pods are kept from the node")
        return held("it concerns this virtual cluster's pods alone")

    async with scene.room:
        return await scene.outcome(PODS, body, judge)


async def _owner(scene: Scene) -> Observed:
    """A ConfigMap inside is the owner: one that is not there would have the pod collected."""
    decoy = {"metadata": {"name": "verify-owner"}}
    made = await scene.inside.create(CONFIGMAPS, decoy, namespace=scene.namespace)
    uid = made["metadata"]["uid"]
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "verify-owner", "uid": uid}
    metadata = {"ownerReferences": [owner]}
    body = hostile(scene, "try-owner", spec={}, container={}, metadata=metadata)

    def judge(on_host: Object) -> Observed:
        if any(each["uid"] == uid for each in on_host["metadata"].get("ownerReferences") or ()):
            return got_through("the object on the host has the forged owner")
        return held("the object on the host has the virtual cluster as its owner")

    async with scene.room:
        return await scene.outcome(PODS, body, judge)


async def _finalizer(scene: Scene) -> Observed:
    metadata = {"finalizers": [FINALIZER]}
    body = hostile(scene, "try-finalizer", spec={}, container={}, metadata=metadata)

    def judge(on_host: Object) -> Observed:
        if on_host["metadata"].get("finalizers"):
            return got_through("the object on the host can't be deleted")
        return held("the object on the host has no finalizer")

    async with scene.room:
        return await scene.outcome(PODS, body, judge)


async def _collide(scene: Scene) -> Observed:
    """A pod named as the control plane's, in whose place it must not come."""
    plane = scene.places.plane
    body = hostile(scene, plane.pod, spec={}, container={}, metadata={})

    def judge(on_host: Object) -> Observed:
        if on_host["metadata"]["name"] == plane.pod:
            return got_through("it has the control plane's name")
        return held(f"it is called {on_host['metadata']['name']}")

    async with scene.room:
        seen = await scene.outcome(PODS, body, judge)
    try:
        there = await scene.host.get(PODS, plane.pod, namespace=scene.names.namespace)
    except NotFound:
        return unknown("the control plane's pod was replaced meanwhile")
    return (
        seen if there["metadata"]["uid"] == plane.uid else unknown("the control plane's pod is another one")
    )


async def _long_name(scene: Scene) -> Observed:
    """Two pods whose names differ only where host names are cut."""
    first, second = (f"try-{'x' * 200}-{each}" for each in "ab")
    kept: list[str] = []
    seen = unknown("nothing was tried")

    def judge(on_host: Object) -> Observed:
        kept.append(on_host["metadata"]["name"])
        return held("each has a name of its own on the host")

    async with scene.room:
        for name in (first, second):
            body = hostile(scene, name, spec={}, container={}, metadata={})
            seen = await scene.outcome(PODS, body, judge)
            if seen.through is None:
                return seen
    return seen if len({*kept}) == len(kept) else got_through("two objects share one on the host")


_ANNOTATIONS: Final = {
    "k8s.v1.cni.cncf.io/networks": "kube-system/host-network",
    "iam.amazonaws.com/role": "admin",
}


async def _annotations(scene: Scene) -> Observed:
    metadata = {"annotations": dict(_ANNOTATIONS)}
    body = hostile(scene, "try-annotations", spec={}, container={}, metadata=metadata)

    def judge(on_host: Object) -> Observed:
        there = [key for key in _ANNOTATIONS if key in (on_host["metadata"].get("annotations") or {})]
        return got_through(f"copied: {', '.join(there)}") if there else held("none is copied")

    async with scene.room:
        return await scene.outcome(PODS, body, judge)


async def decoys(scene: Scene) -> None:
    """Make what attempts of this group name."""
    for name in (scene.names.access, scene.names.certificates):
        await scene.inside.create(SECRETS, {"metadata": {"name": name}}, namespace=scene.namespace)


ATTEMPTS: Final = (
    *_secrets(),
    Attempt("config-map", "secrets", "the syncer's settings as environment", Closed.ALWAYS, _config_map),
    Attempt("service-account", "secrets", "run as the syncer's ServiceAccount", Closed.ALWAYS, _account),
    Attempt("host-token", "secrets", "a token of the host in a projected volume", Closed.ALWAYS, _token),
    Attempt(
        "forged-labels", "names", "labels of a control plane, or of another cluster", Closed.ALWAYS, _labels
    ),
    Attempt("repel-others", "names", "keep everybody's pods from a node", Closed.ALWAYS, _repel),
    Attempt("forged-owner", "names", "a forged owner reference", Closed.ALWAYS, _owner),
    Attempt("finalizer", "names", "a finalizer that nobody removes", Closed.ALWAYS, _finalizer),
    Attempt("control-plane-name", "names", "a pod named as the control plane's", Closed.ALWAYS, _collide),
    Attempt("long-names", "names", "names that are alike where they are cut", Closed.ALWAYS, _long_name),
    Attempt("pod-annotations", "names", "annotations for the host's controllers", Closed.NEVER, _annotations),
)
