"""Values of several control-plane pods that don't go together; a part of `vcli.config.checks`."""

from vcli.config.document import Document, Keys
from vcli.config.parse import fail
from vcli.config.schema import Values
from vcli.config.schema_ha import HighAvailability

_SET: Keys = ("controlPlane", "statefulSet")
_HA: Keys = (*_SET, "highAvailability")


def check_high_availability(values: Values, document: Document) -> None:
    """Complain.

    Raises:
        UsageError: names the key, its place and the way out.
    """
    plane = values.control_plane
    chosen = plane.stateful_set.high_availability
    if not chosen.is_on:
        for key, value in (
            ("leaseDuration", chosen.lease_duration),
            ("renewDeadline", chosen.renew_deadline),
            ("retryPeriod", chosen.retry_period),
        ):
            if value != getattr(HighAvailability(), _SNAKE[key]):
                hint = f"set {'.'.join((*_HA, 'replicas'))} to 3"
                raise fail(document, (*_HA, key), "of no use where there is one syncer", hint=hint)
        return
    if chosen.replicas % 2 == 0:
        raise fail(
            document,
            (*_HA, "replicas"),
            f"{chosen.replicas} pods withstand the loss of no more than {chosen.replicas - 1} do, as more than"
            " half of them must run",
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
            "a member of the store that loses its data can't come back: several control-plane pods keep theirs"
            " on volume claims",
            hint="leave it at auto, and --ephemeral out",
        )


_SNAKE = {
    "leaseDuration": "lease_duration",
    "renewDeadline": "renew_deadline",
    "retryPeriod": "retry_period",
}
