"""``vcli template``."""

from vcli.cli import values as given
from vcli.cli.options import Common, Name, command
from vcli.result import Result


@command
async def template(
    name: Name,
    *,
    values: given.Files = None,
    sets: given.Sets = None,
    distro: given.DistroOption = None,
    kubernetes_version: given.Version = None,
    ephemeral: given.Ephemeral = False,
    expose: given.ExposeOption = None,
    syncer_image: given.SyncerImage = None,
    common: Common,
) -> Result:
    r"""Print the YAML of a virtual cluster, to be applied again and again.

    No cluster is asked, and no secret is in it: keys and certificates are made by the control plane's pod
    when they are missing. A default StorageClass is assumed; 'vcli create --dry-run' asks the host.

    \b
    vcli template demo -n team-a -f vcluster.yaml > demo.yaml
    vcli template demo -n team-a | kubectl diff -f -
    """
    from vcli.controlplane.manifests import dump  # noqa: PLC0415  --help must be quick
    from vcli.operations.template import template as render  # noqa: PLC0415

    loaded = given.load(
        files=values,
        sets=sets,
        distro=distro,
        version=kubernetes_version,
        ephemeral=ephemeral,
        syncer_image=syncer_image,
        expose=expose,
    )
    for warning in loaded.warnings:
        common.console.warn(warning)
    objects = await render(name, loaded, namespace=common.namespace)
    return Result(data=objects, text=dump(objects))
