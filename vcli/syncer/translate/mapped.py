"""ConfigMaps and Secrets of the host as tenants see them."""

from typing import Any, Final

from vcli.contract.labels import CLUSTER, NO_CONTROL_PLANES
from vcli.kube.types import labels
from vcli.syncer.translate import keys
from vcli.syncer.translate.mirrors import mirror_metadata, picked
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.objects import Object

_DATA: Final = ("data", "binaryData")
_ACCOUNT_TOKEN: Final = "kubernetes.io/service-account-token"  # noqa: S105  a type
_NODE_TOKEN: Final = "bootstrap.kubernetes.io/token"  # noqa: S105  a type
_HELM_RELEASE: Final = "helm.sh/release.v1"

NOT_BY_LABELS: Final = f"!{keys.MANAGED_BY},!{CLUSTER},{NO_CONTROL_PLANES}"
"""Selects what may be shown of all objects of a namespace: nothing of a control plane, nothing synced."""
NOT_BY_FIELDS: Final = {
    "Secret": f"type!={_ACCOUNT_TOKEN},type!={_NODE_TOKEN},type!={_HELM_RELEASE}",
    "ConfigMap": "metadata.name!=kube-root-ca.crt",
}
"""The same, by kind: no credentials of the host's API, no releases of Helm, no CA of the host."""


def to_virtual(host: Object, name: VirtualName, *, kind: str) -> Object:
    """The complete virtual object for one of the host's.

    The host's labels are kept, as controllers inside may look for them; its annotations are not, as they name
    other objects of the host, or repeat the data. A token of the host's API is only shown if it was named: as
    Opaque, as the virtual cluster would look for its ServiceAccount, and delete it.
    """
    theirs = {key: value for key, value in labels(host).items() if not keys.is_ours(key)}
    made: Object = {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": mirror_metadata(name.namespace, name.name, theirs),
        **picked(host, _DATA),
    }
    if kind == "Secret":
        own = host.get("type") or "Opaque"
        made["type"] = "Opaque" if own == _ACCOUNT_TOKEN else own
    return made


def must_be_replaced(current: Object, desired: Object) -> bool:
    """Whether a mirror can't become the desired one: a Secret's type, and what a tenant made immutable."""
    return bool(current.get("immutable")) or current.get("type") != desired.get("type")


def removal_of_additions(current: Object, desired: Object) -> dict[str, Any] | None:
    """A merge patch that takes away what a tenant added to the data of a mirror; None for nothing."""
    added = {field: (current.get(field) or {}).keys() - (desired.get(field) or {}).keys() for field in _DATA}
    patch = {field: dict.fromkeys(sorted(found)) for field, found in added.items() if found}
    return patch or None
