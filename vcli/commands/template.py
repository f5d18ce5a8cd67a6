"""``vcli template``."""

from vcli.cli.options import Common, NewName, command
from vcli.cli.values import ValueOptions
from vcli.result import Result


@command
async def template(
    name: NewName,
    *,
    values: ValueOptions,
    common: Common,
) -> Result:
    r"""Print the YAML that create would apply.

    No cluster is asked, so addresses that only a host knows are placeholders; keys and certificates are left
    out. 'vcli create --dry-run' asks the host.

    \b
    vcli template demo -n team-a -f vcluster.yaml
    """
    from vcli.controlplane.manifests import dump  # noqa: PLC0415  --help must be quick
    from vcli.operations.template import template as render  # noqa: PLC0415

    loaded = values.load(warn=common.console.warn)
    objects = await render(name, loaded, namespace=common.namespace)
    return Result(data=objects, text=dump(objects))
