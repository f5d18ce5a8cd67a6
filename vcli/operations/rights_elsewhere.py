"""Whether the syncer can be given its rights in namespaces of the host that are not its own."""

from vcli.config.schema import Values
from vcli.controlplane import export_rights, rights_elsewhere
from vcli.controlplane.names import Names
from vcli.controlplane.rights import Right, rights_of
from vcli.invocation import vcli
from vcli.kube.client import Client
from vcli.kube.errors import Forbidden, NotFound
from vcli.kube.resources import NAMESPACES
from vcli.operations.own_namespace import may
from vcli.operations.steps import Steps

_OWN = [
    Right("rbac.authorization.k8s.io", kind, verb)
    for kind in ("roles", "rolebindings")
    for verb in ("create", "patch")
]


async def find_closed(client: Client, names: Names, values: Values, *, steps: Steps) -> frozenset[str]:
    """The namespaces that are not there, or in which we may not give these rights; a warning for each.

    Args:
        client: of the host.
        names: of the virtual cluster.
        values: what the user chose.
        steps: is warned.
    """
    closed = set()
    shown = rights_elsewhere.rules(values, names.namespace)
    wanted = [
        *(
            (space, rules, f"nothing of namespace {space!r} of the host will be shown")
            for space, rules in shown.items()
        ),
        *(
            (each.namespace, each.rules, f"namespace {each.namespace!r} of the host will get no kubeconfig")
            for each in export_rights.rights(names, values)
        ),
    ]
    for namespace, rules, what in wanted:
        why = await _why_not(client, names, namespace, [*_OWN, *rights_of(rules)])
        if why:
            closed.add(namespace)
            steps.warn(f"{what}: {why}")
    return frozenset(closed)


async def _why_not(client: Client, names: Names, namespace: str, wanted: list[Right]) -> str:
    try:
        await client.get(NAMESPACES, namespace)
    except NotFound:
        return "it does not exist; create it, and upgrade the virtual cluster"
    except Forbidden:
        pass  # who may not read namespaces may have rights in one
    for right in wanted:
        if not await may(client, namespace, group=right.group, resource=right.resource, verb=right.verb):
            return (
                f"you may not {right.verb} {right.resource} there, to give the right to the syncer; whoever"
                f" may can apply the Role and RoleBinding that {vcli('template', names.cluster)} prints"
            )
    return ""
