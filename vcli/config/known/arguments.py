"""Flags in values of 2023."""

import re
from collections.abc import Mapping
from typing import Any, Final

from vcli.config import data_source

_AS_TEXT: Final = {
    "out-kube-config-server": "exportKubeConfig.server",
    "out-kube-config-secret": "exportKubeConfig.secret.name",
    "out-kube-config-secret-namespace": "exportKubeConfig.secret.namespace",
    "kube-config-context-name": "exportKubeConfig.context",
    "cluster-domain": "networking.advanced.clusterDomain",
    "default-image-registry": "controlPlane.advanced.defaultImageRegistry",
    "enforce-pod-security-standard": "policies.podSecurityStandard",
    "override-hosts-container-image": "sync.toHost.pods.rewriteHosts.initContainer.image",
}
_AS_SWITCH: Final = {
    "override-hosts": "sync.toHost.pods.rewriteHosts.enabled",
    "sync-all-nodes": "sync.fromHost.nodes.selector.all",
    "sync-node-changes": "sync.fromHost.nodes.syncBackChanges",
    "enable-scheduler": "controlPlane.distro.k8s.scheduler.enabled",
}
_AS_MAPPING: Final = {
    "map-host-service": "networking.replicateServices.fromHost",
    "map-virtual-service": "networking.replicateServices.toHost",
}
_SANS: Final = "controlPlane.proxy.extraSANs"
_PROGRAMS: Final = {
    "kube-apiserver-arg": "apiServer",
    "kube-controller-manager-arg": "controllerManager",
    "kube-scheduler-arg": "scheduler",
}
_OF_BOTH: Final = {
    "service-cidr": "networking.serviceCIDR",
    "cluster-domain": "networking.advanced.clusterDomain",
}
"""Flags of k3s that are keys with each distribution."""
_PARTS_OF_K3S: Final = ("egress-selector-mode", "flannel-backend")
"""Flags for what is a part of k3s alone, beside those that turn a part off (``--disable...``)."""
KINDS: Final = {
    "ingresses": "toHost.ingresses",
    "networkpolicies": "toHost.networkPolicies",
    "persistentvolumes": "toHost.persistentVolumes",
    "poddisruptionbudgets": "toHost.podDisruptionBudgets",
    "volumesnapshots": "toHost.volumeSnapshots",
    "serviceaccounts": "toHost.serviceAccounts",
    "storageclasses": "toHost.storageClasses",
    "priorityclasses": "toHost.priorityClasses",
    "nodes": "fromHost.nodes",
    "hoststorageclasses": "fromHost.storageClasses",
    "ingressclasses": "fromHost.ingressClasses",
    "csinodes": "fromHost.csiNodes",
    "csidrivers": "fromHost.csiDrivers",
    "csistoragecapacities": "fromHost.csiStorageCapacities",
}
"""Kinds in lower case, as values of 2023 name them, and where they are now below sync."""
_LABEL: Final = re.compile(r"([^=!<>()\s]+)\s*==?\s*([^=!<>()\s]*)")
ALWAYS: Final = (
    "configmaps",
    "endpoints",
    "events",
    "fake-nodes",
    "fake-persistentvolumes",
    "persistentvolumeclaims",
    "pods",
    "secrets",
    "services",
)
"""Kinds that are always synced, as values of 2023 name them."""


def of_syncer(value: Any) -> Mapping[str, Any]:
    """``syncer.extraArgs``.

    Raises:
        ValueError: a flag has no key here.
    """
    found: dict[str, Any] = {}
    unknown = []
    for name, text in _flags(value):
        if name == "tls-san":
            found.setdefault(_SANS, []).extend(text.split(","))
        elif name == "sync":
            for word in filter(None, text.split(",")):
                kind, is_on = word.lstrip("-"), not word.startswith("-")
                if kind in KINDS:
                    found[f"sync.{KINDS[kind]}.enabled"] = is_on
                elif kind not in ALWAYS or not is_on:
                    unknown.append(f"--sync={word}")
        elif not (_is_key(name, text, found) or name == "name"):  # that of the virtual cluster is no value
            unknown.append(f"--{name}")
    if unknown:
        raise ValueError(f"{', '.join(unknown)} can't be given to vcli's syncer: take it out")
    return found


def _is_key(name: str, text: str, found: dict[str, Any]) -> bool:
    """Whether a flag of the syncer has a key of its own; its value is added then."""
    if name in _AS_TEXT:
        found[_AS_TEXT[name]] = text
    elif name in _AS_SWITCH and text in ("", "true", "false"):
        found[_AS_SWITCH[name]] = text != "false"
    elif name in _AS_MAPPING and text.count("=") == 1:
        one, other = text.split("=")
        found.setdefault(_AS_MAPPING[name], []).append({"from": one, "to": other})
    elif name == "node-selector":
        found |= of_node_selector(text)
    else:
        return False
    return True


def of_node_selector(value: Any) -> Mapping[str, Any]:
    """A label selector for Nodes in one line, as far as it names labels and their values.

    Raises:
        ValueError: it has another form.
    """
    if not isinstance(value, str):
        raise ValueError("must be a string, such as pool=a,zone=b")  # noqa: TRY004  said as a mistake in the values
    if not value.strip():
        return {}
    pairs = [_LABEL.fullmatch(each.strip()) for each in value.split(",")]
    if not all(pairs):
        raise ValueError("only labels with their values can select Nodes, such as pool=a,zone=b")
    return {"sync.fromHost.nodes.selector.labels": {each[1]: each[2] for each in pairs if each}}


def of_k3s(value: Any) -> Mapping[str, Any]:
    """``vcluster.extraArgs`` where upstream Kubernetes runs: flags in k3s's spelling, and its database.

    Raises:
        ValueError: a flag has no key here.
    """
    found: dict[str, Any] = {}
    unknown = []
    for name, text in _flags(value):
        if name in _PROGRAMS:
            key = f"controlPlane.distro.k8s.{_PROGRAMS[name]}.extraArgs"
            found.setdefault(key, []).append(f"--{text.removeprefix('--')}")
        elif name == "datastore-endpoint":
            found[".".join((*data_source.PATH, "enabled"))] = True
            found[data_source.DOTTED] = text
        elif not (_of_both(name, text, found) or name.startswith("disable") or name in _PARTS_OF_K3S):
            unknown.append(f"--{name}")
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: a flag of k3s that has no counterpart here: take it out")
    return found


def for_k3s(value: Any) -> Mapping[str, Any]:
    """``vcluster.extraArgs`` where k3s runs.

    Raises:
        ValueError: a database, which k3s has none of here.
    """
    found: dict[str, Any] = {}
    for name, text in _flags(value):
        if name == "datastore-endpoint":
            raise ValueError(
                "--datastore-endpoint: k3s keeps its objects in a store of its own here: take it out, or"
                " leave vcluster.image out for upstream Kubernetes with that database"
            )
        if not _of_both(name, text, found):
            word = text.removeprefix("--") if name in _PROGRAMS else text
            flags = found.setdefault("controlPlane.distro.k3s.extraArgs", [])
            flags.append(f"--{name}={word}" if word else f"--{name}")
    return found


def _of_both(name: str, text: str, found: dict[str, Any]) -> bool:
    """Whether a flag of k3s is a key with each distribution; its value is added then."""
    if name == "tls-san":
        found.setdefault(_SANS, []).extend(text.split(","))
    elif name in _OF_BOTH:
        found[_OF_BOTH[name]] = text
    return name == "tls-san" or name in _OF_BOTH


def _flags(value: Any) -> list[tuple[str, str]]:
    words = value.split() if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError("must be a list of flags, or a string of them")
    found: list[tuple[str, str]] = []
    waits = False  # a program's flag: its value begins with dashes as well
    for word in words:
        if waits or not word.startswith("--"):
            if not found or found[-1][1]:
                raise ValueError(f"{word!r} is not a flag, such as --tls-san=vc.example.com")
            found[-1] = (found[-1][0], word)  # --flag value
        else:
            name, _, text = word[2:].partition("=")
            found.append((name, text))
        waits = not found[-1][1] and found[-1][0] in _PROGRAMS
    return found
