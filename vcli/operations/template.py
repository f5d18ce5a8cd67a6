"""The objects of a virtual cluster, without applying them: no host is asked, and no secret is among them."""

from vcli.config.schema import Values
from vcli.controlplane import render
from vcli.controlplane.facts import Facts, Storage
from vcli.controlplane.names import Names, check_name
from vcli.controlplane.rights import features
from vcli.kube.types import Object
from vcli.operations.facts import choose_namespace, load_bundle


async def template(name: str, values: Values, *, namespace: str | None = None) -> list[Object]:
    """What `vcli create` applies, but for keys and facts: the control plane's pod makes what is missing.

    A host is assumed that has a default StorageClass, and a user who may give the syncer all the rights that
    it has a use for.

    Args:
        name: of the virtual cluster.
        values: what the user chose.
        namespace: on the host.

    Raises:
        UsageError: the name makes no sense.
    """
    check_name(name)
    names = Names(name, choose_namespace(name, given=namespace, of_context=None))
    facts = Facts(storage=Storage(name=""), features=frozenset(features(values)))
    return render.render(names, values, facts, bundle=await load_bundle(values))
