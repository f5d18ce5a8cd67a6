"""How long the pods of a virtual cluster get, and what is said of what remains."""

import pytest

from vcli.operations import ending
from vcli.operations.ending import Schedule, end_pods, reason_left
from vcli.operations.removal import hint, remains, title_and_reason

DAY = 86400


def pod(name="web", *, grace=None, ending_with=None, finalizers=()):
    metadata = {"name": name, "namespace": "team", "uid": name, "finalizers": list(finalizers)}
    if ending_with is not None:
        metadata |= {"deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": ending_with}
    spec = {} if grace is None else {"spec": {"terminationGracePeriodSeconds": grace}}
    return {"kind": "Pod", "metadata": metadata, **spec}


def later(schedule, seconds):
    schedule._started -= seconds


@pytest.mark.parametrize(
    ("grace", "timeout", "given"),
    [(DAY, 120, 30), (5, 120, 5), (0, 120, 0), (None, 120, 30), (DAY, 20, 10), (DAY, 1, 1), (30, 90, 30)],
)
def test_a_pod_gets_its_own_grace_but_not_a_long_one(grace, timeout, given):
    assert Schedule(timeout=timeout).next_grace(pod(grace=grace)) == given


@pytest.mark.parametrize(("grace", "given"), [(DAY, 90), (60, 60), (None, 90)])
def test_where_more_is_given_it_is_half_of_the_time(grace, given):
    assert Schedule(timeout=180, most=180, force=False).next_grace(pod(grace=grace)) == given


def test_each_is_asked_once_for_each_grace():
    schedule = Schedule(timeout=120)
    assert schedule.next_grace(pod(grace=DAY)) == 30
    assert schedule.next_grace(pod(ending_with=30)) is None
    late = pod("late", ending_with=DAY)  # another client deleted it before
    assert schedule.next_grace(late) == 30
    assert schedule.next_grace(late) is None
    schedule.forget(late)
    assert schedule.next_grace(late) == 30


def test_what_does_not_end_is_removed_by_force_in_time():
    schedule = Schedule(timeout=120)
    schedule.next_grace(pod(grace=DAY))
    later(schedule, 39)
    assert schedule.next_grace(pod(ending_with=30)) is None
    later(schedule, 2)
    assert schedule.next_grace(pod(ending_with=30)) == 0
    assert schedule.next_grace(pod(ending_with=30)) is None
    assert schedule.forgotten == ["web"]


@pytest.mark.parametrize("timeout", [5, 20, 60, 90, 120, 600])
def test_force_comes_within_the_timeout(timeout):
    schedule = Schedule(timeout=timeout)
    later(schedule, timeout * 0.81)
    assert schedule.next_grace(pod(ending_with=DAY)) == 0


def test_no_force_where_volumes_are_used_again():
    schedule = Schedule(timeout=120, force=False)
    later(schedule, 1000)
    assert schedule.next_grace(pod(ending_with=DAY)) == 30
    assert schedule.next_grace(pod(ending_with=30)) is None


async def test_few_at_once():
    class Client:
        running = most = total = 0

        async def delete(self, *_, **options):
            Client.running += 1
            Client.most = max(Client.most, Client.running)
            await ending.asyncio.sleep(0)
            Client.running -= 1
            Client.total += 1
            assert options["uid"]
            assert options["grace"] == 30

    await end_pods(Client(), [pod(f"p{n}", grace=DAY) for n in range(100)], Schedule())
    assert Client.total == 100
    assert Client.most <= 20


# --- what is said of what remains


def thing(kind, **metadata):
    return {"kind": kind, "metadata": {"name": "x", "namespace": "team", **metadata}}


TERMINATING = {"deletionTimestamp": "2026-01-01T00:00:00Z"}


def test_a_grace_is_named_and_no_finalizer_that_is_not_there():
    left = [pod(ending_with=DAY)]
    assert title_and_reason(left[0]) == "pod/web (it is ending, with a grace of 86400 seconds)"
    assert "finalizer" not in hint(left, namespace="team", again="vcli delete demo")
    assert "kubectl get pods -o wide -n team" in hint(left, namespace="team", again="vcli delete demo")


def test_a_finalizer_is_named_with_what_shows_it():
    held = thing("Service", finalizers=["service.kubernetes.io/load-balancer-cleanup"], **TERMINATING)
    assert title_and_reason(held) == "service/x (finalizers: service.kubernetes.io/load-balancer-cleanup)"
    assert "kubectl get service x -o yaml -n team" in hint(
        [pod(ending_with=1), held], namespace="team", again="vcli delete demo"
    )


def test_a_claim_in_use_waits_for_its_pod():
    claim = thing("PersistentVolumeClaim", finalizers=["kubernetes.io/pvc-protection"], **TERMINATING)
    assert reason_left(claim) == "a pod still uses it"
    assert "finalizer" not in hint([claim], namespace="team", again="vcli delete demo")


def test_what_nobody_has_deleted_yet():
    untouched = thing("Secret", finalizers=["example.org/x"])
    assert title_and_reason(untouched) == "secret/x"
    assert "--timeout" in hint([untouched], namespace="team", again="vcli delete demo")


def test_what_a_namespace_still_holds():
    conditions = [
        {"type": "NamespaceDeletionContentFailure", "status": "False", "message": "fine"},
        {"type": "NamespaceContentRemaining", "status": "True", "message": "pods. has 1 resource instances"},
        {"type": "NamespaceFinalizersRemaining", "status": "True", "message": "a in 1 resource instances"},
    ]
    assert remains({"status": {"conditions": conditions}}) == (
        "pods. has 1 resource instances; a in 1 resource instances"
    )
    assert remains(None) == ""
