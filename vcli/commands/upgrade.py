"""``vcli upgrade``."""

from typing import Annotated

import typer

from vcli.cli.options import Common, Name, Yes, command
from vcli.cli.values import ResetValues, ValueOptions
from vcli.result import Result


@command
async def upgrade(
    name: Name,
    *,
    values: ValueOptions,
    reset_values: ResetValues = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would change, and change nothing.")
    ] = False,
    yes: Yes = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is ready.")] = True,
    keep_on_failure: Annotated[
        bool, typer.Option("--keep-on-failure", help="Do not roll back when it does not become ready.")
    ] = False,
    common: Common,
) -> Result:
    r"""Change a virtual cluster: its values, its Kubernetes version, or the vcli that runs it.

    Values given now are laid over those it was made with: mappings are merged, lists and scalars replace, and
    KEY=null goes back to the default. What will change is shown before it does. When the new control plane
    does not become ready, everything is put back to what it was.

    A change that restarts a control plane whose store is in its pod only loses all data: it takes --yes, or
    your consent on the terminal.

    \b
    vcli upgrade demo --set controlPlane.coredns.enabled=false --dry-run
    vcli upgrade demo --kubernetes-version v1.36.4
    vcli upgrade demo
    """
    from vcli.cli.reviewing import result_of, reviewer  # noqa: PLC0415  --help must be quick
    from vcli.operations.upgrade import DEFAULT_TIMEOUT, Options, upgrade_cluster  # noqa: PLC0415

    options = Options(
        name=name,
        given=values.read(),
        namespace=common.namespace,
        kubeconfig=common.kubeconfig,
        context=common.context,
        reset_values=reset_values,
        may_lose_data=yes,
        dry_run=dry_run,
        wait=wait,
        keep_on_failure=keep_on_failure,
        timeout=DEFAULT_TIMEOUT if common.timeout is None else common.timeout,
    )
    review = reviewer(common, name=name, yes=yes)
    upgraded = await upgrade_cluster(options, review=review, steps=common.console)
    return result_of(upgraded, dry_run=dry_run)
