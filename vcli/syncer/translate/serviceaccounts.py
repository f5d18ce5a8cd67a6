"""ServiceAccounts on the host: labels and annotations, as cloud identities need them, and no rights.

Pods get their tokens and their own pull secrets from the virtual cluster.
"""

from collections.abc import Sequence
from typing import Final

from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.scope import Scope

_MOUNTABLE_SECRETS: Final = "kubernetes.io/enforce-mountable-secrets"
"""The virtual cluster enforces it; the host would, by its own names, for Secrets that it has not listed."""


def to_host(account: Object, *, scope: Scope, pull_secrets: Sequence[Object] = ()) -> Object:
    """The complete host ServiceAccount.

    Args:
        account: the virtual one.
        scope: the virtual cluster.
        pull_secrets: what pods get that name none themselves: Secrets of the host, as ``{name: ...}``.
    """
    metadata = host_metadata(account, kind="ServiceAccount", scope=scope)
    kept = {key: value for key, value in metadata["annotations"].items() if key != _MOUNTABLE_SECRETS}
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {**metadata, "annotations": kept},
        "automountServiceAccountToken": False,
        **({"imagePullSecrets": list(pull_secrets)} if pull_secrets else {}),
    }
