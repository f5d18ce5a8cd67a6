"""Rights that the values add; a part of `vcli.config.checks`."""

from vcli.config.document import Document
from vcli.config.dump import dump
from vcli.config.parse import fail
from vcli.config.schema import Values


def check_rbac(values: Values, document: Document) -> None:
    """Complain.

    Raises:
        UsageError: names the rule, its place and the way out.
    """
    rbac = values.rbac
    for name, rules in (("role", rbac.role.extra_rules), ("clusterRole", rbac.cluster_role.extra_rules)):
        for index, rule in enumerate(rules):
            for key in ("apiGroups", "resources", "verbs"):
                if not dump(rule)[key]:
                    raise fail(document, ("rbac", name, "extraRules", index, key), "must not be empty")
