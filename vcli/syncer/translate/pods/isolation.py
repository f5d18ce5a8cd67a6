"""What an isolated virtual cluster's pods don't get of the host's nodes, whatever their namespace says.

The tenant may label a namespace ``privileged``, and the host namespace may have no label: so this says again
what of the Pod Security Standard "baseline" leads out of a container.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from vcli.kube.types import annotations
from vcli.syncer.translate.objects import Object, without

_CAPABILITIES: Final = frozenset(
    {
        *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"),
        *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
    }
)
_VOLUMES: Final = frozenset(
    {
        *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim"),
        *("projected", "secret"),
    }
)
"""Those of the Pod Security Standard "restricted", and images: the node mounts all others from anywhere."""
_SYSCTLS: Final = frozenset(
    {
        *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"),
        *("net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports"),
        *("net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl"),
        *("net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"),
    }
)
_SELINUX_TYPES: Final = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_APPARMOR: Final = "container.apparmor.security.beta.kubernetes.io/"
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
_TAINTS_OF_HOST: Final = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"


def refused(pod: Object) -> list[str]:
    """Why an isolated virtual cluster may not run a pod; empty when it may."""
    spec = pod["spec"]
    found = [f"spec.{key}" for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    for volume in spec.get("volumes") or ():
        found += [f"volume {volume['name']}: {kind}" for kind in volume if kind not in {"name", *_VOLUMES}]
    context = spec.get("securityContext") or {}
    found += [f"spec.securityContext.{each}" for each in _of_context(context)]
    names = [each["name"] for each in context.get("sysctls") or () if each["name"] not in _SYSCTLS]
    found += [f"spec.securityContext.sysctls: {name}" for name in names]
    found += [
        f"annotation {key}: {value}"
        for key, value in annotations(pod).items()
        if key.startswith(_APPARMOR) and value == "unconfined"
    ]
    for group in ("initContainers", "containers"):
        found += [each for container in spec.get(group) or () for each in _of_container(container)]
    return [f"{each}: not in this virtual cluster, which is isolated" for each in found]


def may_run(container: Mapping[str, Any]) -> bool:
    """Whether a container, an ephemeral one also, is kept from the node."""
    return not any(_of_container(container))


def refused_containers(pod: Object) -> list[str]:
    """The names of the ephemeral containers that are not started."""
    return [each["name"] for each in pod["spec"].get("ephemeralContainers") or () if not may_run(each)]


def tolerations(given: Sequence[Object]) -> list[Object]:
    """Those that don't tolerate everything, nor the taints of the host's control plane."""
    return [each for each in given if each.get("key") and each["key"] not in _TAINTS_OF_HOST]


def pinned(host_pod: Object) -> Object:
    """A host pod with the node that it names as an affinity: so the host's scheduler has a say."""
    spec = host_pod["spec"]
    node = spec.get("nodeName")
    if not node:
        return host_pod
    named = {"key": "metadata.name", "operator": "In", "values": [node]}
    affinity = spec.get("affinity") or {}
    of_nodes = affinity.get("nodeAffinity") or {}
    terms = (of_nodes.get(_REQUIRED) or {}).get("nodeSelectorTerms") or []
    # A term without anything in it matches nowhere, and must not begin to.
    narrowed = [_narrowed(term, named) for term in terms if term]
    required = {"nodeSelectorTerms": (narrowed or terms) if terms else [_narrowed({}, named)]}
    moved = {**affinity, "nodeAffinity": {**of_nodes, _REQUIRED: required}}
    return {**host_pod, "spec": {**without(spec, "nodeName"), "affinity": moved}}


def left_out(pod: Object, *, scheduled_inside: bool) -> Iterator[str]:
    """Sentences about what the host pod does not have."""
    spec = pod["spec"]
    given = spec.get("tolerations") or ()
    if len(tolerations(given)) < len(given):
        yield (
            "spec.tolerations: those of all taints and of the host's control plane left out, as this virtual"
            " cluster is isolated"
        )
    if spec.get("nodeName") and not scheduled_inside:
        yield (
            "spec.nodeName: the pod goes there only if the host's scheduler lets it, as this virtual"
            " cluster is isolated"
        )


def _narrowed(term: Mapping[str, Any], named: Object) -> Object:
    fields = [each for each in term.get("matchFields") or () if each != named]
    return {**term, "matchFields": [*fields, named]}


def _of_container(container: Mapping[str, Any]) -> Iterator[str]:
    name, context = container["name"], container.get("securityContext") or {}
    if context.get("privileged"):
        yield f"container {name}: privileged"
    yield from (f"container {name}: {each}" for each in _of_context(context))
    if context.get("procMount") not in (None, "Default"):
        yield f"container {name}: procMount"
    added = sorted({*((context.get("capabilities") or {}).get("add") or ())} - _CAPABILITIES)
    if added:
        yield f"container {name}: capabilities {', '.join(added)}"
    if any(port.get("hostPort") for port in container.get("ports") or ()):
        yield f"container {name}: hostPort"
    lifecycle = container.get("lifecycle") or {}
    handlers = {key: container.get(key) for key in _PROBES} | {
        f"lifecycle.{key}": lifecycle[key] for key in lifecycle
    }
    for key, handler in handlers.items():
        for action in ("httpGet", "tcpSocket"):
            # The kubelet asks from the node, and there reaches what listens on its loopback too.
            if ((handler or {}).get(action) or {}).get("host"):
                yield f"container {name}: {key}.{action}.host"


def _of_context(context: Mapping[str, Any]) -> Iterator[str]:
    """What a pod's and a container's security context both may have."""
    if (context.get("windowsOptions") or {}).get("hostProcess"):
        yield "hostProcess"
    for key in ("seccompProfile", "appArmorProfile"):
        if (context.get(key) or {}).get("type") == "Unconfined":
            yield f"{key} Unconfined"
    labels = context.get("seLinuxOptions") or {}
    if labels.get("type", "") not in _SELINUX_TYPES or labels.get("user") or labels.get("role"):
        yield "seLinuxOptions"
