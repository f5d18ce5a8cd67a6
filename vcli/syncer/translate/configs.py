"""ConfigMaps, Secrets, and the Secret of a pod's tokens."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from vcli.kube.types import annotations
from vcli.syncer.translate import keys
from vcli.syncer.translate.metadata import POD_TOKENS, host_metadata
from vcli.syncer.translate.objects import Object, without
from vcli.syncer.translate.scope import Scope

_RENEWED_AT: Final = 0.8
_A_DAY: Final = 24 * 3600.0
_HOST_WOULD_FILL: Final = "kubernetes.io/service-account-token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A service account token.

    Attributes:
        value: the token itself; never shown in a repr.
        issued: when it was asked for, Unix seconds.
        expires: when it expires, Unix seconds.
    """

    value: str = field(repr=False)
    issued: float
    expires: float

    @property
    def renew_at(self) -> float:
        """When to ask for the next one (Unix seconds): at 80 % of its life or after a day, as kubelet."""
        return self.issued + min((self.expires - self.issued) * _RENEWED_AT, _A_DAY)


def config_map_to_host(config_map: Object, *, scope: Scope) -> Object:
    """The complete host ConfigMap."""
    return _with_data(config_map, "ConfigMap", scope)


def secret_to_host(secret: Object, *, scope: Scope) -> Object:
    """The complete host Secret.

    One of type ``kubernetes.io/service-account-token`` becomes Opaque: the host would look for its
    ServiceAccount, and delete it.
    """
    kind = secret.get("type") or "Opaque"
    return {**_with_data(secret, "Secret", scope), "type": "Opaque" if kind == _HOST_WOULD_FILL else kind}


def bare(virtual: Object) -> Object:
    """An object without its labels and annotations: nothing selects copies of data by them on the host.

    Host controllers do: one that replicates Secrets, say, would fill the copy with somebody else's.
    """
    return {**virtual, "metadata": without(virtual["metadata"], "annotations", "labels")}


def token_secret(pod: Object, tokens: Mapping[str, Token], *, scope: Scope) -> Object:
    """The host Secret of a virtual pod's tokens, by ``TokenSource.key``."""
    metadata = host_metadata(bare(pod), kind=POD_TOKENS, scope=scope)
    lives = {key: [token.issued, token.expires] for key, token in sorted(tokens.items())}
    noted = {**metadata["annotations"], keys.TOKENS: json.dumps(lives, separators=(",", ":"))}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {**metadata, "annotations": noted},
        "type": "Opaque",
        "data": {key: base64.b64encode(token.value.encode()).decode() for key, token in tokens.items()},
    }


def tokens_in(secret: Object) -> dict[str, Token]:
    """The tokens in a host Secret made by ``token_secret``; none where it can't be read."""
    data, found = secret.get("data") or {}, {}
    try:
        lives = json.loads(annotations(secret).get(keys.TOKENS) or "{}")
        for key, (issued, expires) in lives.items():
            if key in data:
                value = base64.b64decode(data[key]).decode()
                found[key] = Token(value=value, issued=float(issued), expires=float(expires))
    except (ValueError, TypeError, AttributeError):  # somebody edited it on the host
        return {}
    return found


def renewals_in(secret: Object) -> dict[str, float]:
    """When each of the tokens in a host Secret has to be renewed, Unix seconds; empty values will do."""
    return {key: token.renew_at for key, token in tokens_in(secret).items()}


def _with_data(virtual: Object, kind: str, scope: Scope) -> Object:
    data = {key: virtual[key] for key in ("data", "binaryData", "immutable") if virtual.get(key) is not None}
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": host_metadata(bare(virtual), kind=kind, scope=scope),
        **data,
    }
