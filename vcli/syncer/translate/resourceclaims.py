"""ResourceClaims: what is asked for is the tenant's, what is allocated the host's (KEP-4381)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from vcli.kube.types import is_terminating, uid
from vcli.syncer.translate.messages import rewrite
from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.mirrors import picked
from vcli.syncer.translate.objects import Object, changed
from vcli.syncer.translate.scope import Scope

PROTECTION: Final = "resource.kubernetes.io/delete-protection"
"""Finalizer of a claim that is allocated: the scheduler adds it, the controller manager takes it away."""
_FROM_CLASS: Final = "FromClass"


def to_host(claim: Object, *, scope: Scope) -> Object:
    """The complete host ResourceClaim; what its spec names are DeviceClasses, and those are the host's."""
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaim",
        "metadata": host_metadata(claim, kind="ResourceClaim", scope=scope),
        "spec": claim["spec"],
    }


def device_classes(claim: Object) -> set[str]:
    """The names of the DeviceClasses that a claim asks for, or would be content with."""
    return {each["deviceClassName"] for each in _requests(claim) if each.get("deviceClassName")}


def virtual_status(host: Object, virtual: Object, *, consumers: Mapping[str, Object], scope: Scope) -> Object:
    """The status of the virtual ResourceClaim: the host's, for the tenant's pods.

    The virtual cluster's controller manager deallocates a claim that is terminating once no pod uses it. So
    of such a claim nothing comes back but that pods use it no more.

    Args:
        host: the host claim.
        virtual: the virtual one.
        consumers: virtual pod by the uid of its host pod, of those that use it, and have not finished.
        scope: the virtual cluster.
    """
    theirs, ours = host.get("status") or {}, virtual.get("status") or {}
    pods = [
        {
            "resource": "pods",
            "name": consumers[each["uid"]]["metadata"]["name"],
            "uid": uid(consumers[each["uid"]]),
        }
        for each in theirs.get("reservedFor") or ()
        if each["resource"] == "pods" and not each.get("apiGroup") and each["uid"] in consumers
    ]
    if is_terminating(virtual):
        there = ours.get("reservedFor") or ()
        return {
            **picked(ours, ("allocation", "devices")),
            **_reserved([each for each in there if each in pods]),
        }
    if "allocation" not in theirs:
        return {}

    def text(message: str) -> str:
        return rewrite(message, {}, namespace=virtual["metadata"]["namespace"], scope=scope)

    allocation = changed(theirs["allocation"], "devices", _without_configuration)
    status: Object = {"allocation": allocation, **_reserved(pods)}
    if theirs.get("devices"):
        status["devices"] = [_device(each, text) for each in theirs["devices"]]
    return status


def virtual_patch(host: Object, virtual: Object) -> Object | None:
    """The merge patch by which a claim is protected while it is allocated on the host; None for nothing."""
    there, ours = _is_protected(host), _is_protected(virtual)
    if there == ours or (there and is_terminating(virtual)):
        return None
    metadata = virtual["metadata"]
    others = [each for each in metadata.get("finalizers") or () if each != PROTECTION]
    finalizers = [*others, PROTECTION] if there else others
    # With the version: what others do to this list at this moment is not undone.
    return {"metadata": {"finalizers": finalizers, "resourceVersion": metadata["resourceVersion"]}}


def _is_protected(claim: Object) -> bool:
    return PROTECTION in (claim["metadata"].get("finalizers") or ())


def _reserved(pods: list[Object]) -> Object:
    return {"reservedFor": pods} if pods else {}


def _requests(claim: Object) -> Iterator[Object]:
    for request in (claim["spec"].get("devices") or {}).get("requests") or ():
        if request.get("exactly"):
            yield request["exactly"]
        yield from request.get("firstAvailable") or ()


def _without_configuration(devices: Object) -> Object:
    """Without that of the class, which is the host's."""
    return changed(
        devices, "config", lambda found: [each for each in found if each.get("source") != _FROM_CLASS]
    )


def _device(device: Object, text: Callable[[str], str]) -> Object:
    return changed(device, "conditions", lambda found: [changed(each, "message", text) for each in found])
