"""Pods that lead out of their container: made as a tenant makes them, judged by what the host has of them.

They ask for a node that there is not, so that none of them ever starts; but for a virtual cluster that
schedules inside, where a pod has to fit before it goes on.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from vcli.kube.resources import PODS
from vcli.kube.types import Object
from vcli.operations.verify.model import Attempt, Closed
from vcli.operations.verify.observed import Observed, got_through, held
from vcli.operations.verify.scene import Scene

NOWHERE: Final = {"vcli.dev/verify": "nowhere"}
_CONTROL_PLANE: Final = "node-role.kubernetes.io/control-plane"

Fields = dict[str, Any]
Is = Callable[[Fields, Fields], bool]
"""Whether a host pod has what was asked for: its spec, and its first container."""


def hostile(scene: Scene, name: str, *, spec: Fields, container: Fields, metadata: Fields) -> Object:
    """A pod with something that it should not have."""
    where: Fields = {} if scene.schedules else {"nodeSelector": NOWHERE}
    main = {
        "name": "main",
        "image": scene.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", "60"],
        "resources": {
            "requests": {"cpu": "1m", "memory": "8Mi"},
            "limits": {"cpu": "100m", "memory": "32Mi"},
        },
        **container,
    }
    labels = {"app": "verify", **metadata.get("labels", {})}
    common = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "containers": [main]}
    return {"metadata": {**metadata, "name": name, "labels": labels}, "spec": {**where, **common, **spec}}


def attempt(
    name: str,
    title: str,
    closed_by: Closed,
    has: Is,
    *,
    spec: Fields | None = None,
    container: Fields | None = None,
    metadata: Fields | None = None,
) -> Attempt:
    """One pod: the fields that it is given, and how one sees that the host has them."""

    async def run(scene: Scene) -> Observed:
        body = hostile(
            scene, f"try-{name}", spec=spec or {}, container=container or {}, metadata=metadata or {}
        )

        def judge(on_host: Object) -> Observed:
            found = on_host["spec"]
            if has(found, found["containers"][0]):
                return got_through("a pod on the host has it")
            return held("the pod on the host is without it")

        async with scene.room:
            return await scene.outcome(PODS, body, judge)

    return Attempt(name, "pods", title, closed_by, run)


def _context(**fields: Any) -> Fields:
    return {"securityContext": fields}


def _of_context(key: str) -> Is:
    return lambda spec, container: any(
        (each.get("securityContext") or {}).get(key) for each in (spec, container)
    )


def _has_volume(kind: str) -> Is:
    return lambda spec, _: any(kind in each for each in spec.get("volumes") or ())


def _volume(kind: str, **fields: Any) -> Fields:
    return {"volumes": [{"name": "v", kind: fields}]}


_SECURITY: Final = Closed.POD_SECURITY
_HTTP: Final = {"httpGet": {"host": "127.0.0.1", "path": "/healthz", "port": 10248}}
_TCP: Final = {"tcpSocket": {"host": "127.0.0.1", "port": 10248}}


def _leading_out() -> Iterator[Attempt]:
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        yield attempt(
            f"host-{key.removeprefix('host').lower()}",
            f"share the node: {key}",
            _SECURITY,
            lambda spec, _, key=key: bool(spec.get(key)),  # type: ignore[misc]
            spec={key: True},
        )
    for key, context in {
        "privileged": _context(privileged=True),
        "capabilities": _context(capabilities={"add": ["SYS_ADMIN"]}),
        "seccompProfile": _context(seccompProfile={"type": "Unconfined"}),
        "appArmorProfile": _context(appArmorProfile={"type": "Unconfined"}),
        "seLinuxOptions": _context(seLinuxOptions={"type": "spc_t"}),
    }.items():
        said = f"a container with {key}: {next(iter(context['securityContext'].values()))}"
        yield attempt(f"container-{key.lower()}", said, _SECURITY, _of_context(key), container=context)
    yield attempt(
        "pod-seccomp",
        "a pod with seccomp Unconfined",
        _SECURITY,
        _of_context("seccompProfile"),
        spec=_context(seccompProfile={"type": "Unconfined"}),
    )
    yield attempt(
        "sysctl",
        "an unsafe sysctl: kernel.msgmax",
        _SECURITY,
        _of_context("sysctls"),
        spec=_context(sysctls=[{"name": "kernel.msgmax", "value": "65536"}]),
    )
    yield attempt(
        "host-port",
        "a port of the node",
        _SECURITY,
        lambda _, container: any(each.get("hostPort") for each in container.get("ports") or ()),
        container={"ports": [{"containerPort": 18080, "hostPort": 18080}]},
    )
    yield attempt(
        "init-container",
        "a privileged init container",
        _SECURITY,
        lambda spec, _: any(
            (each.get("securityContext") or {}).get("privileged") for each in spec["initContainers"]
        ),
        spec={
            "initContainers": [{"name": "i", "image": "i", "command": ["true"], **_context(privileged=True)}]
        },
    )


def _volumes() -> Iterator[Attempt]:
    kinds: dict[str, Fields] = {
        "hostPath": {"path": "/"},
        "nfs": {"server": "192.0.2.1", "path": "/"},
        "iscsi": {"targetPortal": "192.0.2.1:3260", "iqn": "iqn.2001-04.com.example:v", "lun": 0},
        "fc": {"targetWWNs": ["50060e801049cfd1"], "lun": 0},
        "flexVolume": {"driver": "example.com/v"},
        "gitRepo": {"repository": "https://192.0.2.1/x.git"},
    }
    for kind, fields in kinds.items():
        spec = _volume(kind, **fields)
        yield attempt(
            f"volume-{kind.lower()}", f"a volume of kind {kind}", _SECURITY, _has_volume(kind), spec=spec
        )


def _probes() -> Iterator[Attempt]:
    for key, handler in {"livenessProbe": _HTTP, "readinessProbe": _TCP, "startupProbe": _HTTP}.items():
        action = next(iter(handler))
        yield attempt(
            f"probe-{key.removesuffix('Probe')}",
            f"have the kubelet ask a server of the node: {key}",
            _SECURITY,
            lambda _, container, key=key, action=action: bool(  # type: ignore[misc]
                container.get(key, {}).get(action, {}).get("host")
            ),
            container={key: handler},
        )
    yield attempt(
        "lifecycle-hook",
        "have the kubelet ask a server of the node: postStart",
        _SECURITY,
        lambda _, container: bool(container.get("lifecycle")),
        container={"lifecycle": {"postStart": _HTTP}},
    )


def _placing() -> Iterator[Attempt]:
    yield attempt(
        "tolerate-everything",
        "tolerate all taints of nodes",
        _SECURITY,
        lambda spec, _: any(not each.get("key") for each in spec.get("tolerations") or ()),
        spec={"tolerations": [{"operator": "Exists"}]},
    )
    yield attempt(
        "tolerate-control-plane",
        "run on nodes of the host's control plane",
        _SECURITY,
        lambda spec, _: any(each.get("key") == _CONTROL_PLANE for each in spec.get("tolerations") or ()),
        spec={"tolerations": [{"key": _CONTROL_PLANE, "operator": "Exists"}]},
    )
    for name in ("system-node-critical", "system-cluster-critical"):
        yield attempt(
            name,
            f"evict others by priority: {name}",
            Closed.ALWAYS,
            lambda spec, _: str(spec.get("priorityClassName", "")).startswith("system-"),
            spec={"priorityClassName": name},
        )
    yield attempt(
        "no-limits",
        "a container without limits",
        Closed.LIMITS,
        lambda _, container: not (container.get("resources") or {}).get("limits"),
        container={"resources": {}},
    )


ATTEMPTS: Final = (*_leading_out(), *_volumes(), *_probes(), *_placing())
