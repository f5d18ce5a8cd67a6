"""Where attempts are made: both clusters, what is known of them, and what has to be removed afterwards."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from vcli.contract.labels import synced_by
from vcli.controlplane.names import Names
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, NotFound
from vcli.kube.resources import EVENTS, Resource
from vcli.kube.types import Object, annotations
from vcli.operations.verify.observed import Observed, held, unknown
from vcli.operations.verify.places import Neighbour, Places

NAMESPACE_LABEL: Final = "vcli.dev/namespace"
NAME_ANNOTATION: Final = "vcli.dev/name"
"""Of synced objects: see `vcli.syncer.translate.keys`, which a test compares."""
REFUSED: Final = frozenset({"SyncFailed", "NotSynced"})
"""Reasons of events about what does not get to the host."""
_PAUSE: Final = 0.4
_FIRST: Final = 3

Answers = Mapping[str, Any]
"""What the probe pod found, by the key of the question."""
Judge = Callable[[Object], Observed]


@dataclass(kw_only=True)
class Scene:
    """What attempts work with.

    Attributes:
        host: client of the host, with the rights of the user: it only reads.
        inside: client of the virtual cluster, as its administrator: the attacker.
        names: of the virtual cluster.
        namespace: in the virtual cluster, labelled ``privileged``, as a tenant may.
        image: has Python, and is on the node of the control plane.
        places: addresses.
        probe: what the probe pod found, as soon as it has.
        neighbour: another virtual cluster, if one was named.
        stranger: makes a client with the certificate of the virtual cluster's administrator, for the host, or
            for the neighbour of that name.
        anonymous: client of the virtual cluster without credentials.
        schedules: the virtual cluster has a scheduler of its own, so a pod has to fit a node to go on.
        waits_for: seconds for the syncer to make something of an object.
        room: how many pods are tried at a time.
    """

    host: Client
    inside: Client
    names: Names
    namespace: str
    image: str
    places: Places
    probe: Awaitable[Answers]
    neighbour: Neighbour | None
    stranger: Callable[[str], Client]
    anonymous: Client
    schedules: bool = False
    waits_for: float = 20.0
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(8))
    cleanup: list[tuple[Resource, str]] = field(default_factory=list)
    """Objects in no namespace."""

    async def on_host(self, resource: Resource, name: str) -> Object | None:
        """The host object of an object of the attempts' namespace, if there is one."""
        selector = f"{synced_by(self.names.cluster, self.names.namespace, namespaced=True)}"
        found = await self.host.list(
            resource,
            namespace=self.names.namespace,
            label_selector=f"{selector},{NAMESPACE_LABEL}={self.namespace}",
        )
        own: list[Object] = [
            each for each in found["items"] if annotations(each).get(NAME_ANNOTATION) == name
        ]
        return own[0] if own else None

    async def refusal(self, resource: Resource, name: str) -> str:
        """What an event says against an object; empty if none does."""
        about = f"involvedObject.kind={resource.kind},involvedObject.name={name}"
        found = await self.inside.list(EVENTS, namespace=self.namespace, field_selector=about)
        for each in found["items"]:
            if each.get("reason") in REFUSED:
                return str(each.get("message", ""))
        return ""

    async def create(self, resource: Resource, body: Object) -> Observed | None:
        """Create an object of the tenant; what the virtual API says against it, if it does."""
        try:
            await self.inside.create(resource, body, namespace=self.namespace)
        except ApiError as error:
            return held(f"refused by the virtual API: {short(error.message)}")
        return None

    async def outcome(
        self, resource: Resource, body: Object, judge: Judge, *, absent: Observed | None = None
    ) -> Observed:
        """Create an object of the tenant, and judge what becomes of it on the host.

        Args:
            resource: its kind.
            body: the object; its name is unique among the attempts.
            judge: of the host object.
            absent: what it means that there is none after a while; by default, that nothing is known.
        """
        refused = await self.create(resource, body)
        if refused is not None:
            return refused
        name = body["metadata"]["name"]
        try:
            return await self._judged(resource, name, judge, absent)
        finally:
            with suppress(ApiError):
                await self.inside.delete(resource, name, namespace=self.namespace, grace=0)

    async def _judged(self, resource: Resource, name: str, judge: Judge, absent: Observed | None) -> Observed:
        seconds = self.waits_for if absent is None else self.waits_for / _FIRST
        end = asyncio.get_running_loop().time() + seconds
        last: Observed | None = None
        while True:
            on_host = await self.on_host(resource, name)
            if on_host is not None:
                last = judge(on_host)
                if last.through is not None:
                    return last
            elif message := await self.refusal(resource, name):
                return _refused(message)
            if asyncio.get_running_loop().time() > end:
                if last is not None:
                    return last
                return absent or unknown(f"nothing on the host after {seconds:.0f} seconds, and no event")
            await asyncio.sleep(_PAUSE)

    async def gone(self, resource: Resource, name: str) -> None:
        """Delete an object in no namespace, if it is there."""
        with suppress(NotFound):
            await self.inside.delete(resource, name)


def _refused(message: str) -> Observed:
    """An event against an object: a quota that is full says nothing about the object itself."""
    if "exceeded quota" in message and "services." not in message:
        return unknown(f"no room in the quota: {short(message)}")
    return held(f"kept from the host: {short(message)}")


def short(text: str, most: int = 110) -> str:
    """The beginning of a message, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
