"""What the syncer may read in other namespaces of the host: a Role and its binding in each. Pure.

The values name what is shown of them (`sync.fromHost.configMaps`, `sync.fromHost.secrets`). Nothing owns
objects across namespaces: they carry labels, by which delete finds them.
"""

from collections.abc import Mapping

from vcli.catalog.kind import reading_by_name
from vcli.config.schema import Values
from vcli.config.schema_kinds import by_name_of
from vcli.config.synced import has_cluster_role, kinds_on
from vcli.contract.mappings import ANY, parse_all
from vcli.controlplane import manifests
from vcli.controlplane.facts import Facts
from vcli.controlplane.names import Names
from vcli.kube.types import Object


def rules(values: Values, own: str) -> Mapping[str, list[Object]]:
    """The rules of each namespace's Role; none where the ClusterRole has them.

    Args:
        values: what the user chose.
        own: the host namespace of the virtual cluster.
    """
    found: dict[str, list[Object]] = {}
    for kind in () if has_cluster_role(values) else kinds_on(values):
        named: dict[str, set[str]] = {}
        for each in parse_all(by_name_of(values.sync.from_host, kind)) if kind.mapped else ():
            if each.host_namespace not in ("", own):
                named.setdefault(each.host_namespace, set()).add(each.host_name)
        for namespace, names in named.items():
            by_name = {} if ANY in names else {"resourceNames": sorted(names)}
            found.setdefault(namespace, []).append({**reading_by_name(kind.resource).dump(), **by_name})
    return dict(sorted(found.items()))


def render(names: Names, values: Values, facts: Facts) -> list[Object]:
    """The Roles and RoleBindings, each with its namespace; none where they can't be made."""
    found = []
    for namespace, own in rules(values, names.namespace).items():
        if namespace in facts.closed:
            continue
        _, _, role, binding = manifests.load("control-plane/rights.yaml")
        for obj in (role, binding):
            obj["metadata"] = {"name": names.cluster_role, "namespace": namespace}
        role["rules"] = own
        binding["roleRef"]["name"] = names.cluster_role
        binding["subjects"][0] |= {"name": names.service_account, "namespace": names.namespace}
        found += [role, binding]
    return found
