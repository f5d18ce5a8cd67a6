"""``vcli template``."""

from vcli.cli.manifests import manifests
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
    r"""Print the YAML of a virtual cluster, to be applied again and again.

    No cluster is asked, and no secret is in it: keys and certificates are made by the control plane's pod
    when they are missing. A default StorageClass is assumed; 'vcli create --dry-run' asks the host.

    \b
    vcli template demo -n team-a -f vcluster.yaml > demo.yaml
    vcli template demo -n team-a | kubectl diff -f -
    """
    from vcli.operations.template import template as render  # noqa: PLC0415  --help must be quick

    loaded = values.load(warn=common.console.warn)
    objects = await render(name, loaded, namespace=common.namespace)
    return manifests(objects)
