"""``vcli template``."""

from vcli.cli import values as given
from vcli.cli.manifests import manifests
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
    r"""Print the YAML that create would apply.

    No cluster is asked, so addresses that only a host knows are placeholders; keys and certificates are left
    out. 'vcli create --dry-run' asks the host.

    \b
    vcli template demo -n team-a -f vcluster.yaml
    """
    from vcli.operations.template import template as render  # noqa: PLC0415  --help must be quick

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
    return manifests(objects)
