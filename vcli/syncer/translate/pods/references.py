"""What a pod refers to by name, and must be on the host before it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from vcli.syncer.translate.metadata import POD_ROLES, POD_TOKENS, host_name_for
from vcli.syncer.translate.names import HostName, VirtualName, host_name
from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.pods.devices import claim_names
from vcli.syncer.translate.scope import Scope

SECRET_REFS: Final = {
    "cephfs": "secretRef",
    "cinder": "secretRef",
    "csi": "nodePublishSecretRef",
    "flexVolume": "secretRef",
    "iscsi": "secretRef",
    "rbd": "secretRef",
    "scaleIO": "secretRef",
    "storageos": "secretRef",
}
"""Volume type to the field in it that refers to a Secret as ``{"name": …}``."""

_DEFAULT_TOKEN_LIFETIME: Final = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSource:
    """One ``serviceAccountToken`` source of a projected volume.

    Attributes:
        volume: name of the volume.
        index: place of the source in the volume's ``projected.sources``.
        path: file path in the volume.
        audience: the audience asked for; empty for the API server's own.
        expiration_seconds: the lifetime asked for.
    """

    volume: str
    index: int
    path: str
    audience: str
    expiration_seconds: int

    @property
    def key(self) -> str:
        """The data key of this token in the pod's token Secret."""
        return token_key(self.volume, self.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """Names in the pod's own virtual namespace, each with whether the pod may run without it.

    ``claims`` includes those of generic ephemeral volumes (``POD-VOLUME``, made by the virtual control
    plane). ``resource_claims`` has those that exist already, of the ones made from templates.
    """

    config_maps: Mapping[str, bool]
    secrets: Mapping[str, bool]
    claims: Mapping[str, bool]
    tokens: tuple[TokenSource, ...]
    resource_claims: tuple[str, ...] = ()


def references(pod: Object) -> References:
    """Everything that a virtual pod refers to."""
    found: dict[str, dict[str, bool]] = {"ConfigMap": {}, "Secret": {}, "PersistentVolumeClaim": {}}
    for kind, name, optional in _all(pod):
        if name:  # an empty one is an old client's mistake that the API still lets pass
            found[kind][name] = found[kind].get(name, True) and optional
    return References(
        config_maps=found["ConfigMap"],
        secrets=found["Secret"],
        claims=found["PersistentVolumeClaim"],
        tokens=tuple(_tokens(pod)),
        resource_claims=tuple(name for name in claim_names(pod).values() if name),
    )


def token_secret_name(pod: Object, scope: Scope) -> HostName:
    """The host Secret of a virtual pod's tokens."""
    metadata = pod["metadata"]
    return host_name_for(VirtualName(metadata["namespace"], metadata["name"]), kind=POD_TOKENS, scope=scope)


def pod_names(pod: Object, scope: Scope) -> dict[str, str]:
    """Host name to virtual name of a virtual pod and all that it refers to."""
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    found = references(pod)
    own: dict[str, str] = {
        host_name(VirtualName(namespace, each), scope.cluster): each
        for each in (name, *found.config_maps, *found.secrets, *found.claims, *found.resource_claims)
    }
    virtual = VirtualName(namespace, name)
    made: dict[str, str] = {
        host_name_for(virtual, kind=kind, scope=scope): f"{name}-{role}" for kind, role in POD_ROLES.items()
    }
    return own | made


def token_key(volume: str, index: int) -> str:
    """The data key for the token of a projected volume's source; volume names hold no dots."""
    return f"{volume}.{index}"


def ephemeral_claim(pod: Object, volume: str) -> str:
    """The claim that the control plane makes for a generic ephemeral volume."""
    return f"{pod['metadata']['name']}-{volume}"


def ephemeral_claims(pod: Object) -> set[str]:
    """All of them: the claims that must be the pod's own."""
    volumes = pod["spec"].get("volumes") or ()
    return {ephemeral_claim(pod, volume["name"]) for volume in volumes if volume.get("ephemeral")}


def _all(pod: Object) -> Iterator[tuple[str, str, bool]]:
    """Kind, name and whether optional, of every reference."""
    spec = pod["spec"]
    for group in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(group) or ():
            yield from _of_container(container)
    for reference in spec.get("imagePullSecrets") or ():
        # kubelet pulls without a missing one.
        yield "Secret", reference.get("name", ""), True
    for volume in spec.get("volumes") or ():
        yield from _of_volume(volume, pod)


def _of_container(container: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    for source in container.get("envFrom") or ():
        yield from _pair(source.get("configMapRef"), source.get("secretRef"))
    for variable in container.get("env") or ():
        source = variable.get("valueFrom") or {}
        yield from _pair(source.get("configMapKeyRef"), source.get("secretKeyRef"))


def _of_volume(volume: Mapping[str, Any], pod: Object) -> Iterator[tuple[str, str, bool]]:
    yield from _pair(volume.get("configMap"), None)
    if secret := volume.get("secret"):
        yield "Secret", secret.get("secretName", ""), bool(secret.get("optional"))
    for source in (volume.get("projected") or {}).get("sources") or ():
        yield from _pair(source.get("configMap"), source.get("secret"))
    if claim := volume.get("persistentVolumeClaim"):
        yield "PersistentVolumeClaim", claim["claimName"], False
    if volume.get("ephemeral"):
        yield "PersistentVolumeClaim", ephemeral_claim(pod, volume["name"]), False
    if azure := volume.get("azureFile"):
        yield "Secret", azure.get("secretName", ""), False
    for kind, field in SECRET_REFS.items():
        if reference := (volume.get(kind) or {}).get(field):
            yield "Secret", reference.get("name", ""), False


def _pair(
    config_map: Mapping[str, Any] | None, secret: Mapping[str, Any] | None
) -> Iterator[tuple[str, str, bool]]:
    for kind, reference in (("ConfigMap", config_map), ("Secret", secret)):
        if reference is not None:
            yield kind, reference.get("name", ""), bool(reference.get("optional"))


def _tokens(pod: Object) -> Iterator[TokenSource]:
    for volume in pod["spec"].get("volumes") or ():
        for index, source in enumerate((volume.get("projected") or {}).get("sources") or ()):
            if token := source.get("serviceAccountToken"):
                yield TokenSource(
                    volume=volume["name"],
                    index=index,
                    path=token["path"],
                    audience=token.get("audience") or "",
                    expiration_seconds=token.get("expirationSeconds") or _DEFAULT_TOKEN_LIFETIME,
                )
