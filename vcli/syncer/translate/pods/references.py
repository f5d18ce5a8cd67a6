"""What a pod refers to by name, and must be on the host before it."""

from collections.abc import Mapping
from dataclasses import dataclass

from vcli.syncer.translate.metadata import POD_TOKENS
from vcli.syncer.translate.names import HostName, VirtualName
from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.scope import Scope


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
        return f"{self.volume}.{self.index}"


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """Names in the pod's own virtual namespace, each with whether the pod may run without it.

    ``claims`` includes those of generic ephemeral volumes (``POD-VOLUME``, made by the virtual control plane).
    """

    config_maps: Mapping[str, bool]
    secrets: Mapping[str, bool]
    claims: Mapping[str, bool]
    tokens: tuple[TokenSource, ...]


def references(pod: Object) -> References:
    """Everything that a virtual pod refers to."""
    raise NotImplementedError


def token_secret_name(pod: Object, scope: Scope) -> HostName:
    """The host Secret of a virtual pod's tokens."""
    raise NotImplementedError
