"""What of the cache running hosts need: their components are started from it again and again."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from vcli.errors import UsageError
from vcli.host import process
from vcli.host.instance import Instance
from vcli.host.plan import Plan


def folders(cache: Path) -> list[Path]:
    """The folders of programs and archives in the cache that running hosts name.

    Another host, of another version, is booted for weeks without the programs of these being looked at.
    """
    found = (x for plan in _plans() for x in _folders(plan, cache / "host"))
    return sorted({x for x in found if x.is_dir()})


def _plans() -> Iterator[Plan]:
    """Of all nodes of the hosts that are up, of those whose folders lie together."""
    base = Instance.of().root.parent
    for path in base.glob("*/plan.json"):
        # It is being written or removed, or is a later vcli's; or somebody else's file.
        with suppress(OSError, ValueError, TypeError, UsageError):
            instance = Instance.of(path.parent.name)
            if process.node_pid(instance) is not None:
                yield from [Plan.read(x.plan) for x in instance.nodes()]


def _folders(plan: Plan, parent: Path) -> Iterator[Path]:
    for file in (*plan.images, *(x for component in plan.components for x in component.argv[:1])):
        # Programs lie in a folder `bin`, archives do not.
        yield from (x for x in Path(file).parents if x.parent == parent)
