"""Examples of the values that choose a distribution: see `value_examples`."""

from typing import Any

_DISTRO = "controlPlane.distro"
_K3S = f"{_DISTRO}.k3s"
_VERSION = f"{_DISTRO}.k8s.version"
_TAG = f"{_K3S}.image.tag"
_SHA = "sha256:" + "0123456789abcdef" * 4
_ON = {f"{_K3S}.enabled": True}
_CLAIM = "controlPlane.statefulSet.persistence.volumeClaim"
_MIRROR = "controlPlane.advanced.defaultImageRegistry"
_SECURITY = "controlPlane.statefulSet.security.containerSecurityContext"

EXAMPLES: dict[str, list[Any]] = {
    f"{_K3S}.{key}": []
    for key in (
        "enabled",
        "image",
        "image.registry",
        "image.repository",
        "image.tag",
        "imagePullPolicy",
        "command",
        "extraArgs",
        "resources",
    )
} | {f"{_DISTRO}.k0s.enabled": []}

COMBINATIONS: list[dict[str, Any]] = [
    {**_ON, **more}
    for more in (
        {_VERSION: "1.36"},
        {f"{_DISTRO}.k8s.enabled": False, f"{_CLAIM}.enabled": False, _VERSION: "v1.35.2+k3s2"},
        {_VERSION: "1.35.2-k3s2", _TAG: "v1.35.2-k3s2", f"{_K3S}.image.registry": "mirror.example"},
        {_TAG: _SHA, _VERSION: "v1.35.2", f"{_K3S}.image.repository": "me/own"},
        {f"{_K3S}.image": "registry.example:5000/me/k3s:v1.35.2-k3s1", f"{_K3S}.imagePullPolicy": "Always"},
        {
            f"{_K3S}.command": ["/bin/k3s", "server", 'a "b" \\ {{ c }}'],
            f"{_K3S}.extraArgs": ["--v=4", "x y"],
        },
        {
            f"{_K3S}.resources": {"limits": {"memory": "1Gi"}},
            "networking.advanced.clusterDomain": "corp.example",
        },
        {
            _MIRROR: "mirror.example/x",
            _SECURITY: {"runAsUser": 7},
            f"{_K3S}.image": f"me/k3s:v1.35.2-k3s1@{_SHA}",
        },
    )
]

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({f"{_DISTRO}.k0s.enabled": True}, "it has to start as root"),
    ({**_ON, f"{_DISTRO}.k8s.enabled": True}, "one of them can run"),
    ({**_ON, f"{_DISTRO}.k8s.scheduler.enabled": True}, "the host schedules"),
    ({**_ON, f"{_DISTRO}.k8s.apiServer.extraArgs": ["--v=4"]}, "of no use with k3s"),
    ({**_ON, f"{_DISTRO}.k8s.imagePullPolicy": "Always"}, "of no use with k3s"),
    ({**_ON, "controlPlane.backingStore.etcd.embedded.extraArgs": ["--v=4"]}, "a store of its own"),
    ({**_ON, "controlPlane.statefulSet.highAvailability.replicas": 3}, "the chart has one control-plane pod"),
    ({**_ON, _VERSION: "v1.29.2"}, "older than 1.30"),
    ({**_ON, _VERSION: "v1.31"}, "Name the patch as well"),
    ({**_ON, _VERSION: "v1.36.3+k0s.2"}, "a release of another distribution"),
    ({**_ON, _VERSION: "v1.35.1", _TAG: "v1.35.2-k3s1"}, "asks for"),
    ({_VERSION: "v1.36.3+k3s1"}, "a release of another distribution"),
    ({_VERSION: "v1.36.3+build"}, "is no version of k8s"),
]
