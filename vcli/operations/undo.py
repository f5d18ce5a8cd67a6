"""Undoing what a create (or an adopt) has made, when it fails or is cancelled."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from vcli.controlplane.names import Names
from vcli.invocation import vcli
from vcli.kube.errors import ApiError, Unreachable
from vcli.operations.cancelling import finished
from vcli.operations.steps import Steps


class Undo:
    """A block that undoes what was made in it when it fails or is cancelled; a second cancellation ends that.

    Args:
        names: of the virtual cluster.
        steps: is informed of it.
        keeps: leave what was made.
        title: of the step that undoes it.
    """

    def __init__(
        self, names: Names, steps: Steps, *, keeps: bool, title: str = "Remove what was made"
    ) -> None:
        self._names = names
        self._steps = steps
        self._keeps = keeps
        self._title = title
        self._actions: list[Callable[[], Awaitable[None]]] = []

    def add(self, action: Callable[[], Awaitable[None]]) -> None:
        """Note what undoes a request, before it is sent: its answer may get lost."""
        self._actions.append(action)

    @property
    def left(self) -> str:
        """Where something is left, and what removes it."""
        names = self._names
        command = vcli("delete", names.cluster, namespace=names.namespace)
        return f"virtual cluster {names.cluster!r} in namespace {names.namespace!r}: {command} removes it"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None or not self._actions:
            return
        if self._keeps:
            self._steps.warn(f"what was made is left: {self.left}")
            return
        try:
            with self._steps.step(self._title):
                await finished(self._run(), first_asked=self._first_asked)
        except asyncio.CancelledError:
            self._steps.warn(f"not everything was removed: {self.left}")
            raise

    def _first_asked(self) -> None:
        self._steps.warn("removing what was made; a further signal ends that, and leaves the rest")

    async def _run(self) -> None:
        for action in reversed(self._actions):
            try:
                await action()
            except (ApiError, Unreachable) as error:
                self._steps.warn(f"not everything could be removed: {error.message}; {self.left}")
