"""A watch, and a cache, of an API that somebody has forged: it costs that object or that watch, no more."""

import asyncio
import json
from typing import Any

import pytest
from forged import JSON, MEGABYTE, fuzz, mutations
from hypothesis import given
from hypothesis import strategies as st

from scripted_api import NAMESPACE, ScriptedApi, listed, ok, thing
from vcli.kube.informer import Informer
from vcli.kube.resources import PODS
from vcli.kube.watch import Pace
from vcli.kube.wellformed import LONGEST_LINE
from vcli.syncer.engine.memory import intern
from vcli.syncer.kinds.indexes import by_namespace, by_node, by_reference

PATH = PODS.path(namespace=NAMESPACE)
QUICK = Pace(first_backoff=0.001, longest_backoff=0.001, longest_refused=0.001)
POD = thing(
    "forged", version=5, spec={"nodeName": "n", "containers": [{"name": "c", "envFrom": []}]}, status={}
)
GOOD = thing("good", version=9, spec={"containers": []})
EVENT = {"type": "ADDED", "object": POD}

lines = st.one_of(
    st.binary(max_size=40),
    JSON.map(lambda value: json.dumps(value).encode()),
    mutations(EVENT).map(lambda value: json.dumps(value).encode()),
    mutations(EVENT, below=("object",)).map(lambda value: json.dumps(value).encode()),
)


async def survives(api: ScriptedApi) -> Informer:
    """Run a cache on what the API sends, until it has the good object; gives it."""
    informer = Informer(
        api.client(),
        PODS,
        namespace=NAMESPACE,
        indexers={"node": by_node, "namespace": by_namespace, "reference": by_reference},
        transform=intern,
        pace=QUICK,
    )
    arrived = asyncio.Event()

    def changed(_: Any, new: Any) -> None:
        if new is not None and new["metadata"]["name"] == "good":
            arrived.set()

    informer.subscribe(changed)
    running = asyncio.create_task(informer.run())
    waiting = asyncio.create_task(arrived.wait())
    await asyncio.wait({running, waiting}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    assert not running.done(), running.exception()
    assert arrived.is_set(), "what is right does not arrive any more"
    running.cancel()
    return informer


def send(api: ScriptedApi, line: bytes) -> None:
    api._events.setdefault(PATH, asyncio.Queue()).put_nowait(line.replace(b"\n", b" ") + b"\n")


@fuzz
@given(st.lists(lines, max_size=8))
def test_no_event_ends_more_than_its_watch(forged: list[bytes]) -> None:
    async def run() -> None:
        api = ScriptedApi()
        api.on("GET", PATH, listed(version=1), listed(GOOD, version=10))
        for line in forged:
            send(api, line)
        api.send_event(PATH, "ADDED", GOOD)
        await survives(api)

    asyncio.run(run())


@fuzz
@given(st.lists(st.one_of(JSON, mutations(POD)), max_size=4))
def test_no_object_of_a_list_costs_another(forged: list[Any]) -> None:
    async def run() -> None:
        api = ScriptedApi()
        api.on("GET", PATH, listed(*forged, GOOD, version=10))
        informer = await survives(api)
        assert informer.by_index("namespace", NAMESPACE)

    asyncio.run(run())


@fuzz
@given(mutations({"kind": "List", "metadata": {"resourceVersion": "1"}, "items": [POD]}))
def test_a_list_that_is_none_is_asked_for_again(forged: Any) -> None:
    async def run() -> None:
        api = ScriptedApi()
        if isinstance(forged, dict) and isinstance(forged.get("metadata"), dict):
            forged["metadata"].pop("continue", None)
        api.on("GET", PATH, ok(forged), listed(GOOD, version=10))
        api.send_event(PATH, "ADDED", GOOD)  # where it is one after all, a watch follows
        await survives(api)

    asyncio.run(run())


@pytest.mark.parametrize(
    "line",
    [
        json.dumps({"type": "ADDED", "object": thing(MEGABYTE, version=6)}).encode(),
        json.dumps({"type": "ADDED", "object": {"metadata": {"name": "a", "namespace": "b"}}}).encode(),
        json.dumps({"type": "ERROR", "object": {"code": "many", "details": 7}}).encode(),
        json.dumps({"type": "ERROR", "object": []}).encode(),
        json.dumps({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "x"}}}).encode(),
        b"[" * 100_000,
        b'{"type": "ADDED", "object": {"metadata": {"name": "a", "resourceVersion": "6"}, "spec": '
        + b'{"a":' * 900
        + b"1"
        + b"}" * 900
        + b"}}",
        b"x" * (LONGEST_LINE + 1),
    ],
    ids=["long name", "no version", "odd error", "no error", "odd bookmark", "deep", "deeper", "endless"],
)
async def test_these_do_not_either(line: bytes) -> None:
    api = ScriptedApi()
    api.on("GET", PATH, listed(version=1), listed(GOOD, version=10))
    send(api, line)
    api.send_event(PATH, "ADDED", GOOD)
    informer = await survives(api)
    assert len(informer.items()) <= 2
