"""References of the Gateway API: whether a ReferenceGrant permits one, and what it is on the host.

All of a virtual cluster is in one namespace of the host, where every reference would be permitted: so they
are judged here, by the namespaces of the virtual cluster. One that is not permitted leads to a name that no
object has. A controller then answers with an error for its share of the requests, as it would without the
grant; left out, its share would go to the others.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from vcli.syncer.translate.names import VirtualName, derived_name, host_name
from vcli.syncer.translate.objects import Object, without
from vcli.syncer.translate.scope import Scope

GROUP: Final = "gateway.networking.k8s.io"
NOT_PERMITTED: Final = "RefNotPermitted"
"""Reason of conditions and events, as the Gateway API has it."""
_REFUSED: Final = "refused"

Grants = Callable[[str], Iterable[Object]]
"""The ReferenceGrants of a virtual namespace."""


class Target(NamedTuple):
    """What a reference leads to."""

    group: str
    kind: str
    name: VirtualName

    def __str__(self) -> str:
        return f"{self.kind} {self.name.namespace}/{self.name.name}"


class Referrer(NamedTuple):
    """The object that has references, and what it may refer to.

    Attributes:
        kind: of the object.
        namespace: of the object.
        grants: of other namespaces.
        scope: the virtual cluster.
    """

    kind: str
    namespace: str
    grants: Grants
    scope: Scope

    def target(self, ref: Mapping[str, Any], kind: str) -> Target:
        """What a reference leads to; ``kind`` where it says none."""
        name = VirtualName(ref.get("namespace") or self.namespace, ref["name"])
        return Target(ref.get("group") or "", ref.get("kind") or kind, name)

    def may_refer_to(self, target: Target) -> bool:
        """Whether it is of the same namespace, or permitted by a ReferenceGrant there."""
        namespace = target.name.namespace
        return namespace == self.namespace or any(
            self._is_from(grant) and _is_to(grant, target) for grant in self.grants(namespace)
        )

    def on_host(self, ref: Mapping[str, Any], kind: str) -> Object:
        """The reference as the host gets it."""
        target = self.target(ref, kind)
        if self.may_refer_to(target):
            name = host_name(target.name, self.scope.cluster)
        else:
            name = derived_name(target.name, self.scope.cluster, role=_REFUSED)
        return {**without(ref, "namespace"), "name": name}

    def _is_from(self, grant: Object) -> bool:
        own = (GROUP, self.kind, self.namespace)
        return any((each["group"], each["kind"], each["namespace"]) == own for each in grant["spec"]["from"])


def _is_to(grant: Object, target: Target) -> bool:
    return any(
        (each.get("group", ""), each["kind"]) == (target.group, target.kind)
        and each.get("name") in (None, "", target.name.name)
        for each in grant["spec"]["to"]
    )


def sentence(refused: Iterable[Target]) -> str:
    """What is said of references that are not permitted."""
    names = ", ".join(dict.fromkeys(map(str, refused)))
    return f"not permitted to refer to {names}: no ReferenceGrant there allows it"
