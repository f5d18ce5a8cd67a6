"""A virtual cluster as an object.

    from vcli import VirtualCluster

    with VirtualCluster.create("demo") as vc:
        vc.run(["kubectl", "get", "namespaces"])

`vcli.sdk.aio` has the same for asyncio.
"""

import builtins
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from vcli.kube.types import Object
from vcli.operations.steps import Steps
from vcli.sdk import request
from vcli.sdk.applying import apply_objects, client_of, objects_of
from vcli.sdk.background import Background
from vcli.sdk.info import VirtualClusterInfo, list_infos
from vcli.sdk.program import Program
from vcli.sdk.session import Session, next_batch


class VirtualCluster:
    """A virtual cluster that can be worked in, made by `create` or `connect`.

    It is open until `close`, which the end of a ``with`` block calls. Methods block; of several threads each
    may call them. In asyncio use `vcli.AsyncVirtualCluster`.
    """

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
    ) -> Self:
        """Create a virtual cluster, wait until it is ready, and connect to it. `close` deletes it.

        When that fails, or is interrupted, nothing is left.

        Args:
            name: of the virtual cluster.
            namespace: on the host; None chooses as ``vcli create`` does.
            values: a mapping in the shape of vcluster.yaml, or files of it.
            sets: ``a.b=c`` expressions over the values.
            kubeconfig: of the host; None for ``KUBECONFIG`` or ``~/.kube/config``.
            context: of the host; None for the current one.
            timeout: seconds to wait until it is ready.
            keep: `close` leaves it in place.
            steps: is informed of progress.

        Raises:
            UsageError: the values, a name or the timeout make no sense.
            ConflictError: it exists, or something else has its name.
            PreflightError: the host lacks something, or we lack rights; all problems at once.
            TimedOutError: it did not become ready in time, or (NotReadyError) never will.
            NotAllowedError: the host rejected a request.
            UnreachableError: the host does not answer.
        """
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
        return cls._open(wanted)

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
        """Connect to a virtual cluster that exists. `close` leaves it in place.

        Args:
            name: of the virtual cluster.
            namespace: on the host; None looks for it.
            kubeconfig: of the host.
            context: of the host.
            timeout: seconds to wait until it is ready.
            steps: is informed of progress.

        Raises:
            UsageError: a name or the timeout makes no sense; or there are several of that name.
            NotFoundError: there is none of that name.
            ConflictError: it is being deleted.
            TimedOutError: it did not become ready in time, or (NotReadyError) never will.
            NotAllowedError: the host rejected a request.
            UnreachableError: the host does not answer.
        """
        wanted = request.existing(
            name,
            namespace=namespace,
            kubeconfig=kubeconfig,
            context=context,
            timeout=timeout,
            steps=steps,
        )
        return cls._open(wanted)

    @classmethod
    def _open(cls, wanted: request.Request) -> Self:
        background = Background(f"vcli-{wanted.name}")
        background.start()
        session = Session(wanted)
        try:
            background.call(session.open())
        except BaseException as error:
            try:
                background.call(session.abandon(error))  # it may have been interrupted when it was open
            finally:
                background.close()
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

    def run(
        self, command: Sequence[str], *, check: bool = True, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a program against the virtual cluster; its output is captured as text.

        Args:
            command: the program and its arguments.
            check: raise when its exit code is not 0.
            options: more for `subprocess.run`, such as ``input`` and ``timeout``.

        Raises:
            CommandError: it failed; what it wrote to stderr is in the error's notes.
            CommandTimedOutError: it took longer than ``timeout``.
            CommandNotFoundError: there is no such program.
            NotRunnableError: it can't be run.
        """
        return Program(command, self.environ, options).run(check=check)

    def client(self) -> Any:
        """A configured ``kubernetes.client.ApiClient`` of the official client; the caller closes it."""
        return client_of(self.kubeconfig)

    def apply(
        self,
        source: str | Path | Mapping[str, Any] | Iterable[Mapping[str, Any]],
        *,
        namespace: str = "default",
    ) -> builtins.list[Object]:
        """Apply manifests by server-side apply.

        Args:
            source: a YAML file, a folder of them, one object, or several.
            namespace: for objects that name none.

        Returns:
            The objects as the API server answered.

        Raises:
            UsageError: a file can't be read, or is not YAML.
            NotFoundError: the virtual cluster has no such kind, or no such namespace.
            ApiError: the API server rejected one.
        """
        return apply_objects(self.kubeconfig, objects_of(source), namespace=namespace)

    def describe(self) -> Object:
        """What ``vcli describe -o json`` prints.

        Raises:
            NotFoundError: it does not exist any more.
        """
        return self._background.call(self._session.describe())

    def logs(
        self,
        *,
        component: str | None = None,
        tail: int | None = None,
        previous: bool = False,
        follow: bool = False,
    ) -> Iterator[str]:
        """The lines that the components of the control plane wrote. Errors come when they are read.

        Args:
            component: only the container of that name, or those in that role: ``api-server``.
            tail: only so many of the last lines of each.
            previous: what the containers wrote before their last restart.
            follow: go on as more is written, until the containers end.

        Raises:
            UsageError: it has no such component.
            ApiError: the host does not show the log.
        """
        batches = self._session.logs(component=component, tail=tail, previous=previous, follow=follow)
        try:
            while (batch := self._background.call(next_batch(batches))) is not None:
                yield from batch
        finally:
            if self._background.runs:
                self._background.call(batches.aclose())

    def delete(self) -> None:
        """Delete it now, and not when it is closed; what is open stops working."""
        self._background.call(self._session.delete())

    def close(self) -> None:
        """End the connection, and delete what `create` created, unless ``keep`` was given. Twice is fine."""
        if self._background.runs:
            try:
                self._background.call(self._session.close())
            finally:
                self._background.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # Last, because the name is that of a type.
    @classmethod
    def list(
        cls,
        *,
        namespace: str | None = None,
        kubeconfig: str | Path | None = None,
        context: str | None = None,
        timeout: float | None = None,
    ) -> builtins.list[VirtualClusterInfo]:
        """The virtual clusters of a host, also those that loft-sh's CLI made.

        Args:
            namespace: only there; None looks in all, or in one's own where that is not allowed.
            kubeconfig: of the host.
            context: of the host.
            timeout: seconds for a request.

        Raises:
            NotAllowedError: we may not list them.
            UnreachableError: the host does not answer.
        """
        background = Background("vcli-list")
        background.start()
        try:
            return background.call(
                list_infos(
                    namespace=namespace,
                    kubeconfig=kubeconfig,
                    context=context,
                    timeout=timeout,
                )
            )
        finally:
            background.close()
