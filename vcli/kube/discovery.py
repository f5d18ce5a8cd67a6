"""Where a server has a kind that is only known by its name, as that of a custom resource."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from vcli.kube.client import Client
from vcli.kube.errors import NotFound
from vcli.kube.resources import Resource

_CORE_VERSION = "v1"
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Served:
    """A resource in one version, and whether its status is a subresource."""

    resource: Resource
    has_status: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """What a client has found out; the lock makes two who ask at once ask the server once."""

    resources: dict[tuple[str, str], Resource] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


_known: WeakKeyDictionary[Client, _Known] = WeakKeyDictionary()


async def find(client: Client, *, group: str, kind: str) -> Resource:
    """The resource of a kind: its plural, its version, and whether it is namespaced.

    Of several versions that have the kind it is the one that the server prefers. The answer is remembered
    as long as the client lives; that there is no such kind is not, as one may be installed.

    Args:
        client: of the server.
        group: the API group, ``""`` for the core.
        kind: as in an object's ``kind``.

    Raises:
        NotFound: the server has no such kind; the message names group and kind.
        ApiError: the server did not say.
        Unreachable: no answer.
    """
    known = _known.setdefault(client, _Known())
    async with known.lock:
        if (group, kind) not in known.resources:
            known.resources[group, kind] = await _ask(client, group, kind)
        return known.resources[group, kind]


async def served(client: Client, *, group: str, plural: str) -> list[Served]:
    """How a server serves a custom resource: each version that has it, the preferred one first.

    Asked each time, as a CustomResourceDefinition may come, change and go.

    Args:
        client: of the server.
        group: the API group.
        plural: as in the path.

    Raises:
        ApiError: the server did not say.
        Unreachable: no answer.
    """
    found = []
    for version in await _versions(client, group):
        listed = (await _get(client, f"/apis/{group}/{version}")).get("resources") or ()
        by_name = {each["name"]: each for each in listed}
        if plural in by_name:
            each = by_name[plural]
            resource = Resource(group, version, plural, each["kind"], each["namespaced"])
            found.append(Served(resource, has_status=f"{plural}/status" in by_name))
    return found


async def _ask(client: Client, group: str, kind: str) -> Resource:
    for version in await _versions(client, group):
        prefix = f"/apis/{group}" if group else "/api"
        listed = await _get(client, f"{prefix}/{version}")
        for each in listed.get("resources") or ():
            if each["kind"] == kind and "/" not in each["name"]:  # not a subresource, as deployments/scale
                return Resource(group, version, each["name"], kind, each["namespaced"])
    where = f"API group {group}" if group else "core API"
    raise NotFound(
        f"the server has no kind {kind} in the {where}",
        status=_NOT_FOUND,
        reason="NotFound",
        hint="'kubectl api-resources' lists those that it has" + (": is its CRD installed?" if group else ""),
    )


async def _versions(client: Client, group: str) -> list[str]:
    """The versions of a group, the preferred one first; none if there is no such group."""
    if not group:
        return [_CORE_VERSION]
    found = await _get(client, f"/apis/{group}")
    preferred = (found.get("preferredVersion") or {}).get("version")
    versions = [each["version"] for each in found.get("versions") or ()]
    return sorted(versions, key=lambda version: version != preferred)


async def _get(client: Client, path: str) -> dict[str, Any]:
    """A document of discovery; empty if there is none."""
    try:
        found: dict[str, Any] = (await client.request("GET", path)).json()
    except NotFound:
        return {}
    return found
