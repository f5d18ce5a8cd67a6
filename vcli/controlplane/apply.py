"""Rendered objects onto the host: server-side apply, each as soon as what it needs is there."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from vcli.controlplane.names import FIELD_MANAGER
from vcli.kube.client import Client
from vcli.kube.errors import NotFound
from vcli.kube.resources import Resource
from vcli.kube.types import Object

T = TypeVar("T")

_METADATA = {"Accept": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"}

# A RoleBinding is refused while its Role is unknown, and a pod is started once for all when what it mounts is
# there: a mount that fails is tried again only after a while.
_LAST = ("RoleBinding", "ClusterRoleBinding", "StatefulSet")


async def apply(client: Client, objects: Sequence[Object], *, dry_run: bool = False) -> list[Object]:
    """Apply objects; one that is already as it should be keeps its resourceVersion.

    Args:
        client: of the host.
        objects: from `vcli.controlplane.render.render`.
        dry_run: let the server check them, and change nothing.

    Returns:
        The objects as they are now, in the given order (of an immutable one its metadata only).

    Raises:
        ApiError: the first refusal; what was sent at the same time is answered, and may have been applied.
    """
    done: dict[int, Object] = {}
    for wave in (False, True):
        indexes = [index for index, obj in enumerate(objects) if (obj["kind"] in _LAST) is wave]
        requests = (_one(client, objects[index], dry_run=dry_run) for index in indexes)
        # Those beside a refused one may be carried out all the same, and who undoes them has to find them.
        for index, answer in zip(
            indexes, await asyncio.gather(*requests, return_exceptions=True), strict=True
        ):
            if isinstance(answer, BaseException):
                raise answer
            done[index] = answer
    return [done[index] for index in range(len(objects))]


async def _one(client: Client, obj: Object, *, dry_run: bool) -> Object:
    resource = Resource.of(obj)
    if obj.get("immutable") and (found := await find_metadata(client, resource, obj)):
        return found  # its name is made from its content, and it is large
    return await client.apply(resource, obj, field_manager=FIELD_MANAGER, dry_run=dry_run)


async def find_metadata(client: Client, resource: Resource, obj: Object) -> Object | None:
    """The metadata of an object as it stands on the host; None if it is not there."""
    metadata = obj["metadata"]
    path = resource.path(namespace=metadata.get("namespace"), name=metadata["name"])
    try:
        response = await client.request("GET", path, headers=_METADATA)
    except NotFound:
        return None
    found: Object = response.json()
    return found


async def list_metadata(
    client: Client, resource: Resource, *, namespace: str | None, label_selector: str
) -> list[Object]:
    """The metadata of all objects of a kind, without their content."""
    response = await client.request(
        "GET",
        resource.path(namespace=namespace),
        params={"labelSelector": label_selector},
        headers={"Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"},
    )
    items: list[Object] = response.json()["items"] or []
    return items


async def together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run coroutines at once; the first error cancels the others and is raised as it is."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
