"""What pods request of a node, counted as a scheduler does, and what a node has left.

Amounts are whole numbers: thousandths of a core for ``cpu``, else the resource's own unit (bytes, pods).
"""

from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING
from typing import Any, Final

from vcli.kube.types import labels
from vcli.syncer.translate.metadata import virtual_name_of
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.quantities import value
from vcli.syncer.translate.scope import Scope

Amounts = Mapping[str, int]

CPU: Final = "cpu"
PODS: Final = "pods"
_FINISHED: Final = frozenset({"Succeeded", "Failed"})
_OF_METADATA: Final = ("name", "namespace", "uid", "resourceVersion")


def requests_of(pod: Mapping[str, Any]) -> dict[str, int]:
    """What a pod takes of its node, itself included; nothing once it has run to its end.

    As ``PodRequests`` of k8s.io/component-helpers: init containers run one after another, those that restart
    (KEP-753) beside all that come later; the pod's own resources (KEP-2837) count instead of its containers';
    of a container that is being resized (KEP-1287), the larger of what it asks for and what it has.
    """
    spec, status = pod["spec"], pod.get("status") or {}
    if status.get("phase") in _FINISHED:
        return {}
    has = _allocated(status)
    running: dict[str, int] = {}
    for container in spec["containers"]:
        _add(running, _of_container(container, has))
    beside: dict[str, int] = {}
    peak: dict[str, int] = {}
    for container in spec.get("initContainers") or ():
        own = _of_container(container, has)
        if container.get("restartPolicy") == "Always":
            _add(running, own)
            _add(beside, own)
        else:
            _add(own, beside)
        peak = _larger(peak, own)
    of_pod = _amounts((spec.get("resources") or {}).get("requests"))
    found = {**_larger(running, peak), **of_pod}
    _add(found, _amounts(spec.get("overhead")))
    return {**found, PODS: 1}


def occupant(pod: Object, scope: Scope) -> Object:
    """What is kept of a pod of the host, of whichever namespace: where it is, and what it requests there.

    Args:
        pod: the host's pod.
        scope: the virtual cluster; of its own pods, ``virtual`` says which they are.
    """
    metadata = pod["metadata"]
    kept: Object = {"metadata": {key: metadata[key] for key in _OF_METADATA if key in metadata}}
    node = pod["spec"].get("nodeName")
    requests = requests_of(pod) if node else {}
    if requests:
        kept |= {"node": node, "requests": requests}
        if labels(pod) and (own := virtual_name_of(pod, scope=scope, kind="Pod")) is not None:
            kept["virtual"] = own
    return kept


def virtual_name(kept: Object) -> VirtualName | None:
    """The virtual pod of an `occupant`; None for a pod that is not this virtual cluster's."""
    found: VirtualName | None = kept.get("virtual")
    return found


def uncounted(occupants: Iterable[tuple[Object, Mapping[str, Any] | None]]) -> dict[str, int]:
    """What pods of the host request that a scheduler inside does not count itself.

    That is all that other pods do, and what the host's admission has added to the virtual cluster's own.

    Args:
        occupants: of one node, each with its virtual pod if that is bound to the node as well.
    """
    found: dict[str, int] = {}
    for kept, virtual in occupants:
        counted = requests_of(virtual) if virtual is not None else {}
        requests: Amounts = kept["requests"]
        _add(found, {name: max(0, amount - counted.get(name, 0)) for name, amount in requests.items()})
    return {name: amount for name, amount in found.items() if amount}


def less(allocatable: Mapping[str, str], used: Amounts) -> dict[str, str]:
    """A Node's ``allocatable`` without what others use of it, and never below nothing."""
    return {
        name: _text(name, max(0, _amount(name, text) - used[name])) if used.get(name) else text
        for name, text in allocatable.items()
    }


def _of_container(container: Mapping[str, Any], has: Mapping[str, Amounts]) -> dict[str, int]:
    asked = _amounts((container.get("resources") or {}).get("requests"))
    return _larger(asked, has.get(container["name"], {}))


def _allocated(status: Mapping[str, Any]) -> dict[str, Amounts]:
    """What the kubelet has set aside for each container."""
    groups = ("containerStatuses", "initContainerStatuses")
    return {
        each["name"]: _amounts(each["allocatedResources"])
        for group in groups
        for each in status.get(group) or ()
        if each.get("allocatedResources")
    }


def _amounts(quantities: Mapping[str, str] | None) -> dict[str, int]:
    return {name: _amount(name, text) for name, text in (quantities or {}).items()}


def _amount(name: str, quantity: str) -> int:
    number = value(quantity) * (1000 if name == CPU else 1)
    return int(number.to_integral_value(ROUND_CEILING))


def _text(name: str, amount: int) -> str:
    return f"{amount}m" if name == CPU else str(amount)


def _add(to: dict[str, int], more: Amounts) -> None:
    for name, amount in more.items():
        to[name] = to.get(name, 0) + amount


def _larger(one: Amounts, other: Amounts) -> dict[str, int]:
    return {name: max(one.get(name, 0), other.get(name, 0)) for name in {**one, **other}}
