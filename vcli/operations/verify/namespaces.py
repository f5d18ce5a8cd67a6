"""A namespace of a virtual cluster for the time of a block, and all that was made beside it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

from vcli.invocation import kubectl
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, NotFound
from vcli.kube.resources import NAMESPACES, PODS, SERVICEACCOUNTS, Resource
from vcli.operations.cancelling import answered, finished
from vcli.operations.steps import Steps

ENFORCE: Final = "pod-security.kubernetes.io/enforce"
_PAUSE: Final = 0.3
_READY: Final = 30.0
_GONE: Final = 40.0


@contextlib.asynccontextmanager
async def made_namespace(
    client: Client, name: str, beside: list[tuple[Resource, str]], *, steps: Steps, level: str = "privileged"
) -> AsyncIterator[None]:
    """Make a namespace, and remove it after the block, also when that is cancelled.

    Args:
        client: of the cluster that it is in.
        name: of the namespace.
        beside: objects in no namespace, which are removed too; it may grow meanwhile.
        steps: is warned of what could not be removed.
        level: of Pod Security there; a tenant may choose it.

    Raises:
        ApiError: it can't be made.
    """
    try:
        body: dict[str, Any] = {"metadata": {"name": name, "labels": {ENFORCE: level}}}
        await answered(client.create(NAMESPACES, body))
        await _has_account(client, name)
        yield
    finally:
        await finished(_removed(client, name, beside, steps))


async def _has_account(client: Client, namespace: str) -> None:
    """Without its default ServiceAccount a namespace takes no pod."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_READY):
            while True:
                with contextlib.suppress(NotFound):
                    await client.get(SERVICEACCOUNTS, "default", namespace=namespace)
                    return
                await asyncio.sleep(_PAUSE)


async def _removed(client: Client, name: str, beside: list[tuple[Resource, str]], steps: Steps) -> None:
    for resource, each in beside:
        with contextlib.suppress(ApiError):
            await client.delete(resource, each)
    try:
        await client.delete(NAMESPACES, name)
        async with asyncio.timeout(_GONE):
            while True:
                await _let_go(client, name)
                await client.get(NAMESPACES, name)
                await asyncio.sleep(_PAUSE)
    except NotFound:
        return
    except (ApiError, TimeoutError) as error:
        why = error.message if isinstance(error, ApiError) else "it takes long to end"
        look = kubectl("get", "namespace", name)
        steps.warn(f"namespace {name!r}, made to try things, is still there ({why}): {look}")


async def _let_go(client: Client, namespace: str) -> None:
    """End pods at once, and take off the finalizers that attempts gave them."""
    found = await client.list(PODS, namespace=namespace)
    for each in found["items"]:
        pod = each["metadata"]["name"]
        with contextlib.suppress(ApiError):
            if each["metadata"].get("finalizers"):
                change: dict[str, Any] = {"metadata": {"finalizers": None}}
                await client.patch(PODS, pod, change, namespace=namespace)
            await client.delete(PODS, pod, namespace=namespace, grace=0)
