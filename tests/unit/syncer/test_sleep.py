"""Sleep: what counts as use, and that pods go before the control plane does."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from two_clusters import TwoClusters

from scripted_api import ScriptedApi, listed, ok
from vcli.errors import VcliError
from vcli.kube.resources import NAMESPACES, PODS, SERVICES, STATEFULSETS
from vcli.syncer.sleep import AuditLog, Inactivity, SleepDueError, fall_asleep, is_use

Object = dict[str, Any]
InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]
CONTROLLERS = "kube-controller-manager/v1"
OF_POD = {"authentication.kubernetes.io/pod-name": ["web-1"]}


def event(name: str, *, agent: str = "kubectl/v1", extra: Object | None = None) -> Object:
    return {"user": {"username": name, "extra": extra or {}}, "userAgent": agent}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (event("kubernetes-admin"), True),
        (event("jane"), True),
        (event("system:serviceaccount:kube-system:ci"), True),
        (event("system:serviceaccount:apps:operator", extra=OF_POD), False),
        (event("system:serviceaccount:kube-system:job-controller", agent=CONTROLLERS), False),
        (event("system:node:node-1"), False),
        (event("system:apiserver"), False),
        (event("system:anonymous"), False),
    ],
)
def test_who_uses_it(found: Object, *, expected: bool):
    assert is_use(found) is expected


USE, NONE = (json.dumps(event(name)) + "\n" for name in ("jane", "system:apiserver"))


def test_the_log_is_followed_over_its_rotation(tmp_path: Path):
    path = tmp_path / "log"
    path.write_text(USE)
    audit = AuditLog(path)
    assert audit.was_used()
    assert not audit.was_used()
    with path.open("a") as file:
        file.write(NONE + USE[:20])
        file.flush()
        assert not audit.was_used()
        file.write(USE[20:])
        file.flush()
        assert audit.was_used()
        file.write(USE)
    path.rename(tmp_path / "log-1")
    path.write_text(NONE)
    assert audit.was_used(), "the last line of the file of before"
    assert not audit.was_used()
    path.write_text(NONE + "no JSON\n" + USE)
    assert audit.was_used()
    audit.close()


class Scripted(AuditLog):
    """A log with these answers, and then none."""

    def __init__(self, *answers: bool | OSError) -> None:
        self.answers = list(answers)

    def close(self) -> None:
        self.answers = []

    def was_used(self) -> bool:
        answer = self.answers.pop(0) if self.answers else False
        if isinstance(answer, OSError):
            raise answer
        return answer


@pytest.mark.parametrize(
    ("answers", "seconds"), [((), 40), ((False, True), 60), ((OSError("gone"), OSError("gone")), 60)]
)
def test_it_is_due_when_nobody_has_used_it_for_that_time(
    answers: tuple[bool | OSError, ...], seconds: float, in_fake_time: InFakeTime
):
    async def simulate() -> float:
        with pytest.raises(SleepDueError):
            await Inactivity(40, Scripted(*answers)).run()
        return asyncio.get_running_loop().time()

    began = in_fake_time(_now)
    assert in_fake_time(simulate) - began == pytest.approx(seconds)


async def _now() -> float:
    return asyncio.get_running_loop().time()


async def test_without_a_time_it_never_sleeps():
    await Inactivity(0, Scripted()).run()


def workload(*volumes: Object) -> Object:
    return {"spec": {"replicas": 1, "template": {"spec": {"volumes": list(volumes)}}}}


def host(*volumes: Object) -> ScriptedApi:
    api = ScriptedApi()
    pod = {"metadata": {"name": "web", "uid": "1"}, "status": {"phase": "Running"}}
    ended = {"metadata": {"name": "once", "uid": "2"}, "status": {"phase": "Succeeded"}}
    here = {"namespace": "team-a"}
    api.on("GET", STATEFULSETS.path(**here, name="demo"), ok(workload(*volumes)))
    api.on("PATCH", SERVICES.path(**here, name="demo"), ok({}))
    api.on("GET", PODS.path(**here), listed(pod, ended))
    api.on("DELETE", PODS.path(**here, name="web"), ok({}))
    api.on("PATCH", STATEFULSETS.path(**here, name="demo"), ok({}))
    return api


SETTINGS = TwoClusters(NAMESPACES).ctx.settings


async def test_the_pods_go_and_then_the_control_plane():
    api = host()
    async with api.client() as client:
        await fall_asleep(client, SETTINGS)
    assert [each.method for each in api.requests] == ["GET", "PATCH", "GET", "DELETE", "PATCH"]
    body = api.requests[-1].body
    assert body["spec"] == {"replicas": 0}
    marks = body["metadata"]["annotations"]
    assert (marks["loft.sh/paused"], marks["loft.sh/paused-replicas"]) == ("true", "1")
    paused = api.requests[1].body["metadata"]["annotations"]
    assert marks["vcli.dev/sleeping-since"] == paused["vcli.dev/paused-at"]


async def test_one_that_would_lose_its_data_stays_awake():
    api = host({"name": "data", "emptyDir": {}})
    async with api.client() as client:
        with pytest.raises(VcliError, match="would be lost"):
            await fall_asleep(client, SETTINGS)
    assert [each.method for each in api.requests] == ["GET"]
