"""What may happen, in any order: a list of steps that hypothesis makes up, the same for the same seed."""

from typing import NamedTuple

from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from vcli.kube.resources import CONFIGMAPS, ENDPOINTSLICES, PODS, PVCS, SECRETS, SERVICES, Resource

RESOURCES: dict[str, Resource] = {
    each.kind: each for each in (PODS, SERVICES, ENDPOINTSLICES, CONFIGMAPS, SECRETS, PVCS)
}

_LONG = "long-" + "g" * 57
NAMES = ("a", "a-x", f"{_LONG}1", f"{_LONG}2")
"""`a-x` in `b` and `a` in `x-b` would share a host name; the long ones differ in their last character."""
NAMESPACES = ("b", "x-b", "n" * 63)

# How often each kind and each verb comes, beside the others.
_KINDS = {"Pod": 8, "Service": 4, "ConfigMap": 3, "Secret": 3, "PersistentVolumeClaim": 2, "EndpointSlice": 2}
_VERBS = {
    # the tenant
    "create": 10,
    "update": 10,
    "relabel": 4,
    "delete": 6,
    "replace": 5,
    "hold": 1,
    "release": 1,
    "relabel_namespace": 2,
    "delete_namespace": 1,
    # others on the host
    "host_delete": 6,
    "host_lose": 4,
    "host_mark": 2,
    "host_strip": 2,
    "host_restore": 2,
    "host_hold": 1,
    "host_copy": 1,
    "host_status": 3,
    "quota": 1,
    "lift_quota": 1,
    "squat": 2,
    "kubelet_sleeps": 1,
    "kubelet_wakes": 1,
    # the syncer
    "kill": 2,
    "stop": 2,
    "freeze": 3,
    "cut": 2,
    "wait": 3,
    "pause": 16,
    "settle": 2,
}


class Step(NamedTuple):
    """One thing that happens.

    Attributes:
        verb: a method of `Play`.
        kind: of the object; verbs that concern no object ignore it.
        pick: which object, or where: an index into what there is then.
        variant: makes each choice that is left, see `bodies.Dice`.
    """

    verb: str
    kind: str
    pick: int
    variant: int


def _weighted(weights: dict[str, int]) -> st.SearchStrategy[str]:
    return st.sampled_from([name for name, weight in weights.items() for _ in range(weight)])


def _steps(verbs: st.SearchStrategy[str], count: int) -> st.SearchStrategy[list[Step]]:
    step = st.builds(
        Step,
        verb=verbs,
        kind=_weighted(_KINDS),
        pick=st.integers(0, 2**16 - 1),
        variant=st.integers(0, 2**32 - 1),
    )
    return st.lists(step, min_size=count, max_size=count)


def script(number: int, steps: int) -> list[Step]:
    """The script of a seed. It begins with creations, so that the rest meets something.

    Hypothesis only makes it up: a failure may need a race that doesn't come twice, so that trying smaller
    scripts in its place would tell little.
    """
    found: list[list[Step]] = []

    @seed(number)
    @settings(max_examples=2, database=None, phases=[Phase.generate])
    @given(_steps(st.just("create"), steps // 4), _steps(_weighted(_VERBS), steps - steps // 4))
    def draw(creations: list[Step], others: list[Step]) -> None:
        found.append(creations + others)

    draw()
    return found[-1]  # the first is always the simplest there is
