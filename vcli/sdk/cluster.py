"""The library: a virtual cluster as an object that lives as long as a block.

    from vcli import VirtualCluster

    with VirtualCluster.create("demo") as vc:
        vc.run(["kubectl", "get", "namespaces"])

    async with VirtualCluster.create("demo") as vc:
        ...

The tunnel runs in a thread of its own, so blocking calls (`VirtualCluster.run`, the official client) are fine
in both faces.
"""

import asyncio
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from vcli import inputs
from vcli.errors import VcliError
from vcli.operations.steps import NoSteps, Steps
from vcli.sdk.background import Background

if TYPE_CHECKING:
    from vcli.config import Values

Object = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """What the block is about; ``values`` is None for a cluster that is there already."""

    name: str
    namespace: str | None
    kubeconfig: str | None
    context: str | None
    timeout: float | None
    values: "Values | None"
    keep: bool
    steps: Steps


@dataclass(slots=True)
class _Held:
    """What is there while the block runs."""

    namespace: str
    kubeconfig: Path
    environ: Mapping[str, str] = field(repr=False)


class VirtualCluster:
    """A virtual cluster, reachable while its block runs.

    Make one by `create` or `connect`, and enter it by ``with`` or ``async with``. It can be entered once.
    """

    def __init__(self, request: _Request) -> None:
        self._request = request
        self._background = Background(f"vcli-{request.name}")
        self._held: _Held | None = None
        self._leave: asyncio.Event | None = None
        self._holding: asyncio.Task[None] | None = None

    @classmethod
    def create(
        cls,
        name: str,
        *,
        namespace: str | None = None,
        values: Mapping[str, Any] | str | Path | Sequence[str | Path] = (),
        sets: Sequence[str] = (),
        kubeconfig: str | Path | None = None,
        context: str | None = None,
        timeout: float | None = None,
        keep: bool = False,
        steps: Steps | None = None,
    ) -> Self:
        """A new virtual cluster, made when the block is entered and deleted when it is left.

        Args:
            name: of the virtual cluster.
            namespace: on the host; None chooses as ``vcli create`` does.
            values: a mapping in the shape of vcluster.yaml, or files of it.
            sets: ``a.b=c`` expressions over the values.
            kubeconfig: of the host; None for ``KUBECONFIG`` or ``~/.kube/config``.
            context: of the host; None for the current one.
            timeout: seconds to wait until it is ready.
            keep: leave it in place after the block.
            steps: is told what goes on.

        Raises:
            UsageError: the values, a name or the timeout make no sense.
        """
        from vcli.config import load  # noqa: PLC0415  `import vcli` stays quick
        from vcli.controlplane.names import check_name  # noqa: PLC0415

        check_name(name)
        if isinstance(values, Mapping):
            loaded = load((), sets, options={"values": values})
        else:
            files = [values] if isinstance(values, str | Path) else list(values)
            loaded = load([Path(each) for each in files], sets)
        return cls(_request(name, namespace, kubeconfig, context, timeout, steps, values=loaded, keep=keep))

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
    ) -> Self:
        """A virtual cluster that is there already, and stays. For the arguments see `create`.

        Raises:
            UsageError: a name or the timeout makes no sense.
        """
        return cls(_request(name, namespace, kubeconfig, context, timeout, steps, values=None, keep=True))

    # --- while the block runs

    @property
    def name(self) -> str:
        """Its name."""
        return self._request.name

    @property
    def namespace(self) -> str:
        """The namespace on the host that it lives in."""
        return self._inside.namespace

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig of its administrator (mode 0600), removed with the block."""
        return self._inside.kubeconfig

    @property
    def environ(self) -> dict[str, str]:
        """This process's environment, with KUBECONFIG, VCLI_NAME and VCLI_NAMESPACE set as for a child."""
        return {**os.environ, **self._inside.environ}

    def run(
        self, command: Sequence[str], *, check: bool = True, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a program against the virtual cluster; its output is captured as text.

        Args:
            command: the program and its arguments.
            check: raise when its exit code is not 0.
            options: more for `subprocess.run`, such as ``input`` and ``timeout``.

        Raises:
            subprocess.CalledProcessError: it failed; what it wrote to stderr is in the error's notes.
        """
        settings: dict[str, Any] = {"capture_output": True, "text": True, "env": self.environ, **options}
        done = subprocess.run(command, check=False, **settings)
        if check and done.returncode:
            error = subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
            error.add_note(str(done.stderr or "").strip())
            raise error
        return done

    def client(self) -> Any:
        """A configured ``kubernetes.client.ApiClient`` of the official client; the caller closes it."""
        from kubernetes import config  # noqa: PLC0415  takes a second to import

        path = str(self.kubeconfig)
        return config.new_client_from_config(path, persist_config=False)  # type: ignore[no-untyped-call]

    def apply(
        self,
        source: str | Path | Mapping[str, Any] | Iterable[Mapping[str, Any]],
        *,
        namespace: str = "default",
    ) -> list[Object]:
        """Apply manifests by server-side apply.

        Args:
            source: a YAML file, a folder of them, one object, or several.
            namespace: for objects that name none.

        Returns:
            The objects as the API server answered.

        Raises:
            kubernetes.client.ApiException: the API server refused one.
        """
        from vcli.sdk.applying import apply_objects, objects_of  # noqa: PLC0415

        with self.client() as api:
            return apply_objects(api, objects_of(source), namespace=namespace)

    def delete(self) -> None:
        """Delete it now, and not when the block is left; what is open stops working."""
        self._background.call(self._delete())
        self._request = replace(self._request, keep=True)

    # --- the block

    def __enter__(self) -> Self:
        self._background.start()
        try:
            self._background.call(self._open())
        except BaseException:
            self._background.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._background.call(self._close())
        finally:
            self._background.close()

    async def __aenter__(self) -> Self:
        self._background.start()
        try:
            await self._background.acall(self._open())
        except BaseException:
            await asyncio.to_thread(self._background.close)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self._background.acall(self._close())
        finally:
            await asyncio.to_thread(self._background.close)

    @property
    def _inside(self) -> _Held:
        if self._held is None:
            raise VcliError(f"virtual cluster {self.name!r} is not open", hint="use it inside a with block")
        return self._held

    async def _open(self) -> None:
        request = self._request
        namespace = request.namespace
        if request.values is not None:
            namespace = await self._create(request.values)
        ready: asyncio.Future[_Held] = asyncio.get_running_loop().create_future()
        self._leave = asyncio.Event()
        self._holding = asyncio.create_task(self._hold(namespace, ready, self._leave))
        try:
            either: list[asyncio.Future[Any]] = [ready, self._holding]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                await self._holding  # raises why
            self._held = ready.result()
        except BaseException:
            await self._close()
            raise

    async def _create(self, values: "Values") -> str:
        from vcli.operations.create import DEFAULT_TIMEOUT, Options, create_cluster  # noqa: PLC0415

        request = self._request
        options = Options(
            name=request.name,
            values=values,
            namespace=request.namespace,
            kubeconfig=request.kubeconfig,
            context=request.context,
            timeout=DEFAULT_TIMEOUT if request.timeout is None else request.timeout,
        )
        created = await create_cluster(options, steps=request.steps)
        self._request = replace(request, namespace=created.namespace)
        return created.namespace

    async def _hold(
        self, namespace: str | None, ready: "asyncio.Future[_Held]", leave: asyncio.Event
    ) -> None:
        """Keep the tunnel and the kubeconfig for as long as the block runs."""
        from vcli.operations.connection import Options  # noqa: PLC0415
        from vcli.operations.target import target  # noqa: PLC0415

        request = self._request
        options = Options(
            name=request.name,
            namespace=namespace,
            kubeconfig=request.kubeconfig,
            context=request.context,
            timeout=request.timeout,
        )
        async with target(options, steps=request.steps) as found, found.open() as opened:
            with opened.environment() as environment:
                where = found.cluster.namespace
                ready.set_result(_Held(where, environment.kubeconfig, environment.variables))
                await leave.wait()

    async def _close(self) -> None:
        self._held = None
        if self._leave is not None and self._holding is not None:
            self._leave.set()
            await asyncio.wait({self._holding})
        if self._request.values is not None and not self._request.keep:
            await self._delete()

    async def _delete(self) -> None:
        from vcli.operations.delete import Options, delete_cluster  # noqa: PLC0415

        request = self._request
        options = Options(
            name=request.name,
            namespace=request.namespace,
            kubeconfig=request.kubeconfig,
            context=request.context,
            ignore_not_found=True,
        )
        await delete_cluster(options, steps=request.steps)


def _request(  # noqa: PLR0917
    name: str,
    namespace: str | None,
    kubeconfig: str | Path | None,
    context: str | None,
    timeout: float | None,
    steps: Steps | None,
    *,
    values: "Values | None",
    keep: bool,
) -> _Request:
    inputs.label(name, "the name")
    if namespace is not None:
        inputs.namespace(namespace)
    if kubeconfig is not None:
        inputs.not_empty(str(kubeconfig), "the path of the kubeconfig")
    if context is not None:
        inputs.not_empty(context, "the context")
    if timeout is not None:
        inputs.timeout(timeout)
    return _Request(
        name=name,
        namespace=namespace,
        kubeconfig=None if kubeconfig is None else str(kubeconfig),
        context=context,
        timeout=timeout,
        values=values,
        keep=keep,
        steps=steps or NoSteps(),
    )
