"""What is remembered of pods: by uid, and no longer than the pods are there."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripted_pods import (
    SPACE,
    PodLab,
    host_path,
    host_pod,
    terminating,
    virtual_path,
    virtual_pod,
)

from scripted_api import refused
from vcli.kube.errors import Unreachable
from vcli.kube.resources import PODS
from vcli.syncer.kinds.pods.state import PodStates
from vcli.syncer.translate.names import VirtualName

InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]
Object = dict[str, Any]

_uids = itertools.count(10)

WEB = VirtualName(SPACE, "web")
FAILURES = [
    refused(403, "Forbidden", "exceeded quota: pods"),
    refused(403, "Forbidden", "rejected by a webhook"),
    refused(409, "AlreadyExists"),
    refused(409, "Conflict"),
    refused(404, "NotFound"),
    refused(500, "InternalError"),
    Unreachable("no route"),
]


ON_VIRTUAL: dict[str, Callable[[Object], tuple[str, Object]]] = {
    "is bound": lambda pod: ("MODIFIED", _with(pod, "spec", nodeName="n1")),
    "terminates": lambda pod: ("MODIFIED", terminating(pod)),
    "is deleted": lambda pod: ("DELETED", pod),
    # as a relist shows a pod that was deleted and created while the watch was down
    "is replaced": lambda pod: ("MODIFIED", _with(pod, "metadata", uid=_uid())),
}
ON_HOST: dict[str, Callable[[Object], tuple[str, Object]]] = {
    "is bound": lambda pod: ("MODIFIED", _with(pod, "spec", nodeName="n1")),
    "starts": lambda pod: ("MODIFIED", _with(pod, "status", startTime="now")),
    "runs": lambda pod: ("MODIFIED", _with(pod, "status", startTime="now", phase="Running")),
    "finishes": lambda pod: ("MODIFIED", _with(pod, "status", startTime="now", phase="Succeeded")),
    "terminates": lambda pod: ("MODIFIED", terminating(pod)),
    "is deleted": lambda pod: ("DELETED", pod),
}
NAMES = ("web", "db", "plain")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *(("virtual", each) for each in ON_VIRTUAL),
                *(("host", each) for each in ON_HOST),
                ("virtual", "is created"),
                ("virtual", "is created bound"),
                ("host", "appears"),
            ]
        ),
        st.sampled_from(NAMES),
        st.sampled_from([0.0, 0.0, 0.01, 1.0]),
        st.none() | st.sampled_from(FAILURES),
    ),
    max_size=30,
)


def act(lab: PodLab, where: str, what: str, name: str) -> None:
    """Let somebody else do something with a pod, if that makes sense now."""
    virtual, host = (find(PODS, VirtualName(SPACE, name)) for find in (lab.ctx.in_virtual, lab.ctx.on_host))
    if where == "virtual" and virtual is None and what.startswith("is created"):
        node = {"nodeName": "n1"} if what.endswith("bound") else {}
        lab.send_virtual_event("ADDED", virtual_pod(name, uid=_uid(), tokens=name != "plain", **node))
    elif where == "host" and host is None and what == "appears":
        # An earlier syncer left it, or its label was taken off and put back.
        lab.send_host_event("ADDED", host_pod(lab, virtual or virtual_pod(name, uid=_uid()), node="n1"))
    elif virtual is not None and where == "virtual" and what in ON_VIRTUAL:
        lab.send_virtual_event(*ON_VIRTUAL[what](virtual))
    elif host is not None and where == "host" and what in ON_HOST:
        lab.send_host_event(*ON_HOST[what](host))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(STEPS)
def test_no_state_outlives_its_pod_whatever_happens(in_fake_time: InFakeTime, steps: list[Any]) -> None:
    async def simulate() -> None:
        async with PodLab().running() as lab:
            for (where, what), name, pause, failure in steps:
                _fail(lab, name, failure)
                act(lab, where, what, name)
                await asyncio.sleep(pause)
            for name in NAMES:
                _fail(lab, name, None)
            await asyncio.sleep(500)
            there = {each["metadata"]["name"]: each["metadata"]["uid"] for each in lab.pod_cache().items()}
            assert {name.name: state.uid for name, state in lab.pods.states.items()} == there
            for where in ("virtual", "host"):
                for name in NAMES:
                    act(lab, where, "is deleted", name)
            await asyncio.sleep(500)
            _assert_empty(lab.pods.states)

    in_fake_time(simulate)


def test_a_state_is_of_one_uid() -> None:
    states = _states()
    state = states.of(WEB, "uid-1")
    state.bound = True
    assert states.of(WEB, "uid-1") is state
    assert not states.of(WEB, "uid-2").bound
    assert states.of(WEB, "uid-1") is not state


async def test_a_pod_that_is_dropped_leaves_its_queues() -> None:
    turns: list[VirtualName] = []
    states = PodStates(PodLab().ctx.scope, slots=1, retry=turns.append)
    db = VirtualName(SPACE, "db")
    for name in (WEB, db):
        states.of(name, "uid")
        states.starting.add(name)
    assert states.admission.acquire(WEB)
    assert not states.admission.acquire(db)
    states.over_quota.rejected(WEB)
    states.drop(WEB)
    assert turns == [db]  # has the slot now
    states.over_quota.retry_first()
    assert turns == [db]
    assert len(states.starting) == 1
    states.drop(db)
    assert not states.items()
    assert states.admission.acquire(WEB)
    states.admission.release(WEB)


def test_a_host_pod_that_goes_is_kept_for_its_own_virtual_pod_alone() -> None:
    lab = PodLab()
    states = lab.pods.states
    first, second = virtual_pod(uid="uid-1"), virtual_pod(uid="uid-2")
    gone = host_pod(lab, first, node="n1")
    states.host_pod_changed(None, gone)
    states.host_pod_changed(gone, {**gone})
    assert not states.items()
    states.host_pod_changed(gone, None)  # before the virtual pod was looked at
    assert states.of(WEB, "uid-1").final_host_pod is gone
    assert states.of(WEB, second["metadata"]["uid"]).final_host_pod is None
    states.host_pod_changed(gone, None)
    assert states.of(WEB, "uid-2").final_host_pod is None
    states.host_pod_changed({"metadata": {"name": "of-somebody-else", "namespace": "team-a"}}, None)
    assert [name for name, _ in states.items()] == [WEB]


def _states() -> PodStates:
    return PodStates(PodLab().ctx.scope, slots=1, retry=lambda _: None)


def _assert_empty(states: PodStates) -> None:
    assert not states.items()
    assert len(states.starting) == 0
    fresh = [VirtualName(SPACE, f"fresh-{number}") for number in range(3)]
    assert [states.admission.acquire(each) for each in fresh] == [True] * 3
    for each in fresh:
        states.admission.release(each)


def _fail(lab: PodLab, name: str, failure: Any) -> None:
    """All writes about a pod fail from now on, until they don't."""
    on_host, in_virtual = host_path(name), virtual_path(name)
    collection = on_host.rpartition("/")[0]
    for api, method, path in (
        (lab.host, "POST", collection),
        (lab.host, "DELETE", on_host),
        (lab.virtual, "POST", f"{in_virtual}/binding"),
        (lab.virtual, "PATCH", f"{in_virtual}/status"),
        (lab.virtual, "DELETE", in_virtual),
    ):
        if failure is None:
            api.answer_willingly(method, path)
        else:
            api.on(method, path, failure)


def _with(obj: Object, part: str, **fields: Any) -> Object:
    return {**obj, part: {**(obj.get(part) or {}), **fields}}


def _uid() -> str:
    return f"uid-{next(_uids)}"
