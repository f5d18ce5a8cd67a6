"""What the values say of the control plane's pods, and can't be; a part of `vcli.config.checks`."""

from typing import Final

from vcli.config.document import Document, Keys
from vcli.config.parse import fail
from vcli.config.quantity import SHARED, units
from vcli.config.schema import Values

_SET: Final[Keys] = ("controlPlane", "statefulSet")
_RESOURCES: Final[Keys] = (*_SET, "resources")
_POD_SECURITY: Final[Keys] = (*_SET, "security", "podSecurityContext")


def check_pods(values: Values, document: Document) -> None:
    """Complain.

    Raises:
        UsageError: names the key, its place and the way out.
    """
    chosen = values.control_plane.stateful_set
    _check_resources(values, document)
    if chosen.scheduling.pod_management_policy != "Parallel" and chosen.high_availability.is_on:
        raise fail(
            document,
            (*_SET, "scheduling", "podManagementPolicy"),
            "the members of the store wait for one another: one pod after the other would never be ready",
            hint="leave it out, or have one control-plane pod",
        )
    security = chosen.security.pod_security_context
    if security.get("runAsUser") == 0 and security.get("runAsNonRoot") is not False:
        raise fail(
            document,
            (*_POD_SECURITY, "runAsUser"),
            "0 is root, and the pod must not run as root unless runAsNonRoot is false",
            hint="leave it out: the control plane runs without root",
        )


def _check_resources(values: Values, document: Document) -> None:
    given = values.control_plane.stateful_set.resources
    for key, amounts in given.items():
        keys = (*_RESOURCES, key)
        if key not in ("requests", "limits"):
            raise fail(document, keys, "can't be shared out over containers", hint="give requests and limits")
        if not isinstance(amounts, dict):
            raise fail(document, keys, "must be a mapping of resources to quantities")
        for name, amount in amounts.items():
            if name not in SHARED:
                text = f"only {', '.join(SHARED[:-1])} and {SHARED[-1]} can be shared out over containers"
                raise fail(document, (*keys, name), text, hint="leave it out")
            try:
                units(name, amount)
            except ValueError as error:
                raise fail(document, (*keys, name), f"{error}") from error
