"""Rights to keep a kubeconfig in another namespace of the host: a Role and its binding for each Secret. Pure.

Nothing owns objects across namespaces: the Role owns the Secret, so that it goes with it. The Role carries
labels, by which delete and upgrade find it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from vcli.config.schema import Values
from vcli.controlplane import manifests
from vcli.controlplane.exports import exports
from vcli.controlplane.facts import Facts
from vcli.controlplane.names import Names
from vcli.kube.types import Object


@dataclass(frozen=True, slots=True)
class ExportRights:
    """What the syncer needs for one Secret.

    Attributes:
        namespace: of the host, not that of the virtual cluster.
        role: name of the Role, which owns the Secret.
        rules: of the Role.
    """

    namespace: str
    role: str
    rules: list[Object]


def rights(names: Names, values: Values) -> Iterator[ExportRights]:
    """Of all Secrets that are to be in other namespaces."""
    for each in exports(names, values):
        if "namespace" in each:
            yield ExportRights(each["namespace"], each["role"], _rules(each["name"], each["role"]))


def _rules(secret: str, role: str) -> list[Object]:
    secrets: Object = {"apiGroups": [""], "resources": ["secrets"]}
    roles: Object = {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"]}
    return [
        # A rule for create can't name the object.
        {**secrets, "verbs": ["create"]},
        {**secrets, "verbs": ["get", "list", "watch", "patch"], "resourceNames": [secret]},
        {**roles, "verbs": ["get"], "resourceNames": [role]},
    ]


def render(names: Names, values: Values, facts: Facts) -> list[Object]:
    """The Roles and RoleBindings, each with its namespace; none where they can't be made."""
    found = []
    for each in rights(names, values):
        if each.namespace in facts.closed:
            continue
        _, _, role, binding = manifests.load("control-plane/rights.yaml")
        for obj in (role, binding):
            obj["metadata"] = {"name": each.role, "namespace": each.namespace}
        role["rules"] = each.rules
        binding["roleRef"]["name"] = each.role
        binding["subjects"][0] |= {"name": names.service_account, "namespace": names.namespace}
        found += [role, binding]
    return found
