"""A virtual cluster as an object, for asyncio.

    from vcli import AsyncVirtualCluster

    async with AsyncVirtualCluster.create("demo") as vc:
        await vc.run(["kubectl", "get", "namespaces"])

Names and arguments are those of `vcli.VirtualCluster`. Nothing blocks the loop: the tunnel has a thread of
its own, and what can only block (a program, the official client) gets one.
"""

import builtins
import os
import subprocess
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from vcli.kube.types import Object
from vcli.operations.steps import Steps
from vcli.sdk import request
from vcli.sdk.applying import apply_objects, client_of, objects_of
from vcli.sdk.background import Background, in_thread
from vcli.sdk.info import VirtualClusterInfo, list_infos
from vcli.sdk.program import Program
from vcli.sdk.session import Session, next_batch

Cluster = TypeVar("Cluster", bound="AsyncVirtualCluster")


class Opening(Generic[Cluster]):
    """A virtual cluster that is yet to be opened: ``await`` it, or enter it by ``async with``."""

    def __init__(self, opening: Coroutine[Any, Any, Cluster]) -> None:
        self._opening = opening  # Python warns of one that nobody awaits
        self._cluster: Cluster | None = None

    def __await__(self) -> Generator[Any, Any, Cluster]:
        return self._opening.__await__()

    async def __aenter__(self) -> Cluster:
        self._cluster = await self._opening
        return self._cluster

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._cluster is not None:
            await self._cluster.close()


class AsyncVirtualCluster:
    """`vcli.VirtualCluster` for asyncio: the same names, and what takes time is awaited."""

    def __init__(self, session: Session, background: Background) -> None:
        self._session = session
        self._background = background

    @classmethod
    def create(
        cls,
        name: str,
        *,
        namespace: str | None = None,
        values: request.Sources = (),
        sets: Sequence[str] = (),
        kubeconfig: str | Path | None = None,
        context: str | None = None,
        timeout: float | None = None,
        keep: bool = False,
        steps: Steps | None = None,
    ) -> Opening[Self]:
        """Create a virtual cluster, see `vcli.VirtualCluster.create`; when it is awaited or entered."""
        wanted = request.new(
            name,
            namespace=namespace,
            values=values,
            sets=sets,
            kubeconfig=kubeconfig,
            context=context,
            timeout=timeout,
            keep=keep,
            steps=steps,
        )
        return Opening(cls._open(wanted))

    @classmethod
    def connect(
        cls,
        name: str,
        *,
        namespace: str | None = None,
        kubeconfig: str | Path | None = None,
        context: str | None = None,
        timeout: float | None = None,
        steps: Steps | None = None,
    ) -> Opening[Self]:
        """Connect to a virtual cluster, see `vcli.VirtualCluster.connect`; when it is awaited or entered."""
        wanted = request.existing(
            name,
            namespace=namespace,
            kubeconfig=kubeconfig,
            context=context,
            timeout=timeout,
            steps=steps,
        )
        return Opening(cls._open(wanted))

    @classmethod
    async def _open(cls, wanted: request.Request) -> Self:
        background = Background(f"vcli-{wanted.name}")
        background.start()
        session = Session(wanted)
        try:
            await background.acall(session.open())
        except BaseException as error:
            try:
                await background.acall(session.abandon(error))  # it may have been cancelled when it was open
            finally:
                await _in_thread(background.close)
            raise
        return cls(session, background)

    @property
    def name(self) -> str:
        """Its name."""
        return self._session.name

    @property
    def namespace(self) -> str:
        """The namespace on the host that it lives in."""
        return self._session.opened.namespace

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig of its administrator (mode 0600), removed by `close`."""
        return self._session.opened.kubeconfig

    @property
    def environ(self) -> dict[str, str]:
        """This process's environment, with KUBECONFIG, VCLI_NAME and VCLI_NAMESPACE set as for a child."""
        return {**os.environ, **self._session.opened.variables}

    async def run(
        self, command: Sequence[str], *, check: bool = True, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """See `vcli.VirtualCluster.run`. When it is cancelled the program is killed."""
        program = Program(command, self.environ, options)
        return await in_thread(lambda: program.run(check=check), cancel=program.kill)

    async def client(self) -> Any:
        """See `vcli.VirtualCluster.client`. The official client blocks: use it by `asyncio.to_thread`."""
        path = self.kubeconfig
        return await _in_thread(lambda: client_of(path))

    async def apply(
        self,
        source: str | Path | Mapping[str, Any] | Iterable[Mapping[str, Any]],
        *,
        namespace: str = "default",
    ) -> builtins.list[Object]:
        """See `vcli.VirtualCluster.apply`. When it is cancelled no further object is applied."""
        path, stop = self.kubeconfig, threading.Event()
        return await in_thread(
            lambda: apply_objects(path, objects_of(source), namespace=namespace, stop=stop), cancel=stop.set
        )

    async def describe(self) -> Object:
        """See `vcli.VirtualCluster.describe`."""
        return await self._background.acall(self._session.describe())

    async def logs(
        self,
        *,
        component: str | None = None,
        tail: int | None = None,
        previous: bool = False,
        follow: bool = False,
    ) -> AsyncGenerator[str]:
        """See `vcli.VirtualCluster.logs`."""
        batches = self._session.logs(component=component, tail=tail, previous=previous, follow=follow)
        try:
            while (batch := await self._background.acall(next_batch(batches))) is not None:
                for line in batch:
                    yield line
        finally:
            if self._background.runs:
                await self._background.acall(batches.aclose())

    async def delete(self) -> None:
        """See `vcli.VirtualCluster.delete`."""
        await self._background.acall(self._session.delete())

    async def close(self) -> None:
        """See `vcli.VirtualCluster.close`."""
        if self._background.runs:
            try:
                await self._background.acall(self._session.close())
            finally:
                await _in_thread(self._background.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    # Last, because the name is that of a type.
    @classmethod
    async def list(
        cls,
        *,
        namespace: str | None = None,
        kubeconfig: str | Path | None = None,
        context: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  of each request
    ) -> builtins.list[VirtualClusterInfo]:
        """See `vcli.VirtualCluster.list`."""
        background = Background("vcli-list")
        background.start()
        try:
            return await background.acall(
                list_infos(
                    namespace=namespace,
                    kubeconfig=kubeconfig,
                    context=context,
                    timeout=timeout,
                )
            )
        finally:
            await _in_thread(background.close)


T = TypeVar("T")


async def _in_thread(function: Callable[[], T]) -> T:
    """Run what takes a moment, and can't be stopped."""
    return await in_thread(function, cancel=lambda: None)
