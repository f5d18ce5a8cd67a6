"""Waiting until a Service of type LoadBalancer has its address."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Final

from vcli import invocation
from vcli.controlplane.names import Names
from vcli.errors import TimedOutError
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, Unreachable
from vcli.kube.resources import EVENTS, SERVICES
from vcli.kube.types import Object, uid
from vcli.kube.watch import list_watch

_EVENTS: Final = 3
_EVENTS_TIMEOUT: Final = 1.5  # seconds, as the time for the command may be over


def awaits_address(service: Object) -> bool:
    """Whether it is one whose address is not given with its creation, and has not come yet."""
    addresses = service.get("status", {}).get("loadBalancer", {}).get("ingress")
    return service["spec"].get("type") == "LoadBalancer" and not addresses


async def wait_for_address(
    client: Client,
    names: Names,
    *,
    timeout: float,  # noqa: ASYNC109  it becomes an error that tells why
    detail: Callable[[str], None],
) -> Object:
    """Wait until the control plane's Service has an address, if it is to have one.

    Args:
        client: of the host.
        names: of the virtual cluster.
        timeout: seconds.
        detail: called with what it waits for.

    Returns:
        The Service.

    Raises:
        TimedOutError: it has none in time; the message has the Service's events.
    """
    service: Object = {}
    try:
        async with asyncio.timeout(invocation.within(timeout)):
            detail(f"an address for Service {names.service}")
            by_name = f"metadata.name={names.service}"
            watch = list_watch(client, SERVICES, namespace=names.namespace, field_selector=by_name)
            async with aclosing(watch) as events:
                async for event in events:
                    for found in event.object["items"] if event.type == "LISTED" else [event.object]:
                        service = service if event.type == "BOOKMARK" else found
                    if service and not awaits_address(service):
                        return service
    except TimeoutError as error:
        said = await _events(client, service) if service else ""
        raise TimedOutError(
            f"Service {names.service!r} in namespace {names.namespace!r} has no address after {timeout:g}"
            f" seconds: nothing on the host gave its load balancer one{said}",
            hint="does the host have a controller for Services of type LoadBalancer? --expose nodeport takes"
            " none; without --expose there is a tunnel; with --no-wait nothing waits for the address",
        ) from error
    raise AssertionError  # the watch does not end


async def _events(client: Client, service: Object) -> str:
    try:
        async with asyncio.timeout(_EVENTS_TIMEOUT):
            found = await client.list(
                EVENTS,
                namespace=service["metadata"]["namespace"],
                field_selector=f"involvedObject.uid={uid(service)}",
            )
    except (ApiError, Unreachable, TimeoutError):
        return ""
    lines = [f"\n  {each.get('reason')}: {each.get('message')}" for each in found["items"][-_EVENTS:]]
    return "".join(["\nevents of the Service:", *lines]) if lines else ""
