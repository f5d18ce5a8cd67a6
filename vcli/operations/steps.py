"""How an operation tells what it is doing, without knowing its subscribers.

An operation takes ``steps: Steps`` and says::

    with steps.step("Start the control plane") as step:
        ...
        step.detail("pulling etcd")

The console draws that live, the SDK passes `NoSteps`. An operation never prints.
"""

from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Step(Protocol):
    """One piece of work under way."""

    def detail(self, text: str) -> None:
        """Say what it is at just now; replaces the detail said before."""


class Steps(Protocol):
    """The listener that operations report to."""

    def step(self, title: str) -> AbstractContextManager[Step]:
        """Begin a step; it ends with the block, as failed when the block raises.

        Args:
            title: a verb and an object, as in "Create the namespace". Steps may nest and overlap.
        """

    def warn(self, text: str) -> None:
        """Something the user should know, though the operation goes on."""


class _SilentStep:
    __slots__ = ()

    def detail(self, text: str) -> None:
        """There is no subscriber."""


class NoSteps:
    """A listener that hears nothing."""

    @contextmanager
    def step(self, title: str) -> "Iterator[Step]":  # noqa: ARG002
        """Run the block."""
        yield _SilentStep()

    def warn(self, text: str) -> None:
        """There is no subscriber."""
