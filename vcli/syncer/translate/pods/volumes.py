"""Volumes."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from vcli.syncer.translate.names import HostName
from vcli.syncer.translate.objects import Object, changed, without
from vcli.syncer.translate.pods.downward import volume_item
from vcli.syncer.translate.pods.environment import Rename, renamed
from vcli.syncer.translate.pods.references import SECRET_REFS, ephemeral_claim, token_key

_TOKEN_MODE_WITH_GROUP: Final = 0o600
_NAMES: Final = (
    ("azureFile", "secretName"),
    ("persistentVolumeClaim", "claimName"),
    ("secret", "secretName"),
)


def host_volume(volume: Mapping[str, Any], pod: Object, *, rename: Rename, token_secret: HostName) -> Object:
    """A volume for the host.

    Args:
        volume: the virtual volume.
        pod: its pod.
        rename: translates names of ConfigMaps, Secrets and claims.
        token_secret: the host Secret of the pod's tokens.
    """

    def name(reference: Mapping[str, Any]) -> Object:
        return renamed(reference, rename)

    def items(source: Mapping[str, Any]) -> Object:
        return changed(source, "items", lambda entries: [volume_item(item) for item in entries])

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
    # With a group, kubelet narrows a token to 0600 and then lets the group read it. (With runAsUser alone
    # it makes the token that user's own, which a Secret's files can't be: they keep the volume's mode.)
    group = (pod["spec"].get("securityContext") or {}).get("fsGroup")
    return {"mode": _TOKEN_MODE_WITH_GROUP} if group is not None else {}
