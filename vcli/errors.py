"""The errors a person sees: one sentence, a stable code, the next step, and the exit code that goes with it.

Exit codes: 1 failed, 2 usage, 3 not found, 4 timed out or not ready, 5 exists or conflict,
6 host unreachable or not allowed, 130 interrupted.
"""

from typing import ClassVar


class VcliError(Exception):
    """Something went wrong that a person can understand and act on.

    Args:
        message: names the object and the cause, in one sentence without a full stop at the end.
        hint: the next thing to try, usually a command.
    """

    code: ClassVar[str] = "Failed"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(VcliError):
    """Options or values that make no sense."""

    code = "Usage"
    exit_code = 2


class NotFoundError(VcliError):
    """The named object does not exist."""

    code = "NotFound"
    exit_code = 3


class TimedOutError(VcliError):
    """It did not become ready in time, or never will."""

    code = "TimedOut"
    exit_code = 4


class NotReadyError(TimedOutError):
    """It will not become ready by waiting."""

    code = "NotReady"


class ConflictError(VcliError):
    """The object exists already, or another client changed it."""

    code = "Conflict"
    exit_code = 5


class UnreachableError(VcliError):
    """The API server does not answer."""

    code = "Unreachable"
    exit_code = 6


class NotAllowedError(VcliError):
    """The API server answers, and does not allow it."""

    code = "NotAllowed"
    exit_code = 6


class InterruptError(VcliError):
    """Ctrl-C, or a signal that asks to end."""

    code = "Interrupted"
    exit_code = 130
