"""Flags in values of 2023."""

from collections.abc import Mapping
from typing import Any, Final

from vcli.config import data_source

_KUBECONFIG: Final = {
    "out-kube-config-server": "exportKubeConfig.server",
    "out-kube-config-secret": "exportKubeConfig.secret.name",
    "out-kube-config-secret-namespace": "exportKubeConfig.secret.namespace",
    "kube-config-context-name": "exportKubeConfig.context",
}
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
            found.setdefault("controlPlane.proxy.extraSANs", []).extend(text.split(","))
        elif name in _KUBECONFIG:
            found[_KUBECONFIG[name]] = text
        elif name == "sync":
            for word in filter(None, text.split(",")):
                kind, is_on = word.lstrip("-"), not word.startswith("-")
                if kind in KINDS:
                    found[f"sync.{KINDS[kind]}.enabled"] = is_on
                elif kind not in ALWAYS or not is_on:
                    unknown.append(f"--sync={word}")
        else:
            unknown.append(f"--{name}")
    if unknown:
        raise ValueError(f"{', '.join(unknown)} can't be given to vcli's syncer: take it out")
    return found


def of_k3s(value: Any) -> Mapping[str, Any]:
    """``vcluster.extraArgs``: flags for API server and controller manager in k3s's spelling and its database.

    Raises:
        ValueError: a flag has no key here.
    """
    found: dict[str, Any] = {}
    programs = {"kube-apiserver-arg": "apiServer", "kube-controller-manager-arg": "controllerManager"}
    unknown = []
    for name, text in _flags(value):
        if name in programs:
            key = f"controlPlane.distro.k8s.{programs[name]}.extraArgs"
            found.setdefault(key, []).append(f"--{text.removeprefix('--')}")
        elif name == "datastore-endpoint":
            found[".".join((*data_source.PATH, "enabled"))] = True
            found[data_source.DOTTED] = text
        else:
            unknown.append(f"--{name}")
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: a flag of k3s that has no counterpart here: take it out")
    return found


def _flags(value: Any) -> list[tuple[str, str]]:
    words = value.split() if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError("must be a list of flags, or a string of them")
    found: list[tuple[str, str]] = []
    for word in words:
        if word.startswith("--"):
            name, _, text = word[2:].partition("=")
            found.append((name, text))
        elif found and not found[-1][1]:  # --flag value
            found[-1] = (found[-1][0], word)
        else:
            raise ValueError(f"{word!r} is not a flag, such as --tls-san=vc.example.com")
    return found
