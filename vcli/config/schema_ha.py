"""The values of ``controlPlane.statefulSet.highAvailability``; a part of `vcli.config.schema`."""

from dataclasses import dataclass

from vcli.config.fields import doc


@dataclass(frozen=True, slots=True, kw_only=True)
class HighAvailability:
    """More than one control-plane pod, each with all components and a member of the store."""

    replicas: int = doc(
        1,
        "How many control-plane pods: an odd number, as more than half of them must run. Three withstand the"
        " loss of one. Chosen when the virtual cluster is created.",
        minimum=1,
    )
    lease_duration: int = doc(
        15, "Seconds after which another syncer takes over from one that says nothing.", minimum=2
    )
    renew_deadline: int = doc(
        10, "Seconds without a renewal of its lease after which a syncer stops by itself.", minimum=1
    )
    retry_period: int = doc(2, "Seconds between two looks at the lease.", minimum=1)

    @property
    def is_on(self) -> bool:
        """Whether there are several."""
        return self.replicas > 1
