"""Volumes."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from vcli.syncer.translate.names import HostName
from vcli.syncer.translate.objects import Object, changed, without
from vcli.syncer.translate.pods.downward import volume_item
from vcli.syncer.translate.pods.environment import Rename, renamed
from vcli.syncer.translate.pods.references import SECRET_REFS, ephemeral_claim, token_key
from vcli.syncer.translate.scope import Scope

_PRIVATE: Final = 0o600
_FOR_ALL: Final = 0o444
_NAMES: Final = (
    ("azureFile", "secretName"),
    ("persistentVolumeClaim", "claimName"),
    ("secret", "secretName"),
)


def host_volume(
    volume: Mapping[str, Any], pod: Object, *, rename: Rename, token_secret: HostName, scope: Scope
) -> Object:
    """A volume for the host.

    Args:
        volume: the virtual volume.
        pod: its pod.
        rename: translates names of ConfigMaps, Secrets and claims.
        token_secret: the host Secret of the pod's tokens.
        scope: the virtual cluster.
    """

    def name(reference: Mapping[str, Any]) -> Object:
        return renamed(reference, rename)

    def items(source: Mapping[str, Any]) -> Object:
        return changed(source, "items", lambda entries: [volume_item(item, scope) for item in entries])

    def projected(source: Mapping[str, Any]) -> Object:
        return changed(
            source, "sources", lambda sources: [one(index, each) for index, each in enumerate(sources)]
        )

    def one(index: int, source: Mapping[str, Any]) -> Object:
        if token := source.get("serviceAccountToken"):
            item = {"key": token_key(volume["name"], index), "path": token["path"], **_token_mode(pod)}
            return {"secret": {"name": token_secret, "items": [item]}}
        translated = changed(changed(source, "configMap", name), "secret", name)
        return changed(translated, "downwardAPI", items)

    if volume.get("ephemeral"):
        # The virtual control plane creates the claim, the syncer syncs it like any other.
        claim = {"claimName": rename(ephemeral_claim(pod, volume["name"]))}
        return {**without(volume, "ephemeral"), "persistentVolumeClaim": claim}
    translated = changed(volume, "configMap", name)
    for kind, field in _NAMES:
        translated = changed(translated, kind, _at(field, lambda each: rename(each) if each else each))
    for kind, field in SECRET_REFS.items():
        translated = changed(translated, kind, _at(field, name))
    translated = changed(translated, "glusterfs", _at("endpoints", rename))
    return changed(changed(translated, "projected", projected), "downwardAPI", items)


def _at(field: str, change: Callable[[Any], Any]) -> Callable[[Mapping[str, Any]], Object]:
    return lambda source: changed(source, field, change)


def _token_mode(pod: Object) -> dict[str, int]:
    """The mode of a token's file, where it isn't the volume's: as a kubelet decides it (KEP-2451).

    With fsGroup a kubelet narrows it to 0600 and lets the group read it then. Where all containers run as
    one user, it makes it 0600 and that user's own. A Secret's files are root's; that user is to read them
    all the same, and no other is in the pod.
    """
    if (pod["spec"].get("securityContext") or {}).get("fsGroup") is not None:
        return {"mode": _PRIVATE}
    user = _only_user(pod)
    if user is None:
        return {}
    return {"mode": _FOR_ALL if user else _PRIVATE}


def _only_user(pod: Object) -> int | None:
    """The ``runAsUser`` of all containers (``util.FsUserFrom``); None: there is no such one."""
    spec = pod["spec"]
    of_pod = (spec.get("securityContext") or {}).get("runAsUser")
    users: set[int | None] = set()
    for container in (*(spec.get("initContainers") or ()), *spec["containers"]):
        own = (container.get("securityContext") or {}).get("runAsUser")
        users.add(of_pod if own is None else own)
    return users.pop() if len(users) == 1 else None
