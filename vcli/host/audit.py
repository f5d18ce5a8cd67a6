"""The audit log of a host's API server: who asked for what, a line of JSON for each request."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from vcli.host.instance import Instance
from vcli.host.plan import Component

_PATH: Final = "--audit-log-path="
_MEGABYTES: Final = 64
_OLDER_FILES: Final = 3

# What the host itself does all the time; of no use in a log.
_OWN_USERS: Final = (
    "system:apiserver",
    "system:kube-controller-manager",
    "system:kube-proxy",
    "system:kube-scheduler",
)
_OWN_GROUPS: Final = ("system:nodes", "system:serviceaccounts:kube-system")
_HEALTH: Final = ("/healthz*", "/livez*", "/readyz*")

POLICY: Final = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    # A request that was answered is logged once, a watch when it begins and when it ends.
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "users": list(_OWN_USERS)},
        {"level": "None", "userGroups": list(_OWN_GROUPS)},
        {"level": "None", "nonResourceURLs": list(_HEALTH)},
        {"level": "Metadata"},
    ],
}
"""Requests of users and ServiceAccounts, without their bodies."""


def log(instance: Instance) -> Path:
    """Where it is; older parts are beside it."""
    return instance.root / "audit" / "audit.log"


def write_policy(instance: Instance) -> None:
    """Write what the API server is to log, and make the folder of the log."""
    policy = _policy(instance)
    policy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    policy.write_text(json.dumps(POLICY, indent=1))


def flags(instance: Instance) -> dict[str, object]:
    """Of kube-apiserver: to have the log, of bounded size."""
    return {
        "audit_policy_file": _policy(instance),
        "audit_log_path": log(instance),
        "audit_log_maxsize": _MEGABYTES,
        "audit_log_maxbackup": _OLDER_FILES,
    }


def log_of(components: Sequence[Component]) -> Path | None:
    """Where the API server among these writes it; None when it does not."""
    for component in components:
        for flag in component.argv:
            if flag.startswith(_PATH):
                return Path(flag.removeprefix(_PATH))
    return None


def _policy(instance: Instance) -> Path:
    return instance.root / "audit" / "policy.json"
