"""Objects of the values that are applied in the virtual cluster when the syncer starts.

Each is written when it is missing, or when it is another than the last time. What a tenant changed otherwise
stays. One that is not taken is tried again, as its kind may be made by another one: an event on the control
plane's Service says why.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from vcli.errors import VcliError
from vcli.kube.client import Client
from vcli.kube.discovery import find
from vcli.kube.errors import NotFound
from vcli.kube.resources import Resource
from vcli.kube.types import Object
from vcli.syncer.engine.log import Log
from vcli.syncer.engine.writer import is_applied, stamped

log = Log("vcli.syncer.manifests")

FIELD_MANAGER: Final = "vcli-manifests"
REASON: Final = "ManifestNotApplied"
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 60.0


async def apply_manifests(
    client: Client, wanted: list[Object], warn: Callable[[str, str], Awaitable[None]]
) -> None:
    """Apply them in their order, until all are there.

    Args:
        client: of the virtual cluster.
        wanted: the objects.
        warn: makes an event of a reason and a message.
    """
    pause, left = _FIRST_PAUSE, wanted
    while left:
        refused = []
        for obj in left:
            try:
                await _apply(client, obj)
            except VcliError as error:
                refused.append(obj)
                name = f"{obj['kind']} {obj['metadata']['name']}"
                # A kind that one of them makes is served a moment later.
                if pause > _FIRST_PAUSE:
                    await warn(REASON, f"{name} of the values is not applied inside: {error.message}")
                log.warning("manifest not applied yet", kind=obj["kind"], error=error)
        left = refused
        if left:
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


async def _apply(client: Client, obj: Object) -> None:
    resource = await _resource(client, obj)
    metadata = dict(obj["metadata"])
    if resource.namespaced:
        metadata.setdefault("namespace", "default")
    desired = {**obj, "metadata": metadata}
    namespace = metadata.get("namespace") if resource.namespaced else None
    found = None
    with suppress(NotFound):
        found = await client.get(resource, metadata["name"], namespace=namespace)
    if not is_applied(found, desired):
        await client.apply(resource, stamped(desired), namespace=namespace, field_manager=FIELD_MANAGER)


async def _resource(client: Client, obj: Object) -> Resource:
    group, _, version = obj["apiVersion"].rpartition("/")
    return replace(await find(client, group=group, kind=obj["kind"]), version=version)
