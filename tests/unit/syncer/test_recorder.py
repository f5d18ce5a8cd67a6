import datetime as dt
from typing import TYPE_CHECKING, Any, cast

import pytest

from scripted_api import ScriptedApi, ok, refused
from vcli.kube.errors import Forbidden
from vcli.kube.resources import PODS, STORAGECLASSES
from vcli.syncer.engine import recorder
from vcli.syncer.engine.recorder import Recorder

if TYPE_CHECKING:
    from vcli.kube.client import Client

POD = {"metadata": {"name": "web", "namespace": "default", "uid": "u-1"}}


class Written:
    """A client that keeps the events that it is given."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    async def apply(self, _resource: Any, event: dict[str, Any], **_: Any) -> None:
        self.events.append(event)


class Clock(dt.datetime):
    """The time of the recorder."""

    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

    @classmethod
    def now(cls, _tz: dt.tzinfo | None = None) -> "Clock":
        return cast("Clock", cls.moment)


@pytest.fixture
def written() -> Written:
    return Written()


async def say(to: Recorder, message: str, *, times: int = 1) -> None:
    for _ in range(times):
        await to.warn(PODS, POD, reason="SyncFailed", message=message)


async def test_the_same_again_raises_the_count_of_one_event_more_and_more_seldom(written: Written) -> None:
    await say(Recorder(cast("Client", written)), "no", times=100)
    assert [event["count"] for event in written.events] == [1, 2, 4, 8, 16, 32, 64]
    assert len({event["metadata"]["name"] for event in written.events}) == 1


async def test_another_refusal_is_another_event(written: Written) -> None:
    to = Recorder(cast("Client", written))
    await say(to, "exceeded quota")
    await say(to, "violates PodSecurity")
    assert [event["message"] for event in written.events] == ["exceeded quota", "violates PodSecurity"]
    assert len({event["metadata"]["name"] for event in written.events}) == 2


async def test_a_quota_that_is_used_by_others_is_one_event(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder.dt, "datetime", Clock)
    to = Recorder(cast("Client", written))
    for used in range(100):
        await say(to, f"exceeded quota: q, requested: pods=1, used: pods={used}, limited: pods=9")
    assert [event["count"] for event in written.events] == [1, 2, 4, 8, 16, 32, 64]
    monkeypatch.setattr(Clock, "moment", Clock.moment + dt.timedelta(minutes=1))
    await say(to, "exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=9", times=3)
    assert written.events[-1]["count"] == 101
    assert "used: pods=1," in written.events[-1]["message"]
    assert len(written.events) == 8
    assert len({event["metadata"]["name"] for event in written.events}) == 1


async def test_what_stays_true_is_told_once_for_each_object_and_reason() -> None:
    api = ScriptedApi()
    api.on("POST", "/api/v1/namespaces/default/events", ok({}, 201), refused(409, "AlreadyExists"))
    to = Recorder(api.client())
    for message in ("turn it on", "turn it on by another key"):
        await to.warn_once(PODS, POD, reason="NotSynced", message=message)
    first, second = (each.body for each in api.asked("POST"))
    assert first["metadata"]["name"] == second["metadata"]["name"]
    assert (first["reason"], first["message"], first["count"]) == ("NotSynced", "turn it on", 1)


async def test_of_a_cluster_scoped_object_it_is_told_in_default() -> None:
    api = ScriptedApi()
    api.on("POST", "/api/v1/namespaces/default/events", ok({}, 201))
    fast = {"metadata": {"name": "fast", "uid": "u-2"}}
    await Recorder(api.client()).warn_once(STORAGECLASSES, fast, reason="NotSynced", message="no")
    [event] = api.asked("POST")
    assert event.body["involvedObject"] == {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "name": "fast",
        "uid": "u-2",
    }


async def test_what_could_not_be_told_is_raised() -> None:
    api = ScriptedApi()
    api.on("POST", "/api/v1/namespaces/default/events", refused(403, "Forbidden"))
    with pytest.raises(Forbidden):
        await Recorder(api.client()).warn_once(PODS, POD, reason="NotSynced", message="no")
