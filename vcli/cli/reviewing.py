"""What will change, shown before it does, and the question whether data may be lost."""

from typing import TYPE_CHECKING, Any

from vcli.cli.options import Common
from vcli.console import Output
from vcli.result import Result

if TYPE_CHECKING:
    from vcli.operations.changes import Changes
    from vcli.operations.upgrade import Review, Upgraded


def reviewer(common: Common, *, name: str, yes: bool) -> "Review":
    """A `vcli.operations.upgrade.Review` that shows the changes on stderr.

    Args:
        common: of the command.
        name: of the virtual cluster.
        yes: data may be lost; otherwise that is asked on a terminal, and no without one.
    """

    async def review(changes: "Changes") -> bool:
        if common.output is not Output.JSON:  # they are in what is printed at the end
            for line in changes.lines():
                common.console.info(line)
        if yes or not changes.loses_data:
            return yes
        return await common.console.confirm(f"All data of virtual cluster {name} will be lost. Go on?")

    return review


def result_of(upgraded: "Upgraded", *, dry_run: bool) -> Result:
    """The outcome of an upgrade: what changed, or would change."""
    changes = upgraded.changes
    where = f"virtual cluster {upgraded.name} in namespace {upgraded.namespace}"
    done = f"upgraded {where} (Kubernetes {upgraded.version})"
    if dry_run:
        done = f"dry run: nothing was changed in {where}"
    said = done if changes else f"nothing to change: {where} is as wanted"
    names = tuple(each.title for each in changes.objects)
    text = "".join(f"{line}\n" for line in changes.lines()) if dry_run else ""
    return Result(data=data_of(upgraded), names=names, text=text, messages=(said,))


def data_of(upgraded: "Upgraded") -> dict[str, Any]:
    """The outcome as JSON."""
    return {
        "name": upgraded.name,
        "namespace": upgraded.namespace,
        "version": upgraded.version,
        **upgraded.changes.data(),
    }
