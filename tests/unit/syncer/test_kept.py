"""What another client changes on the host is restored: what counts as changed, and how often."""

import asyncio
import copy
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest

from scripted_api import NAMESPACE, ScriptedApi, ok
from vcli.kube.resources import SERVICES
from vcli.syncer.engine.caches import Caches
from vcli.syncer.engine.controller import Controller
from vcli.syncer.engine.kept import RestoreLaterError
from vcli.syncer.engine.writer import stamped

Object = dict[str, Any]
InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]

PATH = f"{SERVICES.path(namespace=NAMESPACE)}/web"
OWNERS = [{"kind": "Service", "name": "demo", "uid": "o"}]
WANTED: Object = {
    "metadata": {
        "name": "web",
        "namespace": NAMESPACE,
        "labels": {"app": "web"},
        "annotations": {"vcli.dev/uid": "u", "note": "n"},
        "ownerReferences": OWNERS,
    },
    "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "nodePort": 30000}], "clusterIP": "10.0.0.1"},
}


def as_taken() -> Object:
    """As the server has it: with defaults, and an amount that it writes otherwise."""
    found = copy.deepcopy(stamped(WANTED))
    found["metadata"] |= {"uid": "h", "resourceVersion": "5"}
    found["spec"] |= {"sessionAffinity": "None", "selector": {"app": "web", "admitted": "yes"}}
    found["spec"]["ports"][0]["protocol"] = "TCP"
    return found


@pytest.fixture
def api() -> ScriptedApi:
    api = ScriptedApi()
    api.on("PATCH", PATH, ok(as_taken()))
    return api


@pytest.fixture
def caches(api: ScriptedApi) -> Caches:
    caches = Caches(api.client(), name="host")
    caches.watch(SERVICES, namespace=NAMESPACE)
    return caches


async def applied(caches: Caches, change: Callable[[Object], Any] | None) -> bool:
    """Whether a change of what was applied is reverted."""
    await caches.writer.apply(SERVICES, WANTED, current=None)
    current = as_taken()
    if change is not None:
        change(current)
    before = sum(caches.kept.restored.values())
    await caches.writer.apply(SERVICES, WANTED, current=current)
    return sum(caches.kept.restored.values()) > before


CHANGES = {
    "a label": lambda obj: obj["metadata"]["labels"].update(app="other"),
    "a label that is gone": lambda obj: obj["metadata"]["labels"].clear(),
    "an annotation": lambda obj: obj["metadata"]["annotations"].update(note="x"),
    "the selector": lambda obj: obj["spec"].update(selector={"app": "other"}),
    "a port": lambda obj: obj["spec"]["ports"][0].update(port=81),
    "one more port": lambda obj: obj["spec"]["ports"].append({"port": 82}),
    "all of the spec": lambda obj: obj.pop("spec"),
    "another type": lambda obj: obj.update(spec=["x"]),
}
THE_HOSTS = {
    "nothing": None,
    "the owners": lambda obj: obj["metadata"].pop("ownerReferences"),
    "a finalizer": lambda obj: obj["metadata"].update(finalizers=["x/y"]),
    "status": lambda obj: obj.update(status={"loadBalancer": {}}),
    "the address": lambda obj: obj["spec"].update(clusterIP="10.0.0.9", clusterIPs=["10.0.0.9"]),
    "a node port": lambda obj: obj["spec"]["ports"][0].update(nodePort=31000),
    "a field that we do not set": lambda obj: obj["spec"].update(sessionAffinity="ClientIP"),
    "more annotations": lambda obj: obj["metadata"]["annotations"].update(host="1"),
    "more labels": lambda obj: obj["metadata"]["labels"].update(host="1"),
}


@pytest.mark.parametrize("what", CHANGES)
async def test_what_was_written_is_restored(caches: Caches, what: str) -> None:
    assert await applied(caches, CHANGES[what])


@pytest.mark.parametrize("what", THE_HOSTS)
async def test_what_the_host_has_a_say_in_is_left(caches: Caches, what: str) -> None:
    assert not await applied(caches, THE_HOSTS[what])


async def test_owners_that_were_taken_off_stay_off(api: ScriptedApi, caches: Caches) -> None:
    def freed(obj: Object) -> None:
        obj["metadata"].pop("ownerReferences")
        obj["metadata"]["labels"].clear()

    assert await applied(caches, freed)
    assert [("ownerReferences" in each.body["metadata"]) for each in api.requests] == [True, False]


async def test_a_process_that_saw_no_answer_compares_with_what_is_desired(
    api: ScriptedApi, caches: Caches
) -> None:
    current = copy.deepcopy(stamped(WANTED))
    current["metadata"]["resourceVersion"] = "5"
    assert await caches.writer.apply(SERVICES, WANTED, current=current) is current
    current["metadata"]["resourceVersion"] = "6"
    current["spec"]["selector"] = {"app": "other"}
    await caches.writer.apply(SERVICES, WANTED, current=current)
    assert [each.method for each in api.requests] == ["PATCH"]


async def test_one_version_of_an_object_is_compared_once(
    caches: Caches, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[Any] = []
    assert not await applied(caches, None)
    monkeypatch.setattr("vcli.syncer.engine.kept._digest", lambda value: compared.append(value) or "x")
    await caches.writer.apply(SERVICES, WANTED, current=as_taken())
    assert compared == []
    newer = as_taken()
    newer["metadata"]["resourceVersion"] = "6"
    await caches.writer.apply(SERVICES, WANTED, current=newer)
    assert compared


async def test_what_we_delete_ourselves_comes_back_uncounted(api: ScriptedApi, caches: Caches) -> None:
    api.on("DELETE", PATH, ok({}))
    for _ in range(20):
        await caches.writer.apply(SERVICES, WANTED, current=None)
        await caches.writer.delete(SERVICES, as_taken())
    assert not caches.kept.restored
    assert not caches.kept.delayed


def test_who_deletes_it_again_and_again_is_not_fought(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[int, int, list[str]]:
        api = ScriptedApi()
        api.on("PATCH", PATH, ok(as_taken()))
        caches = Caches(api.client(), name="host")

        async def reconcile(_: str) -> None:
            await caches.writer.apply(SERVICES, WANTED, current=None)

        controller: Controller[str] = Controller("test", reconcile, workers=1)
        running = asyncio.create_task(controller.run())
        for _ in range(600):  # deleted ten times a second, for a minute
            controller.queue.add("web")
            await asyncio.sleep(0.1)
        running.cancel()
        samples = [name for name, *_ in caches.kept.samples()]
        return len(api.requests), controller.errors, samples

    count, errors, samples = in_fake_time(simulate)
    assert 1 + 5 < count <= 1 + 5 + 3
    assert errors == 0
    assert samples == ["vcli_syncer_restored_total", "vcli_syncer_restores_delayed_total"]


async def test_all_objects_together_are_restored_at_a_bounded_rate(caches: Caches) -> None:
    def service(number: int) -> Object:
        return {**WANTED, "metadata": {**WANTED["metadata"], "name": f"s{number}"}}

    def admit_all(numbers: Iterable[int]) -> None:
        for number in numbers:
            caches.kept.admit(SERVICES, service(number))

    admit_all(range(100))
    with pytest.raises(RestoreLaterError):
        admit_all(range(100, 1000))
    assert caches.kept.delayed["services"] == 1
