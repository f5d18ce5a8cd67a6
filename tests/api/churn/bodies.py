"""Objects as tenants make them, and how they change them."""

import base64
from collections.abc import Sequence
from typing import Any, TypeVar

from script import NAMES

Object = dict[str, Any]
Choice = TypeVar("Choice")

FINALIZER = "example.com/hold"
GATE = "example.com/gate"
CLASS = "fast"
ADDRESSES = tuple(f"10.96.77.{last}" for last in range(1, 5))
NODE_PORTS = (30701, 30702, 30703)
MEBIBYTE = 1 << 20

_LABELS: Sequence[Object] = (
    {},
    {"app": "web", "tier": "front"},
    {"app": "web", "hash": "1", "example.com/" + "k" * 63: "v" * 63},
    {"app": "vcluster", "release": "demo"},
    {"release": "demo", "vcli.dev/managed-by": "other"},
)
_ANNOTATIONS: Sequence[Object] = (
    {},
    {"note": 'naïve ☃ 🦆 \u202e\u2028\x85\x7f\ufeff \\ " \n\t', "example.com/long": "é" * 2000},
    {"vcli.dev/name": "forged", "vcli.dev/uid": "forged", "v.vcli.dev/name": "twice"},
    {"note": "x", "kubectl.kubernetes.io/last-applied-configuration": "{}"},
)


class Dice:
    """Makes choices of one number: the same number, the same choices."""

    def __init__(self, number: int) -> None:
        self._rest = number

    def of(self, *choices: Choice) -> Choice:
        """One of these."""
        self._rest, place = divmod(self._rest, len(choices))
        return choices[place]

    def name(self) -> str:
        return self.of(*NAMES)


def labels_and_annotations(dice: Dice) -> Object:
    return {"labels": dict(dice.of(*_LABELS)), "annotations": dict(dice.of(*_ANNOTATIONS))}


def new(kind: str, name: str, dice: Dice) -> Object:
    """A fresh object of a kind."""
    metadata = {"name": name, **labels_and_annotations(dice)}
    if kind == "EndpointSlice":
        metadata["labels"]["kubernetes.io/service-name"] = dice.name()
    return {"metadata": metadata, **_NEW[kind](dice)}


def change(kind: str, obj: Object, dice: Dice) -> tuple[Object, str | None]:
    """A merge patch for an object, and the subresource that it is for."""
    return _CHANGE[kind](obj, dice)


# --- pods


def _pod(dice: Dice) -> Object:
    volumes: list[Object] = []
    container: Object = {"name": "main", "image": dice.of("busybox:1", "busybox:2")}
    container["resources"] = {"requests": {"cpu": "100m", "memory": "64Mi"}}
    sources = (dice.of(None, "configMap"), dice.of(None, "secret"), dice.of(None, None, "claim"))
    volumes += [{"name": each.lower(), **_volume(each, dice)} for each in sources if each is not None]
    if dice.of(True, False):
        volumes.append({"name": "tokens", "projected": {"sources": _tokens(dice)}})
    if dice.of(False, True):
        container["envFrom"] = [{"configMapRef": {"name": dice.name(), "optional": dice.of(False, True)}}]
    container["env"] = [{"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    spec = {
        "containers": [container],
        "volumes": volumes,
        "serviceAccountName": "default",
        "restartPolicy": dice.of("Always", "Never"),
        "terminationGracePeriodSeconds": dice.of(0, 1, 30),
        "enableServiceLinks": dice.of(False, True),
    }
    if dice.of(False, False, True):
        spec["readinessGates"] = [{"conditionType": GATE}]
    return {"spec": spec}


def _volume(source: str, dice: Dice) -> Object:
    name, optional = dice.name(), dice.of(False, True)
    if source == "configMap":
        return {"configMap": {"name": name, "optional": optional}}
    if source == "secret":
        return {"secret": {"secretName": name, "optional": optional}}
    return {"persistentVolumeClaim": {"claimName": name}}


def _tokens(dice: Dice) -> list[Object]:
    sources = [{"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}}]
    if dice.of(False, True):
        sources.append({"serviceAccountToken": {"path": "vault", "audience": "vault"}})
    sources.append({"secret": {"name": dice.name(), "optional": True}})
    return sources


def _change_pod(pod: Object, dice: Dice) -> tuple[Object, str | None]:
    subresource = dice.of(None, None, None, None, "resize", "status", "ephemeralcontainers")
    main = pod["spec"]["containers"][0]
    match subresource:
        case None:
            patch = _change_pod_itself(pod, dice)
        case "resize":
            resources = {"requests": {"cpu": dice.of("200m", "300m"), "memory": "64Mi"}}
            patch = {"spec": {"containers": [{**main, "resources": resources}]}}
        case "status":
            others = [each for each in pod["status"].get("conditions") or () if each["type"] != GATE]
            gate = {"type": GATE, "status": dice.of("True", "False")}
            patch = {"status": {"conditions": [*others, gate]}}
        case _:
            there = pod["spec"].get("ephemeralContainers") or []
            debug = {"name": dice.of("debug", "look"), "image": "busybox", "terminationMessagePolicy": "File"}
            patch = {"spec": {"ephemeralContainers": [*there, debug]}}
    return patch, subresource


def _change_pod_itself(pod: Object, dice: Dice) -> Object:
    spec = pod["spec"]
    match dice.of("image", "deadline", "tolerations", "owner"):
        case "image":
            image = dice.of("busybox:3", "busybox:4")
            return {"spec": {"containers": [{**spec["containers"][0], "image": image}]}}
        case "deadline":
            return {"spec": {"activeDeadlineSeconds": dice.of(9000, 6000, 3000)}}
        case "tolerations":
            there = spec.get("tolerations") or []
            more = {"key": dice.of("example.com/one", "example.com/two"), "operator": "Exists"}
            return {"spec": {"tolerations": there if more in there else [*there, more]}}
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "one", "controller": True}
    return {"metadata": {"ownerReferences": dice.of([owner], [])}}


# --- Services and their slices


def _service(dice: Dice) -> Object:
    spec: Object = dict(
        dice.of(
            {},
            {"type": "NodePort"},
            {"type": "LoadBalancer", "externalTrafficPolicy": "Local"},
            {"clusterIP": "None"},
            {"type": "ExternalName", "externalName": "db.example.com"},
        )
    )
    if spec.get("type") == "ExternalName":
        return {"spec": spec}
    ports: list[Object] = [{"name": "http", "port": 80}, {"name": "dns", "port": 53, "protocol": "UDP"}]
    ports = ports[: dice.of(1, 2)]
    if spec.get("type") == "NodePort" and (fixed := dice.of(None, *NODE_PORTS)):
        ports[0]["nodePort"] = fixed
    if "clusterIP" not in spec and (address := dice.of(None, *ADDRESSES)):
        spec["clusterIP"] = address
    selector = dice.of({"app": "web"}, {"release": "demo"}, None)
    return {"spec": {**spec, "ports": ports, **({"selector": selector} if selector else {})}}


def _change_service(service: Object, dice: Dice) -> tuple[Object, str | None]:
    spec = service["spec"]
    if spec.get("type") == "ExternalName" or dice.of(True, False):
        return {"spec": _other_type(spec, dice)}, None
    choice = dice.of("ports", "selector", "affinity")
    if choice == "ports":
        port = {"name": "http", "port": dice.of(80, 8080), "targetPort": dice.of(80, 9090)}
        more = {"name": "more", "port": 9100, "protocol": dice.of("TCP", "UDP")}
        return {"spec": {"ports": [port, more][: dice.of(1, 2)]}}, None
    if choice == "selector":
        return {"spec": {"selector": dice.of({"app": "web", "tier": "front"}, {"app": "web"}, None)}}, None
    return {"spec": {"sessionAffinity": dice.of("ClientIP", "None"), "sessionAffinityConfig": None}}, None


def _other_type(spec: Object, dice: Dice) -> Object:
    kind = dice.of("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")
    patch: Object = {"type": kind, "externalTrafficPolicy": None, "healthCheckNodePort": None}
    if kind == "ExternalName":
        return {**patch, "externalName": "db.example.com", "clusterIP": None, "clusterIPs": None}
    if spec.get("type") == "ExternalName":
        patch |= {"externalName": None, "ports": [{"name": "http", "port": 80}]}
    return patch


def _slice(dice: Dice) -> Object:
    return {
        "addressType": dice.of("IPv4", "IPv6"),
        "endpoints": [],
        "ports": [{"name": "http", "port": 80, "protocol": "TCP"}],
    }


def _change_slice(endpoint_slice: Object, dice: Dice) -> tuple[Object, str | None]:
    choice = dice.of("endpoints", "ports", "service")
    if choice == "ports":
        return {"ports": [{"name": "http", "port": dice.of(80, 8080), "protocol": "TCP"}]}, None
    if choice == "service":
        return {"metadata": {"labels": {"kubernetes.io/service-name": dice.name()}}}, None
    address = {"IPv4": "192.0.2.7", "IPv6": "2001:db8::7"}[endpoint_slice["addressType"]]
    endpoint = {"addresses": [address], "conditions": {"ready": dice.of(True, False)}}
    target = {"kind": "Pod", "name": dice.name(), "namespace": endpoint_slice["metadata"]["namespace"]}
    return {"endpoints": dice.of([endpoint], [{**endpoint, "targetRef": target}], [])}, None


# --- ConfigMaps, Secrets, claims


def _config_map(dice: Dice) -> Object:
    text = dice.of("1", "☃\n", "x" * 5000)
    body: Object = {"data": {"KEY": text}, "binaryData": {"b": base64.b64encode(b"\0\xff").decode()}}
    return {**body, **dice.of({}, {}, {}, {"immutable": True})}


def _change_config_map(_: Object, dice: Dice) -> tuple[Object, str | None]:
    size = dice.of(1, 2, 3, 4, 5, 6, 7, MEBIBYTE - 2)
    changes: Object = {"data": {"KEY": "y" * size, "MORE": dice.of("1", None)}, "binaryData": None}
    return changes | dice.of({}, {}, {}, {"immutable": True}), None


def _secret(dice: Dice) -> Object:
    kind = dice.of("Opaque", "example.com/other", "kubernetes.io/basic-auth")
    data = {"username": dice.of("me", "you"), "password": "☃"}
    return {"type": kind, "stringData": data, **dice.of({}, {}, {}, {"immutable": True})}


def _change_secret(_: Object, dice: Dice) -> tuple[Object, str | None]:
    data = {"username": dice.of("he", "she", "they"), "more": dice.of("1", "2")}
    return {"stringData": data, **dice.of({}, {}, {}, {"immutable": True})}, None


def _claim(dice: Dice) -> Object:
    size = dice.of("1Gi", "2Gi")
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return {"spec": {**spec, "storageClassName": CLASS}}


def _change_claim(_: Object, dice: Dice) -> tuple[Object, str | None]:
    return {"spec": {"resources": {"requests": {"storage": dice.of("3Gi", "4Gi", "5Gi")}}}}, None


_NEW = {
    "Pod": _pod,
    "Service": _service,
    "EndpointSlice": _slice,
    "ConfigMap": _config_map,
    "Secret": _secret,
    "PersistentVolumeClaim": _claim,
}
_CHANGE = {
    "Pod": _change_pod,
    "Service": _change_service,
    "EndpointSlice": _change_slice,
    "ConfigMap": _change_config_map,
    "Secret": _change_secret,
    "PersistentVolumeClaim": _change_claim,
}
