"""Values of a virtual cluster that goes to sleep that don't go together; a part of `vcli.config.checks`."""

from typing import Final

from vcli.config.document import Document
from vcli.config.parse import fail
from vcli.config.schema import Values
from vcli.errors import UsageError

_AFTER: Final = ("sleepMode", "autoSleep", "afterInactivity")
_ENABLED: Final = ("sleepMode", "enabled")


def check_sleep(values: Values, document: Document) -> None:
    """Complain.

    Raises:
        UsageError: names the key, its place and the way out.
    """
    mode, plane = values.sleep_mode, values.control_plane
    try:
        after = mode.auto_sleep.seconds
    except UsageError as error:
        raise fail(document, _AFTER, error.message, hint=error.hint) from error
    if not mode.enabled:
        if after:
            hint = "set sleepMode.enabled to true"
            raise fail(document, _AFTER, "of no use while sleepMode.enabled is false", hint=hint)
        return
    if not after:
        raise fail(
            document, _ENABLED, "after which time?", hint="set sleepMode.autoSleep.afterInactivity to 1h"
        )
    if plane.distro.k3s.enabled:
        raise fail(
            document,
            _ENABLED,
            "whether it is used is seen by upstream Kubernetes' audit log, which k3s is not given",
            hint="leave it out, or use upstream Kubernetes (--distro k8s)",
        )
    if plane.stateful_set.high_availability.is_on:
        raise fail(
            document,
            _ENABLED,
            "each of several API servers sees its own requests alone, so no syncer knows that it is idle",
            hint="leave it out, or have one control-plane pod",
        )
    persistence = plane.stateful_set.persistence
    if persistence.volume_claim.enabled is False and not plane.backing_store.etcd.external.enabled:
        raise fail(
            document,
            _ENABLED,
            "its data is in its pod only, and would be lost when it goes to sleep",
            hint="leave volumeClaim.enabled at auto, and --ephemeral out",
        )
    if any(each.startswith("--audit-") for each in plane.distro.k8s.api_server.extra_args):
        raise fail(
            document,
            ("controlPlane", "distro", "k8s", "apiServer", "extraArgs"),
            "the audit log is what shows whether it is used: it can't be another one while sleepMode is on",
            hint="leave out flags that begin with --audit-, or set sleepMode.enabled to false",
        )
