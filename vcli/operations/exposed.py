"""How virtual clusters are reached without a tunnel, as far as their Services tell: for lists."""

from collections.abc import Iterable, Mapping

from vcli.contract.labels import CONTROL_PLANES, EXPOSED_BY
from vcli.kube.client import Client
from vcli.kube.errors import ApiError
from vcli.kube.resources import INGRESSES, SERVICES
from vcli.kube.types import Object, annotations
from vcli.operations.load_balancer import awaits_address
from vcli.operations.resolve import VirtualCluster


async def exposed(
    client: Client, clusters: Iterable[VirtualCluster], *, namespace: str | None
) -> Mapping[tuple[str, str], str]:
    """For each that is exposed, by namespace and name, how: ``https://192.0.2.7``, ``nodePort 31234``.

    Args:
        client: of the host.
        clusters: the virtual clusters.
        namespace: where they are; None for all.
    """
    known = {(each.namespace, each.name) for each in clusters}
    try:
        services = (await client.list(SERVICES, namespace=namespace, label_selector=CONTROL_PLANES))["items"]
        ingresses: list[Object] = []
        if any(annotations(each).get(EXPOSED_BY) for each in services):
            found = await client.list(INGRESSES, namespace=namespace, label_selector=CONTROL_PLANES)
            ingresses = found["items"]
    except ApiError:  # what may not be seen is not shown
        return {}
    ways: dict[tuple[str, str], list[str]] = {key: [] for key in known}
    for each in (*services, *ingresses):
        ways.get(_key(each), []).extend(_ways(each))
    return {key: ", ".join(found) for key, found in ways.items() if found}


def _key(obj: Object) -> tuple[str, str]:
    return obj["metadata"]["namespace"], obj["metadata"]["name"]


def _ways(obj: Object) -> list[str]:
    """Of a Service or an Ingress."""
    spec = obj["spec"]
    if "rules" in spec:
        return [f"https://{rule['host']}" for rule in spec["rules"] if rule.get("host")]
    if awaits_address(obj):
        return ["no address yet"]
    if spec.get("type") == "LoadBalancer":
        addresses = obj["status"]["loadBalancer"]["ingress"]
        return [f"https://{each.get('ip') or each.get('hostname')}" for each in addresses]
    return [f"nodePort {spec['ports'][0].get('nodePort')}"] if spec.get("type") == "NodePort" else []
