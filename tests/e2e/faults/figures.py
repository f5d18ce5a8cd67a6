"""What a fault cost: three figures a test, shown as one table at the end of the run."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from space import Object, Space

PROPERTY = "fault"
TITLES = ("fault", "objects lost", "pods restarted", "seconds without sync", "test")


@dataclass(frozen=True)
class Figures:
    """Notes the figures of one test."""

    test: str
    record: Callable[[str, object], None]

    def note(self, fault: str, *, lost: int, restarted: int, seconds: float | None) -> None:
        """Put a row into the table.

        Args:
            fault: what was done.
            lost: objects that should be there afterwards and are not, on either side.
            restarted: pods that ran before and are not the same any more.
            seconds: the longest time without a change getting through; None where nothing was to sync.
        """
        took = "-" if seconds is None else f"{seconds:.1f}"
        self.record(PROPERTY, " | ".join((fault, str(lost), str(restarted), took, self.test)))


def table(rows: Iterable[str]) -> list[str]:
    """Rows under titles, in columns."""
    cells = [list(TITLES), *(row.split(" | ") for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


@dataclass(frozen=True)
class Running:
    """The pods that ran at a moment: what must be the same in them as long as nobody restarts them."""

    containers: dict[str, str]

    @classmethod
    def of(cls, space: Space) -> "Running":
        """As they are now."""
        pods: list[Object] = space.get("pods")["items"]
        return cls({each["metadata"]["name"]: _identity(each) for each in pods if _runs(each)})

    def restarted(self, later: "Running", *, but: Iterable[str] = ()) -> set[str]:
        """The pods that are not the same later, but for those that somebody deleted."""
        kept = {name: identity for name, identity in self.containers.items() if name not in but}
        return {name for name, identity in kept.items() if later.containers.get(name) != identity}


def _identity(pod: Object) -> str:
    started = [
        f"{each['containerID']} {each['restartCount']} {each['state']}"
        for each in pod["status"]["containerStatuses"]
    ]
    return f"{pod['metadata']['uid']} {started}"


def _runs(pod: Object) -> bool:
    return pod["status"].get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"]


def lost(space: Space, kind: str, expected: Iterable[str]) -> set[str]:
    """Objects that should be there and are not, in the virtual cluster or on the host."""
    inside = {each["metadata"]["name"] for each in space.get(kind)["items"]}
    outside = set(space.on_host(kind))
    return {name for name in expected if name not in inside or space.host_name(name) not in outside}


def leaked(space: Space, kind: str, expected: Iterable[str]) -> set[str]:
    """Objects on the host that should not be there."""
    return set(space.on_host(kind)) - {space.host_name(name) for name in expected}
