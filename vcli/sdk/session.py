"""A virtual cluster that is held open: what both faces of the library do, in the loop of the background."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vcli.errors import VcliError
from vcli.kube.types import Object
from vcli.sdk.errors import NotOpenError
from vcli.sdk.request import Request

if TYPE_CHECKING:
    from vcli.operations.host_connection import HostConnection
    from vcli.operations.known import Known


_BUFFERED_LINES = 1000


@dataclass(frozen=True, slots=True)
class Opened:
    """What is there while it is open."""

    namespace: str
    kubeconfig: Path
    variables: Mapping[str, str] = field(repr=False)


class Session:
    """One virtual cluster, from its creation or from connecting to it until it is closed.

    Its coroutines are for one loop; `opened` may be asked from any thread.

    Args:
        request: which one.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._namespace = request.namespace
        self._exists = request.values is None
        self._deletes = False
        self._opened: Opened | None = None
        self._stack = AsyncExitStack()

    @property
    def name(self) -> str:
        """Of the virtual cluster."""
        return self._request.name

    @property
    def opened(self) -> Opened:
        """How to get there.

        Raises:
            NotOpenError: it was closed.
        """
        if self._opened is None:
            raise NotOpenError(f"virtual cluster {self.name!r} is closed")
        return self._opened

    async def open(self) -> None:
        """Create it, if that was asked for, and connect to it. When that fails, nothing is left.

        Raises:
            VcliError: see `create_cluster` and `target`.
        """
        try:
            await self._open()
        except BaseException as error:
            await self.abandon(error)
            raise

    async def abandon(self, error: BaseException) -> None:
        """Close it because of an error, which is not hidden by another one."""
        try:
            await self.close()
        except VcliError as another:
            error.add_note(f"cleaning up failed as well: {another.message}")
            self._deletes = False

    async def _open(self) -> None:
        from vcli.operations.connection import Options  # noqa: PLC0415  importing the library stays quick
        from vcli.operations.host_connection import connect_to_host  # noqa: PLC0415
        from vcli.operations.target import target  # noqa: PLC0415

        request = self._request
        host = await self._stack.enter_async_context(
            connect_to_host(kubeconfig=request.kubeconfig, context=request.context)
        )
        known = await self._create(host)
        options = Options(
            name=request.name,
            namespace=self._namespace,
            kubeconfig=request.kubeconfig,
            context=request.context,
            timeout=request.timeout,
        )
        found = await self._stack.enter_async_context(
            target(options, steps=request.steps, host=host, known=known)
        )
        opened = await self._stack.enter_async_context(found.open())
        environment = self._stack.enter_context(opened.environment())
        self._namespace = found.cluster.namespace
        self._opened = Opened(self._namespace, environment.kubeconfig, environment.variables)

    async def _create(self, host: "HostConnection") -> "Known | None":
        request = self._request
        if request.values is None:
            return None
        from vcli.operations.create import DEFAULT_TIMEOUT, Options, create_cluster  # noqa: PLC0415

        options = Options(
            name=request.name,
            values=request.values,
            namespace=request.namespace,
            kubeconfig=request.kubeconfig,
            context=request.context,
            timeout=DEFAULT_TIMEOUT if request.timeout is None else request.timeout,
        )
        created = await create_cluster(options, steps=request.steps, host=host)
        self._namespace = created.namespace
        self._deletes = not request.keep
        return created.known

    async def close(self) -> None:
        """End the connection; a cluster that was created is deleted, unless it is to be kept."""
        self._opened = None
        try:
            await self._stack.aclose()
        finally:
            if self._deletes:
                await self.delete()

    async def delete(self) -> None:
        """Delete the virtual cluster; it is fine if it is gone."""
        from vcli.operations.delete import Options, delete_cluster  # noqa: PLC0415

        request = self._request
        options = Options(
            name=request.name,
            namespace=self._namespace,
            kubeconfig=request.kubeconfig,
            context=request.context,
            ignore_not_found=True,
        )
        await delete_cluster(options, steps=request.steps)
        self._deletes = False

    async def describe(self) -> Object:
        """See `vcli.operations.describe.describe_cluster`."""
        from vcli.operations.describe import describe_cluster  # noqa: PLC0415

        request = self._request
        return await describe_cluster(
            request.name,
            kubeconfig=request.kubeconfig,
            context=request.context,
            namespace=self.opened.namespace,
        )

    async def logs(
        self, *, component: str | None, tail: int | None, previous: bool, follow: bool
    ) -> AsyncGenerator[list[str]]:
        """The lines of logs, as many at once as are there; see `vcli.operations.logs.copy_logs`."""
        from vcli.operations.logs import copy_logs  # noqa: PLC0415

        request, namespace = self._request, self.opened.namespace
        lines: asyncio.Queue[str | Exception | None] = asyncio.Queue(_BUFFERED_LINES)

        async def copy() -> None:
            try:
                await copy_logs(
                    request.name,
                    lines.put,
                    component=component,
                    tail=tail,
                    previous=previous,
                    follow=follow,
                    kubeconfig=request.kubeconfig,
                    context=request.context,
                    namespace=namespace,
                )
            except Exception as error:  # noqa: BLE001  it is raised where the lines are read
                await lines.put(error)
            else:
                await lines.put(None)

        copying = asyncio.create_task(copy())
        try:
            async for batch in _batches(lines):
                yield batch
        finally:
            copying.cancel()
            await asyncio.gather(copying, return_exceptions=True)


async def next_batch(batches: AsyncGenerator[list[str]]) -> list[str] | None:
    """The next batch of `Session.logs`, None at the end; a coroutine, as `Background` runs nothing else."""
    return await anext(batches, None)


async def _batches(lines: "asyncio.Queue[str | Exception | None]") -> AsyncGenerator[list[str]]:
    """What is in a queue, up to the end of it (None) or an error, which is raised."""
    while True:
        batch: list[str] = []
        item = await lines.get()
        while isinstance(item, str):
            batch.append(item)
            if lines.empty():
                break
            item = lines.get_nowait()
        if batch:
            yield batch
        if isinstance(item, Exception):
            raise item
        if item is None:
            return
