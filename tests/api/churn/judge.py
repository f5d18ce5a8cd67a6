"""Whether the host is what it should be, told from two snapshots and the pure translation alone."""

import base64
import dataclasses
import json
from collections.abc import Iterator
from typing import Any

from compare import Key, Snapshot, differing, lacking, surplus

from vcli.syncer.translate import keys, pvcs, pvs
from vcli.syncer.translate import pods as translate
from vcli.syncer.translate.configs import config_map_to_host, secret_to_host
from vcli.syncer.translate.endpoints import slice_to_host
from vcli.syncer.translate.metadata import POD_TOKENS, virtual_name_of, virtual_uid_of
from vcli.syncer.translate.names import VirtualName, derived_name, host_name
from vcli.syncer.translate.pods import PodContext, references
from vcli.syncer.translate.services import is_on_host as service_is_on_host
from vcli.syncer.translate.services import to_host as service_to_host

Object = dict[str, Any]

FOREIGN = "foreign.example.com/"
"""Prefix of what others put on host objects."""
_NOT_LABELS_OF_OURS = (FOREIGN,)
_NOT_ANNOTATIONS_OF_OURS = (FOREIGN, f"{keys.DOMAIN}/", "pv.kubernetes.io/")


class Judge:
    """Compares both clusters at rest.

    Args:
        context: what the contexts of all pods share.
        virtual: the virtual cluster, Namespaces as well.
        host: the host namespace.
    """

    def __init__(self, context: PodContext, *, virtual: Snapshot, host: Snapshot) -> None:
        self._scope = context.scope
        self._context = context
        self._virtual = virtual
        self._host = host
        self._expected: set[Key] = set()
        pods = [pod for key, pod in virtual.items() if key.kind == "Pod" and not _is_finished(pod)]
        self._needed = {key for pod in pods for key in _configs_of(pod)}

    def wrong(self) -> list[str]:
        """Everything that is not as it should be."""
        found = []
        for key, virtual in self._virtual.items():
            check = _CHECKS.get(key.kind)
            if check is not None:
                found += [f"{key}: {problem}" for problem in check(self, key, virtual)]
        for key, host in self._host.items():
            owner = virtual_name_of(host, scope=self._scope)
            if owner is not None and key not in self._expected:
                kind = host["metadata"]["annotations"][keys.KIND]
                found.append(f"host {key} has no reason to be ({kind} {owner.namespace}/{owner.name})")
        return found

    # --- each kind

    def _pod(self, key: Key, pod: Object) -> Iterator[str]:
        host = self._on_host(key)
        if host is None:
            if not _is_held(pod):
                yield "is not on the host"
            return
        if "deletionTimestamp" in host["metadata"]:
            yield "its host pod still ends"
            return
        if virtual_uid_of(host) != pod["metadata"]["uid"]:
            yield "its host pod is of another pod"
        node, host_node = pod["spec"].get("nodeName"), host["spec"].get("nodeName")
        if node != host_node:
            yield f"is on node {node}, on the host on {host_node}"
        told = translate.virtual_status(host, pod, scope=self._scope)
        status = pod.get("status") or {}
        yield from (f"status{each}" for each in differing(_by_type(told), _by_type(status)))
        if _is_finished(pod):
            self._token_secret(key)  # which may stay as long as the pod
        else:
            yield from self._alive(key, pod, host)

    def _alive(self, key: Key, pod: Object, host: Object) -> Iterator[str]:
        """What changes as long as a pod runs."""
        namespace = self._virtual[Key("Namespace", "", key.namespace)]
        labels = namespace["metadata"].get("labels") or {}
        context = dataclasses.replace(self._context, namespace_labels=labels)
        desired = translate.to_host(pod, context)
        yield from _metadata(desired, host)
        yield from lacking(
            _own_environment(desired["spec"], pod), _own_environment(host["spec"], pod), ".spec"
        )
        added = translate.ephemeral_containers(pod, context)
        yield from lacking(
            [each["name"] for each in added],
            [each["name"] for each in host["spec"].get("ephemeralContainers") or ()],
            ".spec.ephemeralContainers",
        )
        yield from self._tokens(key, pod)
        gates = {each["type"]: each["status"] for each in translate.host_conditions(pod)}
        there = {each["type"]: each["status"] for each in host["status"].get("conditions") or ()}
        yield from lacking(gates, there, ".status.conditions")

    def _tokens(self, key: Key, pod: Object) -> Iterator[str]:
        sources = references(pod).tokens
        if not sources:
            return
        secret = self._token_secret(key)
        if secret is None:
            yield "its tokens are not on the host"
            return
        for source in sources:
            token = (secret.get("data") or {}).get(source.key)
            if token is None:
                yield f"has no token {source.key}"
                continue
            bound = _claims(token)["kubernetes.io"]
            if bound["pod"]["uid"] != pod["metadata"]["uid"]:
                yield f"token {source.key} is of another pod"
            if bound.get("node", {}).get("name") != pod["spec"].get("nodeName"):
                yield f"token {source.key} is for node {bound.get('node')}"

    def _token_secret(self, key: Key) -> Object | None:
        name = derived_name(VirtualName(key.namespace, key.name), self._scope.cluster, role="tokens")
        secret = self._host.get(Key("Secret", self._scope.host_namespace, name))
        if secret is None or virtual_name_of(secret, scope=self._scope, kind=POD_TOKENS) is None:
            return None
        self._expected.add(Key.of(secret))
        return secret

    def _config_map(self, key: Key, config_map: Object) -> Iterator[str]:
        if key in self._needed:
            desired = config_map_to_host(config_map, scope=self._scope)
            yield from self._copy(key, desired, exact=("data", "binaryData", "immutable"))

    def _secret(self, key: Key, secret: Object) -> Iterator[str]:
        if key in self._needed:
            desired = secret_to_host(secret, scope=self._scope)
            yield from self._copy(key, desired, exact=("data", "immutable", "type"))

    def _claim(self, key: Key, claim: Object) -> Iterator[str]:
        desired, host = pvcs.to_host(claim, scope=self._scope), self._on_host(key)
        if host is not None and _has_grown_beyond(host, desired):
            # The tenant took it back before the size was shown: the host can't make a volume smaller.
            desired["spec"]["resources"] = host["spec"]["resources"]
        yield from self._copy(key, desired)
        if host is None:
            return
        told = pvcs.virtual_status(host, claim, scope=self._scope)
        yield from differing(told, claim.get("status"), ".status")
        volume = claim["spec"].get("volumeName", "")
        if host["spec"].get("volumeName") and told["phase"] == "Bound":
            yield from differing(
                pvs.mirrored_name(host["spec"]["volumeName"], self._scope), volume, ".volumeName"
            )
            if Key("PersistentVolume", "", volume) not in self._virtual:
                yield f"its volume {volume} is not shown"

    def _volume(self, _: Key, volume: Object) -> Iterator[str]:
        bound = volume["spec"].get("claimRef") or {}
        claim = self._virtual.get(
            Key("PersistentVolumeClaim", bound.get("namespace", ""), bound.get("name", ""))
        )
        if pvs.is_ours(volume) and (claim is None or claim["metadata"]["uid"] != bound["uid"]):
            yield "is shown, and its claim is gone"

    def _service(self, key: Key, service: Object) -> Iterator[str]:
        if (key.namespace, key.name) == ("default", "kubernetes"):
            return
        if not service_is_on_host(service):
            if self._on_host(key) is not None:
                yield "is on the host"
            return
        desired = service_to_host(service, scope=self._scope)
        wanted = desired.pop("spec")
        yield from self._copy(key, desired)
        host = self._on_host(key)
        if host is None:
            return
        yield from differing(_serving(wanted), _serving(host["spec"]), ".spec")
        if service["spec"]["type"] == "LoadBalancer":
            yield from differing(host["status"], service["status"], ".status")

    def _slice(self, key: Key, endpoint_slice: Object) -> Iterator[str]:
        service = (endpoint_slice["metadata"].get("labels") or {}).get("kubernetes.io/service-name", "")
        owner = self._virtual.get(Key("Service", key.namespace, service))
        takes_slices = owner is not None and service_is_on_host(owner)
        if takes_slices and key.namespace != "default":
            desired = slice_to_host(endpoint_slice, scope=self._scope)
            yield from self._copy(key, desired, exact=("endpoints", "ports"))

    # --- what they share

    def _copy(self, key: Key, desired: Object, *, exact: tuple[str, ...] = ()) -> Iterator[str]:
        host = self._on_host(key)
        if host is None:
            yield "is not on the host"
            return
        if "deletionTimestamp" in host["metadata"]:
            yield "its host object still ends"
        yield from _metadata(desired, host)
        yield from lacking({k: v for k, v in desired.items() if k not in ("metadata", *exact)}, host)
        for name in exact:
            yield from differing(desired.get(name), host.get(name), f".{name}")

    def _on_host(self, key: Key) -> Object | None:
        """The host object, which then has its reason to be."""
        own = VirtualName(key.namespace, key.name)
        host_key = Key(key.kind, self._scope.host_namespace, host_name(own, self._scope.cluster))
        host = self._host.get(host_key)
        if host is None or virtual_name_of(host, scope=self._scope, kind=key.kind) != own:
            return None
        self._expected.add(host_key)
        return host


_CHECKS = {
    "Pod": Judge._pod,
    "ConfigMap": Judge._config_map,
    "Secret": Judge._secret,
    "PersistentVolumeClaim": Judge._claim,
    "PersistentVolume": Judge._volume,
    "Service": Judge._service,
    "EndpointSlice": Judge._slice,
}


def _metadata(desired: Object, host: Object) -> Iterator[str]:
    wanted, there = desired["metadata"], host["metadata"]
    yield from lacking(wanted, there, ".metadata")
    yield from surplus(wanted["labels"], there.get("labels") or {}, but=_NOT_LABELS_OF_OURS)
    yield from surplus(wanted["annotations"], there.get("annotations") or {}, but=_NOT_ANNOTATIONS_OF_OURS)


def _own_environment(spec: Object, pod: Object) -> Object:
    """The spec of a host pod, of each environment only what the tenant wrote.

    What comes before are the Services of its namespace as they were when it was created.
    """
    containers = []
    for container, own in zip(spec["containers"], pod["spec"]["containers"], strict=True):
        count = len(own.get("env") or ())
        containers.append({**container, "env": container["env"][-count:] if count else []})
    return {**spec, "containers": containers}


def _serving(spec: Object) -> Object:
    """A Service's spec without what only the host's load balancers ask its nodes for."""
    return {key: value for key, value in spec.items() if key != "healthCheckNodePort"}


def _by_type(status: Object) -> Object:
    """A status whose conditions are a map: their order means nothing."""
    return {**status, "conditions": {each["type"]: each for each in status.get("conditions") or ()}}


def _configs_of(pod: Object) -> Iterator[Key]:
    namespace, needed = pod["metadata"]["namespace"], references(pod)
    for kind, names in (("ConfigMap", needed.config_maps), ("Secret", needed.secrets)):
        for name in names:
            yield Key(kind, namespace, name)


def _is_finished(pod: Object) -> bool:
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def _is_held(pod: Object) -> bool:
    """Whether nothing but the tenant's finalizers keeps it."""
    metadata = pod["metadata"]
    return "deletionTimestamp" in metadata and bool(metadata.get("finalizers"))


def _has_grown_beyond(host: Object, desired: Object) -> bool:
    size = ((host.get("status") or {}).get("capacity") or {}).get("storage", "0Gi")
    wanted = desired["spec"]["resources"]["requests"]["storage"]
    return int(size.removesuffix("Gi")) > int(wanted.removesuffix("Gi"))


def _claims(encoded: str) -> Object:
    """What is in a token, as a Secret has it."""
    payload = base64.b64decode(encoded).decode().split(".")[1]
    claims: Object = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return claims
