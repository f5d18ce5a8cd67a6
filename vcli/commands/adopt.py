"""``vcli adopt``."""

from typing import Annotated

import typer

from vcli.cli.options import Common, Name, Yes, command
from vcli.cli.values import ValueOptions
from vcli.console import Output
from vcli.result import Result


@command
async def adopt(
    name: Name,
    *,
    values: ValueOptions,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would happen, and change nothing.")
    ] = False,
    yes: Yes = False,
    common: Common,
) -> Result:
    r"""Take over a virtual cluster that loft-sh's vcluster made.

    Its objects, its CA, the key of its tokens and its pods stay: kubeconfigs and tokens go on working, and no
    pod of its tenants is restarted. Its control plane is replaced, so for about a minute its API does not
    answer. When the new one does not become ready, the one from before is put back.

    It must run upstream Kubernetes in one pod, with its objects in SQLite on a volume: the defaults of that
    tool. What can't be adopted is refused, with all reasons at once. Values given now are laid over its own.

    \b
    vcli adopt demo --dry-run
    vcli adopt demo -n team
    """
    from vcli.operations.adopt.run import DEFAULT_TIMEOUT, Options, Plan, adopt_cluster  # noqa: PLC0415  --help must be quick

    async def consent(plan: Plan) -> bool:
        if common.output is not Output.JSON:  # it is in what is printed at the end
            for line in plan.lines():
                common.console.info(line)
        return yes or await common.console.confirm(f"Adopt virtual cluster {plan.name}?")

    options = Options(
        name=name,
        given=values.read(),
        namespace=common.namespace,
        kubeconfig=common.kubeconfig,
        context=common.context,
        dry_run=dry_run,
        timeout=DEFAULT_TIMEOUT if common.timeout is None else common.timeout,
    )
    adopted = await adopt_cluster(options, consent=consent, steps=common.console)
    plan = adopted.plan
    where = f"virtual cluster {plan.name} in namespace {plan.namespace}"
    data = {
        "name": plan.name,
        "namespace": plan.namespace,
        "adopted": adopted.done,
        "from": plan.chart,
        "version": plan.version,
        "kept": plan.kept,
        "removed": list(plan.removed),
    }
    said = f"adopted {where} (Kubernetes {plan.version})"
    if not adopted.done:
        said = f"dry run: nothing was changed in {where}"
    text = "" if adopted.done else "".join(f"{line}\n" for line in plan.lines())
    return Result(data=data, text=text, messages=(said,))
