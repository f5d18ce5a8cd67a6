"""ConfigMaps, Secrets, and the Secret of a pod's tokens."""

from collections.abc import Mapping
from dataclasses import dataclass

from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A service account token.

    Attributes:
        value: the token itself; never shown in a repr.
        issued: when it was asked for, Unix seconds.
        expires: when it expires, Unix seconds.
    """

    value: str
    issued: float
    expires: float

    @property
    def renew_at(self) -> float:
        """When to ask for the next one (Unix seconds): at 80 % of its life, at the latest after a day, as kubelet does."""
        raise NotImplementedError


def config_map_to_host(config_map: Object, *, scope: Scope) -> Object:
    """The complete host ConfigMap."""
    raise NotImplementedError


def secret_to_host(secret: Object, *, scope: Scope) -> Object:
    """The complete host Secret."""
    raise NotImplementedError


def token_secret(pod: Object, tokens: Mapping[str, Token], *, scope: Scope) -> Object:
    """The host Secret of a virtual pod's tokens, by ``TokenSource.key``."""
    raise NotImplementedError


def tokens_in(secret: Object) -> dict[str, Token]:
    """The tokens in a host Secret made by ``token_secret``, for their renewal."""
    raise NotImplementedError
