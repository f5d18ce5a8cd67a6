"""What everybody who plays works with: both clusters, and a record of what was done to them."""

import contextlib
import re
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

from compare import Key
from intent import Intent
from script import RESOURCES

from vcli.kube.client import Client
from vcli.kube.errors import ApiError, NotFound
from vcli.kube.resources import NAMESPACES, PVS, Resource
from vcli.syncer.root_ca import NAME as ROOT_CA
from vcli.syncer.translate.metadata import virtual_name_of
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.scope import Scope

Object = dict[str, Any]

_REPEATED = re.compile(r"(\w)\1{5,}")


@dataclass(slots=True)
class Field:
    """Both clusters.

    Attributes:
        host: the host's administrator.
        virtual: the tenant.
        scope: of the virtual cluster.
        intent: what the tenant wrote.
        record: what happened, a line each.
    """

    host: Client
    virtual: Client
    scope: Scope
    intent: Intent = field(default_factory=Intent)
    record: list[str] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    @property
    def namespace(self) -> str:
        """The host namespace."""
        return self.scope.host_namespace

    def say(self, text: str) -> None:
        """Put something on record."""
        text = _REPEATED.sub(r"\1…", text)
        self.record.append(f"{time.monotonic() - self._began:7.2f} {text}")

    async def tried(self, what: str, call: Awaitable[Object]) -> Object | None:
        """Do it and say so; None where the API server refuses."""
        try:
            answer = await call
        except ApiError as error:
            self.say(f"{what}: refused, {error.message[:150]}")
            return None
        self.say(what)
        return answer

    async def virtual_objects(self, kind: str) -> list[Object]:
        """All the tenant's objects of a kind."""
        found: list[Object] = []
        for namespace in sorted(self.intent.namespaces):
            found += (await self.virtual.list(RESOURCES[kind], namespace=namespace))["items"]
        return [each for each in found if each["metadata"]["name"] != ROOT_CA]

    async def host_objects(self, kind: str) -> list[Object]:
        """All host objects of a kind that are ours."""
        found = (await self.host.list(RESOURCES[kind], namespace=self.namespace))["items"]
        return [each for each in found if self.owner(each) is not None]

    def owner(self, host: Object) -> VirtualName | None:
        """Whose host object this is."""
        return virtual_name_of(host, scope=self.scope)

    async def host_snapshot(self) -> dict[Key, Object]:
        """Everything in the host namespace that a syncer could have made."""
        return await _snapshot(self.host, RESOURCES.values(), self.namespace)

    async def virtual_snapshot(self) -> dict[Key, Object]:
        """Everything in the virtual cluster that concerns a syncer, but for what it publishes itself."""
        found = await _snapshot(self.virtual, (*RESOURCES.values(), NAMESPACES, PVS), None)
        return {key: obj for key, obj in found.items() if key.name != ROOT_CA}


def picked(objects: list[Object], pick: int) -> Object | None:
    """One of these, if there are any."""
    return objects[pick % len(objects)] if objects else None


async def _snapshot(client: Client, resources: Any, namespace: str | None) -> dict[Key, Object]:
    found: dict[Key, Object] = {}
    for resource in resources:
        for obj in (await client.list(resource, namespace=namespace))["items"]:
            found[Key.of(obj)] = obj
    return found


async def let_go(client: Client, resource: Resource, obj: Object, finalizer: str) -> None:
    """Take a finalizer off."""
    metadata = obj["metadata"]
    left = [each for each in metadata.get("finalizers") or () if each != finalizer]
    body = {"metadata": {"uid": metadata["uid"], "finalizers": left}}
    with contextlib.suppress(NotFound):
        await client.patch(resource, metadata["name"], body, namespace=metadata.get("namespace"))
