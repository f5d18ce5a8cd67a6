"""The values of several control-plane pods: what goes together."""

import pytest

from vcli.config import load
from vcli.errors import UsageError

HA = "controlPlane.statefulSet.highAvailability"
THREE = f"{HA}.replicas=3"


@pytest.mark.parametrize("replicas", [1, 3, 5])
def test_an_odd_number_of_pods(replicas: int):
    chosen = load([], [f"{HA}.replicas={replicas}"]).control_plane.stateful_set.high_availability
    assert (chosen.replicas, chosen.is_on) == (replicas, replicas > 1)


@pytest.mark.parametrize(
    ("sets", "named", "cause"),
    [
        ([f"{HA}.replicas=2"], f"{HA}.replicas", "2 withstand no more losses than 1"),
        ([f"{HA}.replicas=0"], f"{HA}.replicas", "must be 1 or more"),
        ([f"{HA}.leaseDuration=20"], f"{HA}.leaseDuration", "of no use where there is one syncer"),
        ([f"{HA}.retryPeriod=3"], f"{HA}.retryPeriod", "of no use where there is one syncer"),
        ([THREE, f"{HA}.leaseDuration=10"], HA, "must be more than renewDeadline"),
        ([THREE, f"{HA}.renewDeadline=2"], HA, "more than retryPeriod"),
        (
            [THREE, "controlPlane.statefulSet.persistence.volumeClaim.enabled=false"],
            "controlPlane.statefulSet.persistence.volumeClaim.enabled",
            "can't come back",
        ),
    ],
)
def test_what_makes_no_sense_is_said(sets: list[str], named: str, cause: str):
    with pytest.raises(UsageError) as caught:
        load([], sets)
    assert named in caught.value.message
    assert cause in caught.value.message
