"""What a check says. Pure data."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    """The host lacks it, and this virtual cluster does not need it."""
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: stable: ``network-policies``.
        status: how it came out.
        message: a sentence.
        hint: the next step; empty when there is none.
    """

    name: str
    status: Status
    message: str
    hint: str = ""

    def data(self) -> dict[str, Any]:
        """For programs."""
        found = {"name": self.name, "status": self.status.value, "message": self.message}
        return {**found, "hint": self.hint} if self.hint else found


def lacking(name: str, message: str, hint: str, *, needed: bool) -> Check:
    """Something that is not there: a failure only where it is needed."""
    return Check(name=name, status=Status.FAILED if needed else Status.WARNING, message=message, hint=hint)
