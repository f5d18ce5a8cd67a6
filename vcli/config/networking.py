"""What the values say about Services and names across the border of the two clusters."""

from collections.abc import Iterator
from typing import Any

from vcli.config.dump import dump
from vcli.config.schema import Values
from vcli.errors import UsageError
from vcli.kube.types import Object


def networking(values: Values) -> Object:
    """For the syncer's settings, with the keys of the values: what is not empty of it."""
    chosen = values.networking
    found = {
        "replicateServices": dump(chosen.replicate_services),
        "resolveDNS": dump(chosen.resolve_dns),
        "fallbackHostCluster": chosen.advanced.fallback_host_cluster,
    }
    filled: Object = _filled(found)
    return filled


def services_elsewhere(values: Values, namespace: str) -> list[str]:
    """The names of Services that are replicated from other namespaces of the host.

    Args:
        values: what the user chose.
        namespace: the host namespace.
    """
    mappings = (each.from_.rpartition("/") for each in values.networking.replicate_services.from_host)
    return sorted({name for place, _, name in mappings if place and place != namespace})


def reads_endpoints(values: Values, namespace: str) -> bool:
    """Whether a Service of the host namespace is replicated: of a headless one, the endpoints are read.

    Args:
        values: what the user chose.
        namespace: the host namespace.
    """
    mappings = (each.from_.rpartition("/") for each in values.networking.replicate_services.from_host)
    return any(place in ("", namespace) for place, _, _ in mappings)


def check_host_namespace(values: Values, namespace: str) -> None:
    """Complain of Services that are to be replicated into another namespace of the host.

    Args:
        values: what the user chose.
        namespace: the host namespace.

    Raises:
        UsageError: names the entry and the way out.
    """
    for number, each in enumerate(values.networking.replicate_services.to_host):
        place, _, name = each.to.rpartition("/")
        if place and place != namespace:
            raise UsageError(
                f"networking.replicateServices.toHost[{number}].to: {each.to} is not in namespace"
                f" {namespace!r}, the only one of the host in which the syncer may make Services",
                hint=f"write {name}; in {place}, a Service of type ExternalName with"
                f" externalName: {name}.{namespace}.svc.cluster.local leads to it",
            )


def _filled(value: Any) -> Any:
    """What is not empty, at every depth; an element of a list stays."""
    if isinstance(value, dict):
        return dict(_filled_items(value))
    return [_filled(each) for each in value] if isinstance(value, list) else value


def _filled_items(value: Object) -> Iterator[tuple[str, Any]]:
    for key, each in value.items():
        if found := _filled(each):
            yield key, found
