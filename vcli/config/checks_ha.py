"""Values of several control-plane pods that don't go together; a part of `vcli.config.checks`."""

from typing import Final

from vcli.config.document import Document
from vcli.config.parse import fail
from vcli.config.schema import Values
from vcli.config.schema_ha import HighAvailability

_SET: Final = ("controlPlane", "statefulSet")
_HA: Final = (*_SET, "highAvailability")


def check_high_availability(values: Values, document: Document) -> None:
    """Complain.

    Raises:
        UsageError: names the key, its place and the way out.
    """
    plane = values.control_plane
    chosen = plane.stateful_set.high_availability
    if not chosen.is_on:
        _check_times_unset(chosen, document)
        return
    if plane.distro.k3s.enabled:
        raise fail(
            document,
            (*_HA, "replicas"),
            "k3s keeps its objects in its own pod: there can be no second one",
            hint="leave it out, or use upstream Kubernetes (--distro k8s)",
        )
    database = plane.backing_store.database
    if database.embedded.enabled or database.external.enabled:
        text = "SQLite is a file that one pod has: there can be no second one"
        if database.external.enabled:
            text = "kine in one pod hears of what another one wrote only later: reads would be of the past"
        hint = "leave it out, or leave the store to etcd, of which each pod has a member"
        raise fail(document, (*_HA, "replicas"), text, hint=hint)
    if chosen.replicas % 2 == 0:
        raise fail(
            document,
            (*_HA, "replicas"),
            f"more than half of the pods must run: {chosen.replicas} withstand no more losses than"
            f" {chosen.replicas - 1}",
            hint=f"choose {chosen.replicas + 1}",
        )
    if not chosen.lease_duration > chosen.renew_deadline > chosen.retry_period:
        raise fail(
            document,
            _HA,
            f"leaseDuration ({chosen.lease_duration}) must be more than renewDeadline"
            f" ({chosen.renew_deadline}), and that more than retryPeriod ({chosen.retry_period})",
        )
    if plane.stateful_set.persistence.volume_claim.enabled is False:
        raise fail(
            document,
            (*_SET, "persistence", "volumeClaim", "enabled"),
            "a member of the store that loses its data can't come back: several control-plane pods"
            " keep theirs on volume claims",
            hint="leave it at auto, and --ephemeral out",
        )


def _check_times_unset(chosen: HighAvailability, document: Document) -> None:
    default = HighAvailability()
    unused = {
        "leaseDuration": chosen.lease_duration != default.lease_duration,
        "renewDeadline": chosen.renew_deadline != default.renew_deadline,
        "retryPeriod": chosen.retry_period != default.retry_period,
    }
    for key, is_set in unused.items():
        if is_set:
            hint = f"set {'.'.join((*_HA, 'replicas'))} to 3"
            raise fail(document, (*_HA, key), "of no use where there is one syncer", hint=hint)
