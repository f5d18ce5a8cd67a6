"""What one that goes to sleep has more: an audit log that its syncer reads, and rights. Pure."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from vcli.config.schema import Values
from vcli.contract.settings import AUDIT_LOG
from vcli.controlplane.components import Component
from vcli.controlplane.names import Names
from vcli.controlplane.roles import Role
from vcli.kube.types import Object

_POLICY: Final = "audit-policy.json"
_FOLDER: Final = "/audit-policy"
_STAGES: Final = ["ResponseStarted", "ResponseComplete", "Panic"]
_OWN_USERS: Final = [
    "system:anonymous",
    "system:apiserver",
    "system:kube-controller-manager",
    "system:kube-scheduler",
    "vcli-syncer",
]


def data(values: Values) -> dict[str, str]:
    """What is in the ConfigMap of the settings for it: which requests the API server writes down.

    Not those of the control plane's own components, nor those for no resource (readiness, metrics).
    """
    if not values.sleep_mode.enabled:
        return {}
    policy = {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": _STAGES,
        "rules": [
            {"level": "None", "nonResourceURLs": ["*"]},
            {"level": "None", "users": _OWN_USERS},
            {"level": "Metadata"},
        ],
    }
    return {_POLICY: json.dumps(policy, indent=1)}


def rules(names: Names, values: Values) -> list[Object]:
    """What the syncer's Role has for it: to scale its own workload."""
    if not values.sleep_mode.enabled:
        return []
    own = {"apiGroups": ["apps"], "resources": ["statefulsets"], "resourceNames": [names.stateful_set]}
    return [{**own, "verbs": ["get", "patch"]}]


def adapted(names: Names, values: Values, components: Iterable[Component]) -> list[Component]:
    """The components: the API server writes the log, the syncer reads it.

    Args:
        names: of the virtual cluster.
        values: what the user chose.
        components: of one pod, in any order.
    """
    if not values.sleep_mode.enabled:
        return list(components)
    folder, _, _ = AUDIT_LOG.rpartition("/")
    log: Object = {"name": "audit", "emptyDir": {"sizeLimit": "64Mi"}}
    items = [{"key": _POLICY, "path": _POLICY}]
    policy: Object = {"name": "audit-policy", "configMap": {"name": names.settings, "items": items}}
    flags = [
        f"--audit-policy-file={_FOLDER}/{_POLICY}",
        f"--audit-log-path={AUDIT_LOG}",
        "--audit-log-maxsize=8",
        "--audit-log-maxbackup=1",
    ]
    written: Object = {"name": "audit", "mountPath": folder}
    found = []
    for each in components:
        if Role.API_SERVER in each.roles:
            mounts = [written, {"name": "audit-policy", "mountPath": _FOLDER, "readOnly": True}]
            changed = _with(_with_flags(each, flags), mounts).having(log).having(policy)
            found.append(changed)
        elif Role.SYNCER in each.roles:
            found.append(_with(each, [{**written, "readOnly": True}]))
        else:
            found.append(each)
    return found


def _with_flags(component: Component, flags: list[str]) -> Component:
    command = [*component.container["command"], *flags]
    return replace(component, container={**component.container, "command": command})


def _with(component: Component, mounts: list[Object]) -> Component:
    mounted = [*component.container["volumeMounts"], *mounts]
    return replace(component, container={**component.container, "volumeMounts": mounted})
