"""What the containers of a control plane get of the resources that the values give to all of it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from vcli.config.quantity import SHARED, units
from vcli.config.schema import Values
from vcli.controlplane.components import Component
from vcli.errors import UsageError
from vcli.kube.types import Object

_MEBI: Final = 1 << 20
LAST: Final = "syncer"
"""The container that gets what is left after rounding: it is always there, and has no key of its own."""


def shared(values: Values, components: Iterable[Component]) -> list[Component]:
    """The components with their shares of ``controlPlane.statefulSet.resources``.

    Those with resources of their own keep them, and get no share. The others get one by what they request by
    default; limits are the requests and such a share of what is between them. Sums are those of the values.

    Raises:
        UsageError: limits are lower than requests.
    """
    found, own = [*components], _own(values)
    given: Object = values.control_plane.stateful_set.resources
    takers = {each.name: each.container["resources"] for each in found if not own.get(each.name)}
    shares = share(given, takers)
    return [
        replace(each, container={**each.container, "resources": shares[each.name]})
        if each.name in shares
        else each
        for each in found
    ]


def share(given: Object, defaults: Mapping[str, Object]) -> dict[str, Object]:
    """The resources of each container; nothing where none are given.

    Args:
        given: of all containers together.
        defaults: of each container.

    Raises:
        UsageError: limits are lower than requests.
    """
    if not (given.get("requests") or given.get("limits")):
        return {}
    found = {name: {key: dict(own[key]) for key in ("requests", "limits")} for name, own in defaults.items()}
    for resource in SHARED:
        requests = given.get("requests", {}).get(resource)
        limits = given.get("limits", {}).get(resource)
        before = {name: _of(own, "requests", resource) for name, own in defaults.items()}
        wanted = before
        if requests is not None:
            wanted = _shares(resource, units(resource, requests), defaults)
            _put(found, "requests", resource, wanted)
        if limits is not None:
            above = units(resource, limits) - sum(wanted.values())
            if above < 0:
                asked = _text(resource, sum(wanted.values()))
                raise UsageError(
                    f"controlPlane.statefulSet.resources.limits.{resource}: {limits} is less than the control"
                    f" plane requests, {asked}",
                    hint=f"raise it, or lower requests.{resource}",
                )
            more = _shares(resource, above, defaults)
            _put(found, "limits", resource, {name: wanted[name] + more[name] for name in wanted})
        elif requests is not None:
            known = {name: _of(own, "limits", resource) for name, own in defaults.items()}
            _put(
                found,
                "limits",
                resource,
                {name: max(known[name], wanted[name]) for name in known if known[name]},
            )
    return found


def _shares(resource: str, whole: int, defaults: Mapping[str, Object]) -> dict[str, int]:
    by = resource if resource == "cpu" else "memory"
    weights = {name: _of(own, "requests", by) for name, own in defaults.items()}
    grain = 1 if resource == "cpu" else _MEBI
    found = {
        name: whole * weight // (sum(weights.values()) * grain) * grain
        for name, weight in weights.items()
        if name != LAST
    }
    return {**found, LAST: whole - sum(found.values())}


def _of(own: Object, key: str, resource: str) -> int:
    return units(resource, own[key].get(resource, 0))


def _put(found: dict[str, Object], key: str, resource: str, amounts: Mapping[str, int]) -> None:
    for name, amount in amounts.items():
        found[name][key][resource] = _text(resource, amount)


def _text(resource: str, amount: int) -> str:
    if resource == "cpu":
        return f"{amount}m"
    return str(amount) if amount % _MEBI else f"{amount // _MEBI}Mi"


def _own(values: Values) -> dict[str, Object]:
    plane = values.control_plane
    k8s = plane.distro.k8s
    database = plane.backing_store.database
    kine = database.embedded if database.embedded.enabled else database.external
    return {
        "etcd": plane.backing_store.etcd.embedded.resources,
        "kine": kine.resources,
        "kube-apiserver": k8s.api_server.resources,
        "kube-controller-manager": k8s.controller_manager.resources,
        "kube-scheduler": k8s.scheduler.resources,
        "k3s": plane.distro.k3s.resources,
    }
