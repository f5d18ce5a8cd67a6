"""What a route may attach to: judged by the listeners of Gateways and the namespaces of the virtual cluster.

On the host every listener lets in what is of its own namespace, and all routes are. So a route names there
only what lets it in here: the whole Gateway, or listeners of it by their names.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from vcli.syncer.translate.gateway_refs import GROUP
from vcli.syncer.translate.labels import matches
from vcli.syncer.translate.mappings import HostObject
from vcli.syncer.translate.names import VirtualName, host_name
from vcli.syncer.translate.objects import Object, without
from vcli.syncer.translate.scope import Scope

NOT_ALLOWED: Final = "NotAllowedByListeners"
NO_MATCH: Final = "NoMatchingParent"
"""Reasons of conditions and events, as the Gateway API has them."""


class Place(NamedTuple):
    """Where a Gateway of the virtual cluster is answered.

    Attributes:
        gateway: the virtual object.
        is_synced: whether the host has it by this virtual cluster.
        shown: the host's own, which it shows; None for another one.
    """

    gateway: Object
    is_synced: bool = False
    shown: HostObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """One of a route's ``parentRefs``.

    Attributes:
        ref: as the route has it.
        on_host: as the host gets it: none, one, or one for each listener that lets the route in.
        is_elsewhere: whether the host has nothing to do with it; whoever has writes its status.
        reason: why it is refused; empty where it is not.
        message: the same as a sentence.
    """

    ref: Object
    on_host: tuple[Object, ...] = ()
    is_elsewhere: bool = False
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Knows the virtual cluster.

    Attributes:
        place: of a Gateway; None where there is none of that name.
        labels: of a namespace.
        scope: the virtual cluster.
    """

    place: Callable[[VirtualName], Place | None]
    labels: Callable[[str], Mapping[str, str]]
    scope: Scope

    def parents(self, route: Object) -> list[Parent]:
        """All that a route wants to attach to, in its order."""
        namespace = route["metadata"]["namespace"]
        return [self._parent(ref, namespace) for ref in route["spec"].get("parentRefs") or ()]

    def _parent(self, ref: Object, namespace: str) -> Parent:
        if not is_gateway(ref):
            return Parent(ref=ref, is_elsewhere=True)
        name = gateway_of(ref, namespace)
        place = self.place(name)
        if place is None:
            return Parent(ref=ref)
        if place.shown is not None:
            # Whom the host's own Gateway lets in is for its owner to say, on the host.
            shown = {"name": place.shown.name, "namespace": place.shown.namespace}
            return Parent(ref=ref, on_host=({**ref, **shown},))
        if not place.is_synced:
            return Parent(ref=ref, is_elsewhere=True)
        return self._attached(ref, name, place.gateway, namespace)

    def _attached(self, ref: Object, name: VirtualName, gateway: Object, namespace: str) -> Parent:
        meant = [each for each in gateway["spec"].get("listeners") or () if _is_meant(ref, each)]
        gate = f"Gateway {name.namespace}/{name.name}"
        if not meant:
            message = f"{gate} has no listener of this name or port"
            return Parent(ref=ref, reason=NO_MATCH, message=message)
        open_ones = [each for each in meant if self._lets_in(each, name.namespace, namespace)]
        if not open_ones:
            message = f"no listener of {gate} lets in routes of namespace {namespace}: see its allowedRoutes"
            return Parent(ref=ref, reason=NOT_ALLOWED, message=message)
        own = {**without(ref, "namespace"), "name": host_name(name, self.scope.cluster)}
        if len(open_ones) == len(meant):
            return Parent(ref=ref, on_host=(own,))
        return Parent(ref=ref, on_host=tuple({**own, "sectionName": each["name"]} for each in open_ones))

    def _lets_in(self, listener: Object, own: str, namespace: str) -> bool:
        policy = (listener.get("allowedRoutes") or {}).get("namespaces") or {}
        match policy.get("from", "Same"):
            case "All":
                return True
            case "Same":
                return own == namespace
            case "Selector":
                selector = policy.get("selector")
                return selector is not None and bool(matches(selector, self.labels(namespace)))
            case _:
                return False


def is_gateway(ref: Mapping[str, Any]) -> bool:
    """Whether a reference to a parent is to a Gateway."""
    return (ref.get("group", GROUP), ref.get("kind", "Gateway")) == (GROUP, "Gateway")


def gateway_of(ref: Mapping[str, Any], namespace: str) -> VirtualName:
    """The Gateway that a reference of a route in a namespace is to."""
    return VirtualName(ref.get("namespace") or namespace, ref["name"])


def gateways_of(route: Object) -> Iterator[VirtualName]:
    """The Gateways that a route wants to attach to."""
    for ref in route["spec"].get("parentRefs") or ():
        if is_gateway(ref):
            yield gateway_of(ref, route["metadata"]["namespace"])


def _is_meant(ref: Mapping[str, Any], listener: Mapping[str, Any]) -> bool:
    wanted = {"name": ref.get("sectionName"), "port": ref.get("port")}
    return all(value is None or listener.get(key) == value for key, value in wanted.items())
