"""The labels and annotations that are ours, and where a tenant's keys of the same names go.

A tenant may use any key, ours included: one virtual cluster inside another does. Such a key gets ``v.``
before its domain on the host, so it neither forges ours nor gets lost: ``vcli.dev/name`` becomes
``v.vcli.dev/name``, and that one level further down ``v.v.vcli.dev/name``.
"""

from typing import Final

from vcli.contract.labels import ALIASED_LABELS as ALIASED_LABELS  # noqa: PLC0414  with the other keys
from vcli.contract.labels import HOST_NAMESPACE as HOST_NAMESPACE  # noqa: PLC0414  with the other keys
from vcli.contract.labels import KIND as KIND  # noqa: PLC0414  with the other keys
from vcli.contract.labels import MANAGED_BY as MANAGED_BY  # noqa: PLC0414  with the other keys
from vcli.contract.labels import NAME as NAME  # noqa: PLC0414  with the other keys
from vcli.contract.labels import NAMESPACE as NAMESPACE  # noqa: PLC0414  with the other keys
from vcli.contract.labels import UID as UID  # noqa: PLC0414  with the other keys

DOMAIN: Final = "vcli.dev"

MIRROR: Final = "vcli.dev/mirror"
"""Label in the virtual cluster: the object shows one of the host's, and is for reading."""
MIRROR_NAME: Final = "vcli.dev/mirror-name"
"""Annotation of a mirror in a namespace: NAMESPACE/NAME. A copy that a tenant makes of it is no mirror."""

NAMESPACE_LABEL_PREFIX: Final = "vcli.dev/ns-"
"""Label prefix: a label of the virtual namespace, its key hashed."""

MANAGED_KEYS: Final = "vcli.dev/managed-keys"
"""Annotation: JSON, the label and annotation keys that are ours to remove when the virtual ones go."""
APPLIED: Final = "vcli.dev/applied"
"""Annotation: hash of an object as it was last applied; what host admission made of it is not fought over."""
APPLIED_SPEC: Final = "vcli.dev/applied-spec"
"""Annotation: hash of what can change in a pod's spec, as it was last sent."""
RESOURCES: Final = "vcli.dev/resources"
"""Annotation: hash of the resources last sent, for in-place resize."""
GENERATION: Final = "vcli.dev/generation"
"""Annotation: the virtual ``metadata.generation`` that the host's spec corresponds to."""
SELECTED_NODE: Final = "vcli.dev/selected-node"
"""Annotation of a host claim: the node that was last chosen inside for its volume, and given to the host."""
PLACEMENT: Final = "vcli.dev/placement"
"""Annotation: hash of what a host pod asks of nodes, as the virtual ones are labelled and tainted."""
OF_HOST_NODE: Final = "vcli.dev/of-host-node"
"""Annotation of a virtual Node: JSON, the labels, taints and cordon that it has of the host's Node."""
CONFIG_MAPS: Final = "vcli.dev/config-maps"
"""Annotation: the kinds of ConfigMaps that were made for a host pod, separated by commas."""
LABELS: Final = "vcli.dev/labels"
"""Annotation: the virtual labels as a downward API volume has them."""
ANNOTATIONS: Final = "vcli.dev/annotations"
"""Annotation: the virtual annotations as a downward API volume has them."""
TOKENS: Final = "vcli.dev/tokens"
"""Annotation: JSON, Secret key to when its token was issued and when it expires (Unix seconds)."""


def is_ours(key: str) -> bool:
    """Whether a label or annotation key lies in our domain, or below it."""
    domain, slash, _ = key.rpartition("/")
    return bool(slash) and (domain == DOMAIN or domain.endswith("." + DOMAIN))


def host_key(key: str) -> str:
    """The host's key for a tenant's label or annotation key."""
    return f"v.{key}" if is_ours(key) else key
