"""Where a virtual cluster keeps its objects, and how full that is: a part of ``vcli describe``."""

import asyncio
import re
from typing import Final

from vcli.contract import ports
from vcli.controlplane.roles import Role, containers_of, in_role
from vcli.controlplane.stores import Place, place_of
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, Unreachable
from vcli.kube.resources import PODS
from vcli.kube.types import Object
from vcli.operations.parts import selector
from vcli.operations.resolve import VirtualCluster
from vcli.portforward.link import open_link

_LONGEST: Final = 5.0
_QUESTION: Final = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_SIZE: Final = re.compile(r"^vcli_store_(size|in_use|quota)_bytes (\d+)$", re.MULTILINE)
_ALARM: Final = re.compile(r'^vcli_store_alarm\{alarm="(\w+)"\} 1$', re.MULTILINE)


async def store(client: Client, cluster: VirtualCluster) -> Object | None:
    """The store: its ``kind``, and for one that is outside ``endpoint`` and ``prefix``.

    Of one that the syncer looks after also ``size``, ``inUse`` and ``quota`` in bytes and ``alarms``, unless
    the syncer can't be asked.

    Args:
        client: of the host.
        cluster: whose store.

    Returns:
        None where there is no pod of ours that has one.

    Raises:
        ApiError: the pods can't be listed.
    """
    found = await client.list(PODS, namespace=cluster.namespace, label_selector=selector(cluster))
    for pod in found["items"] if cluster.ours else ():
        place = place_of(pod["spec"])
        if place is None:
            continue
        answer = ""
        if in_role(Role.SYNCER, containers_of(pod["spec"])):
            answer = await _metrics(client, cluster.namespace, pod["metadata"]["name"])
        return {**_said(place), **measured(answer)}
    return None


def _said(place: Place) -> Object:
    if place.kind in ("etcd", "sqlite"):
        return {"kind": place.kind}
    return {"kind": place.kind, "endpoint": place.endpoint, "prefix": place.prefix}


def measured(metrics: str) -> Object:
    """What the syncer's metrics say of the store; empty where they say nothing of it."""
    names = {"size": "size", "in_use": "inUse", "quota": "quota"}
    sizes = {names[key]: int(value) for key, value in _SIZE.findall(metrics)}
    return {**sizes, "alarms": _ALARM.findall(metrics)} if sizes else {}


async def _metrics(client: Client, namespace: str, pod: str) -> str:
    """The answer to ``/metrics``; empty when the syncer can't be asked."""
    answer = b""
    try:
        async with asyncio.timeout(_LONGEST):
            link = await open_link(client, namespace=namespace, pod=pod, port=ports.HEALTH)
            try:
                await link.send(_QUESTION)
                while part := await link.recv():
                    answer += part
            finally:
                await link.close()
    except (ApiError, Unreachable, TimeoutError):
        return ""
    return answer.decode("utf-8", "replace").replace("\r\n", "\n")
