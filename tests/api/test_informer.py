"""The informer against a real API server: cuts, silence, restarts, forgotten history."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from relay import Relay

from vcli.kube.client import Client
from vcli.kube.informer import Informer
from vcli.kube.resources import CONFIGMAPS
from vcli.kube.watch import Pace


def config_map(name, **data):
    return {"metadata": {"name": name, "labels": {"app": name}}, "data": data}


class Recorder:
    """What a handler hears: (name, old data, new data)."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, object, object]] = []
        self._changed = asyncio.Event()

    def __call__(self, old, new):
        name = (new or old)["metadata"]["name"]
        assert "managedFields" not in (new or old)["metadata"]
        self.heard.append((name, old and old.get("data"), new and new.get("data")))
        self._changed.set()

    async def until(self, condition):
        async with asyncio.timeout(20):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def running(client: Client, namespace: str, **more: object) -> AsyncIterator[tuple[Informer, Recorder]]:
    informer = Informer(client, CONFIGMAPS, namespace=namespace, **more)  # type: ignore[arg-type]
    recorder = Recorder()
    informer.subscribe(recorder)
    task = asyncio.create_task(informer.run())
    try:
        await asyncio.wait_for(informer.wait_synced(), 20)
        yield informer, recorder
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_follows_what_happens(client, namespace):
    await client.create(CONFIGMAPS, config_map("before", x="1"), namespace=namespace)
    indexers = {"app": lambda obj: [obj["metadata"]["labels"]["app"]]}
    async with running(client, namespace, indexers=indexers) as (informer, recorder):
        assert recorder.heard == [("before", None, {"x": "1"})]
        await client.patch(CONFIGMAPS, "before", {"data": {"x": "2"}}, namespace=namespace)
        await client.create(CONFIGMAPS, config_map("after"), namespace=namespace)
        await client.delete(CONFIGMAPS, "before", namespace=namespace)
        await recorder.until(lambda: len(recorder.heard) == 4)
        assert recorder.heard[1:] == [
            ("before", {"x": "1"}, {"x": "2"}),
            ("after", None, None),
            ("before", {"x": "2"}, None),
        ]
        after = informer.get(namespace, "after")
        assert after is not None
        assert (after["apiVersion"], after["kind"]) == ("v1", "ConfigMap")
        assert informer.items() == informer.by_index("app", "after") == [after]
        assert informer.get(namespace, "before") is None


async def test_handlers_are_called_once_for_our_own_writes(client, namespace):
    async with running(client, namespace) as (informer, recorder):
        for number in range(20):
            informer.store(
                await client.apply(CONFIGMAPS, config_map("a", n=str(number)), namespace=namespace)
            )
            cached = informer.get(namespace, "a")
            assert cached is not None
            assert cached["data"] == {"n": str(number)}
        await client.create(CONFIGMAPS, config_map("end"), namespace=namespace)
        await recorder.until(lambda: recorder.heard[-1][0] == "end")
        values = [new["n"] for _, _, new in recorder.heard[:-1] if isinstance(new, dict)]
        assert values == [str(number) for number in range(20)]


async def test_a_label_that_no_longer_matches_is_a_deletion(client, namespace):
    await client.create(CONFIGMAPS, config_map("a"), namespace=namespace)
    async with running(client, namespace, label_selector="app=a") as (informer, recorder):
        await client.patch(CONFIGMAPS, "a", {"metadata": {"labels": {"app": "b"}}}, namespace=namespace)
        await recorder.until(lambda: len(recorder.heard) == 2)
        assert informer.items() == []


async def test_a_cut_loses_nothing(client, namespace, access, api_server):
    async with Relay(api_server.port) as relay:
        through = dataclasses.replace(access, server=f"https://127.0.0.1:{relay.port}")
        async with Client(through) as far, running(far, namespace) as (_, recorder):
            for number in range(5):
                await relay.cut()
                await client.create(CONFIGMAPS, config_map(f"c{number}"), namespace=namespace)
            await recorder.until(lambda: len(recorder.heard) >= 5)
            assert [name for name, _, _ in recorder.heard] == [f"c{n}" for n in range(5)]


async def test_silence_is_noticed(client, namespace, access, api_server):
    """The connection stays open and nothing comes: a laptop that slept, a firewall that forgot."""
    pace = Pace(silence=1.0, first_backoff=0.05)
    async with Relay(api_server.port) as relay:
        through = dataclasses.replace(access, server=f"https://127.0.0.1:{relay.port}")
        async with Client(through, timeout=2) as far, running(far, namespace, pace=pace) as (_, recorder):
            relay.freeze()
            await client.create(CONFIGMAPS, config_map("a"), namespace=namespace)
            await asyncio.sleep(1.5)
            assert recorder.heard == []
            relay.thaw()
            await recorder.until(lambda: recorder.heard == [("a", None, None)])


async def test_a_restart_with_forgotten_history_is_a_relist_with_events_for_the_differences(  # noqa: PLR0917
    client, namespace, access, api_server, etcd, caplog
):
    """The watch's resourceVersion is gone (410); meanwhile one object was deleted, one changed, one made."""
    caplog.set_level("INFO")
    for name in ("same", "gone", "changed"):
        await client.create(CONFIGMAPS, config_map(name, x="1"), namespace=namespace)
    async with Relay(api_server.port) as relay:
        through = dataclasses.replace(access, server=f"https://127.0.0.1:{relay.port}")
        async with Client(through) as far, running(far, namespace) as (informer, recorder):
            relay.freeze()
            await client.delete(CONFIGMAPS, "gone", namespace=namespace)
            await client.patch(CONFIGMAPS, "changed", {"data": {"x": "2"}}, namespace=namespace)
            await client.create(CONFIGMAPS, config_map("new", x="1"), namespace=namespace)
            recorder.heard.clear()
            await asyncio.to_thread(api_server.stop)
            await relay.cut()
            etcd.compact()
            relay.thaw()
            await asyncio.to_thread(api_server.start)
            await recorder.until(lambda: len(recorder.heard) >= 3)
            assert sorted(recorder.heard, key=str) == [
                ("changed", {"x": "1"}, {"x": "2"}),
                ("gone", {"x": "1"}, None),
                ("new", None, {"x": "1"}),
            ]
            assert "watch expired" in caplog.text
            assert {item["metadata"]["name"] for item in informer.items()} == {"same", "changed", "new"}
            # And it goes on from there.
            await client.create(CONFIGMAPS, config_map("later"), namespace=namespace)
            await recorder.until(lambda: recorder.heard[-1][0] == "later")
