"""PersistentVolumes of a tenant's own, for the host: each is reserved for one claim of the tenant's.

On the host all tenants' claims look for volumes, so none is there that the first one to come could have.
Which claim gets which volume is decided in the virtual cluster, by the rules of Kubernetes' binder, but that
the nodes of a volume are not asked for. Volumes that the host has made are in `vcli.syncer.translate.pvs`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from vcli.kube.types import labels, uid
from vcli.syncer.translate.labels import matches
from vcli.syncer.translate.messages import rewrite
from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.mirrors import picked
from vcli.syncer.translate.names import VirtualName, host_name
from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.pvs import SOURCES
from vcli.syncer.translate.quantities import value
from vcli.syncer.translate.scope import Scope

_PROVISIONED_BY: Final = "pv.kubernetes.io/provisioned-by"
_OF_THE_HOST: Final = ("pv.kubernetes.io/", "volume.kubernetes.io/", "volume.beta.kubernetes.io/")
"""Annotations of binders and provisioners: some of them name Secrets."""
_COPIED: Final = (
    *SOURCES,
    "accessModes",
    "capacity",
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "volumeAttributesClassName",
    "volumeMode",
)
_USED: Final = frozenset({"Released", "Failed"})


def to_host(
    volume: Object,
    *,
    scope: Scope,
    host: Object | None = None,
    storage_classes: Mapping[str, str] | None = None,
) -> Object:
    """The complete host PersistentVolume of one that is reserved.

    Args:
        volume: the virtual one, with its ``claimRef``.
        scope: the virtual cluster.
        host: the host volume that there is: it keeps its capacity, which only grows, and by the host's doing.
        storage_classes: host StorageClass by virtual one; others keep their name.
    """
    metadata = host_metadata(volume, kind="PersistentVolume", scope=scope)
    notes = {
        key: text
        for key, text in metadata["annotations"].items()
        if key == _PROVISIONED_BY or not key.startswith(_OF_THE_HOST)
    }
    spec = {key: _with_host_secrets(each, scope) for key, each in picked(volume["spec"], _COPIED).items()}
    if host is not None:
        spec["capacity"] = host["spec"]["capacity"]
    if name := spec.get("storageClassName"):
        spec["storageClassName"] = (storage_classes or {}).get(name, name)
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {**metadata, "annotations": notes},
        "spec": {**spec, "claimRef": _host_claim(volume, scope)},
    }


def is_bound(host: Object) -> bool:
    """Whether a host volume is bound: what a tenant changes of its claim is undone then."""
    return (host.get("status") or {}).get("phase") == "Bound"


def must_be_recreated(volume: Object, host: Object, *, scope: Scope) -> bool:
    """Whether a host volume that is not bound is no longer for the claim that the virtual one is for.

    A tenant makes a released volume free by taking away the reference to its claim, or the uid in that.
    """
    reference = volume["spec"].get("claimRef")
    if not reference:
        return True
    there, wanted = host["spec"].get("claimRef") or {}, _host_claim(volume, scope)
    is_same = (there.get("namespace"), there.get("name")) == (wanted["namespace"], wanted["name"])
    return not is_same or (is_released(host) and not reference.get("uid"))


def is_supported(volume: Object) -> bool:
    """Whether the host gets volumes of such a source."""
    return any(kind in volume["spec"] for kind in SOURCES)


def reservation(claim: Object) -> Object:
    """The ``claimRef`` of a volume for a virtual claim."""
    metadata = claim["metadata"]
    reference = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "uid": metadata["uid"]}
    return {**reference, "namespace": metadata["namespace"], "name": metadata["name"]}


def is_for(volume: Object, claim: Object) -> bool:
    """Whether a virtual volume is reserved for, or bound to, this virtual claim."""
    reference, metadata = volume["spec"].get("claimRef") or {}, claim["metadata"]
    named = (reference.get("namespace"), reference.get("name")) == (metadata["namespace"], metadata["name"])
    return named and reference.get("uid") in (None, "", uid(claim))


def match(claim: Object, volumes: Iterable[Object]) -> Object | None:
    """The volume for a claim that is not bound: what it names, or what is for it, or the smallest that fits.

    Without ``storageClassName`` a claim gets the host's default, so no volume fits but one for it.

    Args:
        claim: the virtual claim.
        volumes: a tenant's own.
    """
    wanted = claim["spec"].get("volumeName")
    own = [each for each in volumes if wanted in (None, "", each["metadata"]["name"])]
    if reserved := next((each for each in own if is_for(each, claim)), None):
        return reserved
    free = [each for each in own if not each["spec"].get("claimRef") and not is_used(each)]
    if wanted:
        return next(iter(free), None)
    fitting = [each for each in free if _fits(each, claim)]
    return min(fitting, key=lambda each: (_size(each), each["metadata"]["name"]), default=None)


def is_used(volume: Object) -> bool:
    """Whether a volume had a claim, which is gone, and is not given to another one as it is."""
    return (volume.get("status") or {}).get("phase") in _USED


def was_bound(volume: Object) -> bool:
    """Whether a volume is, or was, bound to the claim that it refers to."""
    return (volume.get("status") or {}).get("phase") in {"Bound", *_USED}


def is_released(volume: Object) -> bool:
    """Whether it is as its claim has left it: nobody has taken the reference to that away."""
    return is_used(volume) and bool((volume["spec"].get("claimRef") or {}).get("uid"))


def secrets_of(volume: Object) -> list[VirtualName]:
    """The virtual Secrets that a volume names."""
    found = picked(volume["spec"], SOURCES).values()
    return [each for source in found for each in _secrets(source)]


def virtual_status(host: Object, virtual: Object, *, scope: Scope) -> Object:
    """The status of the virtual volume: the host's; when its phase changed is the API server's to say."""
    status = picked(host.get("status") or {}, ("phase", "reason"))
    if message := (host.get("status") or {}).get("message"):
        claim = virtual["spec"].get("claimRef") or {}
        names = {
            host["metadata"]["name"]: virtual["metadata"]["name"],
            (host["spec"].get("claimRef") or {}).get("name", ""): claim.get("name", ""),
        }
        status["message"] = rewrite(message, names, namespace=claim.get("namespace", ""), scope=scope)
    since = (virtual.get("status") or {}).get("lastPhaseTransitionTime")
    return {**status, **({"lastPhaseTransitionTime": since} if since else {})}


def virtual_patch(host: Object, virtual: Object, claim: Object | None) -> Object | None:
    """The merge patch that syncs the capacity, and the claim of a bound volume; None for nothing.

    Args:
        host: the host volume.
        virtual: the virtual one.
        claim: the virtual claim whose host claim the host volume is bound to.
    """
    spec: Object = {}
    if host["spec"]["capacity"] != virtual["spec"]["capacity"]:
        spec["capacity"] = host["spec"]["capacity"]
    reference = virtual["spec"].get("claimRef") or {}
    if claim is not None and (not is_for(virtual, claim) or not reference.get("uid")):
        spec["claimRef"] = reservation(claim)
    return {"spec": spec} if spec else None


def _host_claim(volume: Object, scope: Scope) -> dict[str, str]:
    reference = volume["spec"]["claimRef"]
    name = host_name(VirtualName(reference["namespace"], reference["name"]), scope.cluster)
    kind = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
    return {**kind, "namespace": scope.host_namespace, "name": name}


def _fits(volume: Object, claim: Object) -> bool:
    has, wants = volume["spec"], claim["spec"]
    same = all(
        (has.get(field) or default) == (wants.get(field) or default)
        for field, default in (("volumeMode", "Filesystem"), ("volumeAttributesClassName", ""))
    )
    # A claim that says no class has the host's default one; "" is none.
    of_class = wants.get("storageClassName") is not None
    return (
        same
        and of_class
        and (has.get("storageClassName") or "") == wants["storageClassName"]
        and set(wants["accessModes"]) <= set(has["accessModes"])
        and _size(volume) >= value(wants["resources"]["requests"]["storage"])
        and matches(wants.get("selector") or {}, labels(volume))
    )


def _size(volume: Object) -> Any:
    return value(volume["spec"]["capacity"]["storage"])


def _secrets(source: Any) -> Iterable[VirtualName]:
    for field, reference in source.items():
        if _is_secret(field, reference):
            yield VirtualName(reference["namespace"], reference["name"])


def _with_host_secrets(source: Any, scope: Scope) -> Any:
    """A source of a volume whose Secrets are those of the virtual cluster, as they are on the host."""
    if not isinstance(source, dict):
        return source
    return {
        field: {
            "name": host_name(VirtualName(each["namespace"], each["name"]), scope.cluster),
            "namespace": scope.host_namespace,
        }
        if _is_secret(field, each)
        else each
        for field, each in source.items()
    }


def _is_secret(field: str, reference: Any) -> bool:
    return field.endswith("SecretRef") and bool(reference.get("name") and reference.get("namespace"))
