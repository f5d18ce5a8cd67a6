"""Where clients outside the host reach the API server, which its certificate has to know."""

from collections.abc import AsyncGenerator

from vcli.bootstrap.spec import Spec
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, Unreachable
from vcli.kube.resources import PODS, SERVICES
from vcli.kube.types import Object
from vcli.kube.watch import list_watch
from vcli.syncer.engine.log import Log

log = Log("vcli.syncer.reached_at")


async def addresses(client: Client, spec: Spec) -> AsyncGenerator[tuple[str, ...]]:
    """The addresses and names, at first and after each change of the control plane's Service; for ever.

    Those of a load balancer, or for node ports those of the node that the pod is on: other nodes can't be
    seen from a namespace.

    Args:
        client: of the host.
        spec: names Service and pod.
    """
    name = f"metadata.name={spec.service}"
    async for event in list_watch(client, SERVICES, namespace=spec.namespace, field_selector=name):
        items = event.object["items"] if event.type == "LISTED" else [event.object]
        if items and event.type in ("LISTED", "ADDED", "MODIFIED"):
            yield await _addresses(client, spec, items[0])


async def _addresses(client: Client, spec: Spec, service: Object) -> tuple[str, ...]:
    if service["spec"].get("type") == "LoadBalancer":
        balancers = service.get("status", {}).get("loadBalancer", {}).get("ingress") or ()
        return tuple(each.get("ip") or each["hostname"] for each in balancers)
    if service["spec"].get("type") != "NodePort":
        return ()
    try:
        status = (await client.get(PODS, spec.pod, namespace=spec.namespace)).get("status", {})
    except (ApiError, Unreachable) as error:
        log.warning("the node's address is not known", error=error)
        return ()
    return tuple(each["ip"] for each in status.get("hostIPs") or ())
