"""What of the cache running hosts need: their components are started from it again and again."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from vcli.host import process
from vcli.host.instance import Instance
from vcli.host.plan import Plan


def running() -> Iterator[Instance]:
    """The hosts that are up, of those whose folders lie together."""
    base = Instance.of().root.parent
    for plan in base.glob("*/plan.json"):
        instance = Instance.of(plan.parent.name)
        if process.node_pid(instance) is not None:
            yield instance


def folders(cache: Path) -> list[Path]:
    """The folders of programs and archives in the cache that running hosts name.

    Another host, of another version, is booted for weeks without the programs of these being looked at.
    """
    found: set[Path] = set()
    for instance in running():
        for node in instance.nodes():
            with suppress(
                OSError, ValueError, TypeError
            ):  # it is being removed or written, or a later vcli's
                plan = Plan.read(node.plan)
                files = [*plan.images, *(x for c in plan.components for x in c.argv[:1])]
                # Programs lie in a folder `bin`, archives do not.
                found |= {y for x in files for y in Path(x).parents if y.parent == cache / "host"}
    return sorted(x for x in found if x.is_dir())
