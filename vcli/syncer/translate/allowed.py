"""Which labels and annotations of a tenant the host's controllers get to read, where that is limited.

Host controllers take commands from labels and annotations: a DNS name for a Service, a role in the cloud for
a pod, a snippet for an ingress controller that all tenants share. A virtual cluster that is isolated passes
on what Kubernetes itself reads and what the synced kinds need, and what its values add.

A label that does not pass travels under a hashed key of ours, and selectors ask for that: so each selects
what it selects inside. An annotation that does not pass stays inside.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from vcli.syncer.translate import keys

LABELS: Final = (
    "*",
    "app.kubernetes.io/*",
    "apps.kubernetes.io/*",
    "batch.kubernetes.io/*",
    "endpointslice.kubernetes.io/managed-by",
    "helm.sh/chart",
    "kubernetes.io/service-name",
    "service.kubernetes.io/*",
    "statefulset.kubernetes.io/*",
    "topology.kubernetes.io/*",
)
"""Patterns of labels that pass: those without a domain, and those that Kubernetes' own parts read."""

ANNOTATIONS: Final = (
    "alb.ingress.kubernetes.io/*",
    "container.apparmor.security.beta.kubernetes.io/*",
    "endpoints.kubernetes.io/*",
    "haproxy-ingress.github.io/*",
    "haproxy.org/*",
    "ingressclass.kubernetes.io/*",
    "kubectl.kubernetes.io/default-container",
    "kubernetes.io/egress-bandwidth",
    "kubernetes.io/ingress-bandwidth",
    "kubernetes.io/ingress.class",
    "nginx.ingress.kubernetes.io/*",
    "nginx.org/*",
    "pv.kubernetes.io/*",
    "seccomp.security.alpha.kubernetes.io/*",
    "service.kubernetes.io/*",
    "snapshot.storage.kubernetes.io/*",
    "storageclass.kubernetes.io/*",
    "volume.beta.kubernetes.io/*",
    "volume.kubernetes.io/*",
)
"""Patterns of annotations that pass: what Kubernetes and the ingress controllers that are known here read."""

SHARED: Final = (
    "alb.ingress.kubernetes.io/group.*",
    "haproxy-ingress.github.io/*config*",
    "haproxy-ingress.github.io/*snippet*",
    "haproxy.org/*snippet*",
    "nginx.ingress.kubernetes.io/*snippet*",
    "nginx.org/*snippet*",
)
"""Of these, what writes into a configuration that tenants share: it passes only if the values name it."""

INFORMATIVE: Final = (
    "*",
    "*.helm.sh/*",
    "deployment.kubernetes.io/*",
    "helm.sh/*",
    "kubectl.kubernetes.io/*",
)
"""Patterns of annotations that no host controller reads: that they stay inside is not worth an event."""

_LABEL_PREFIX: Final = "label.vcli.dev/k-"
_ANNOTATION_PREFIX: Final = "annotation.vcli.dev/k-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What passes to the host.

    Attributes:
        labels: patterns of keys that pass beside `LABELS`.
        annotations: the same, beside `ANNOTATIONS`.
    """

    labels: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()

    def label(self, key: str) -> bool:
        """Whether a label passes."""
        return _matches(key, LABELS) or _matches(key, self.labels)

    def annotation(self, key: str) -> bool:
        """Whether an annotation passes."""
        is_known = _matches(key, ANNOTATIONS) and not _matches(key, SHARED)
        return is_known or _matches(key, self.annotations)


def host_label_key(key: str, allowed: Allowed | None) -> str:
    """The host's key for a tenant's label key, where all pass (None), or only some."""
    return keys.host_key(key) if allowed is None or allowed.label(key) else _LABEL_PREFIX + _hash(key)


def host_annotation_key(key: str, allowed: Allowed | None) -> str:
    """The host's key for an annotation that the host pod has to have, as it reads it itself."""
    return (
        keys.host_key(key) if allowed is None or allowed.annotation(key) else _ANNOTATION_PREFIX + _hash(key)
    )


def passing(
    annotations: Mapping[str, str], allowed: Allowed | None, needed: Iterable[str] = ()
) -> Mapping[str, str]:
    """The annotations that go to the host, by their own keys: those that pass, and those that are needed."""
    if allowed is None:
        return annotations
    wanted = set(needed)
    return {key: value for key, value in annotations.items() if key in wanted or allowed.annotation(key)}


def sentences(annotations: Mapping[str, str], allowed: Allowed | None) -> list[str]:
    """A sentence about the annotations that stay inside, for an event; none where nobody misses them."""
    if allowed is None:
        return []
    gone = sorted(
        key
        for key in annotations
        if not allowed.annotation(key) and not _matches(key, INFORMATIVE) and not keys.is_ours(key)
    )
    if not gone:
        return []
    which = ", ".join(gone)
    return [
        f"metadata.annotations: {which} not on the host; policies.hostMetadata.annotations names what may be"
    ]


def _matches(key: str, patterns: tuple[str, ...]) -> bool:
    return bool(patterns) and _compiled(patterns).fullmatch(key) is not None


@lru_cache(maxsize=16)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One expression for all; ``*`` is anything without a slash."""
    return re.compile("|".join("[^/]*".join(map(re.escape, each.split("*"))) for each in patterns))


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]
