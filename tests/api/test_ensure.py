"""The pod makes its keys and facts on a real API server, with the syncer's rights and no more.

The kubelet's part, to show Secrets and ConfigMaps as files when an annotation of the pod changes, is
played here.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from apiserver import ApiServer
from controlplane import grant_rights

from vcli.bootstrap import layout
from vcli.bootstrap.ensure import NUDGE, Mounted, ensure, lacking
from vcli.bootstrap.facts import KEYS
from vcli.bootstrap.issue import NAMES, PUBLIC
from vcli.bootstrap.openssl import OpenSsl
from vcli.bootstrap.pki import Files
from vcli.config import load
from vcli.controlplane import render
from vcli.controlplane.names import Names
from vcli.errors import TimedOutError, VcliError
from vcli.kube.client import Client
from vcli.kube.errors import NotFound
from vcli.kube.resources import CONFIGMAPS, PODS, SECRETS, SERVICES, Resource

Object = dict[str, Any]


class Place:
    """A namespace with a control plane's pod, its kubelet, and the syncer's access."""

    def __init__(self, client: Client, namespace: str, server: ApiServer, folder: Path) -> None:
        self.client = client
        self.namespace = namespace
        self.names = Names("demo", namespace)
        self.spec = render.spec(self.names, load([], ["controlPlane.proxy.extraSANs={a.example}"]))
        self.keys, self.facts = folder / "pki", folder / "facts"
        self.mounted = Mounted(self.keys, self.facts)
        self._access = server.access_as("syncer")
        self.nudges = 0

    async def ensure(self, *, within: float = 30.0, **changes: Any) -> None:
        spec = replace(self.spec, **changes)
        kubelet = asyncio.create_task(self._kubelet())
        try:
            await ensure(spec, self.mounted, lambda: Client(self._access), within=within)
        finally:
            kubelet.cancel()
            with suppress(asyncio.CancelledError):
                await kubelet

    async def service(self) -> Object:
        body: Object = {"metadata": {"name": "demo"}, "spec": {"ports": [{"port": 443}]}}
        return await self.client.create(SERVICES, body, namespace=self.namespace)

    async def find(self, resource: Resource, name: str) -> Object | None:
        try:
            return await self.client.get(resource, name, namespace=self.namespace)
        except NotFound:
            return None

    async def data(self) -> dict[str, str]:
        """All that is kept, each key once."""
        kept = [await self.find(SECRETS, name) for name in ("demo-certs", "vc-demo")]
        kept.append(await self.find(CONFIGMAPS, "vc-facts-demo"))
        return {key: value for each in kept if each for key, value in each["data"].items()}

    async def files(self) -> Files:
        kept = [(await self.find(SECRETS, name) or {}).get("data", {}) for name in ("demo-certs", "vc-demo")]
        return layout.files_of(*kept)

    async def show(self) -> None:
        """Mount what there is."""
        files = await self.files()
        shown = {self.keys / name: files[name] for name in PUBLIC if name in files}
        facts = (await self.find(CONFIGMAPS, "vc-facts-demo") or {}).get("data", {})
        shown |= {self.facts / key: facts[key].encode() for key in KEYS if key in facts}
        for folder in (self.keys, self.facts):
            folder.mkdir(exist_ok=True)
            for path in folder.iterdir():
                path.unlink()
        for path, content in shown.items():
            path.write_bytes(content)

    async def _kubelet(self) -> None:
        seen = ""
        while True:
            pod = await self.client.get(PODS, "demo-0", namespace=self.namespace)
            now = (pod["metadata"].get("annotations") or {}).get(NUDGE, "")
            if now != seen:
                seen = now
                self.nudges += 1
                await self.show()
            await asyncio.sleep(0.05)


@pytest.fixture
async def place(
    client: Client, namespace: str, api_server: ApiServer, tmp_path: Path
) -> AsyncIterator[Place]:
    await grant_rights(client, namespace, user="syncer", optional=False)
    pod: Object = {
        "metadata": {"name": "demo-0"},
        "spec": {"containers": [{"name": "main", "image": "none"}]},
    }
    await client.create(PODS, pod, namespace=namespace)
    made = Place(client, namespace, api_server, tmp_path)
    await made.show()
    yield made
    await client.delete(PODS, "demo-0", namespace=namespace, grace=0)


async def test_everything_is_made_once(place: Place):
    service = await place.service()
    await place.ensure()
    assert lacking(place.spec, place.mounted) == []
    assert set(await place.files()) == NAMES
    facts = place.mounted.facts()
    assert facts is not None
    assert facts.service_uid == service["metadata"]["uid"]
    assert facts.service_ips == (service["spec"]["clusterIP"],)
    assert facts.service_cidrs == ("10.96.0.0/16",)
    for resource, name in ((SECRETS, "demo-certs"), (SECRETS, "vc-demo"), (CONFIGMAPS, "vc-facts-demo")):
        metadata = (await place.find(resource, name) or {})["metadata"]
        assert metadata["labels"] == place.names.labels
        assert [owner["uid"] for owner in metadata["ownerReferences"]] == [service["metadata"]["uid"]]
    before, nudges = await place.data(), place.nudges
    await place.ensure()
    assert (await place.data(), place.nudges) == (before, nudges)


async def test_the_facts_come_last(place: Place):
    """What kube-apiserver starts with is there only after the keys are mounted."""
    await place.service()
    at_once: list[bool] = []

    async def watch() -> None:
        while not await place.find(CONFIGMAPS, "vc-facts-demo"):  # noqa: ASYNC110  an API gives no signal
            await asyncio.sleep(0.01)
        at_once.append(bool(place.mounted.certificates().keys() >= PUBLIC))

    watching = asyncio.create_task(watch())
    await place.ensure()
    await watching
    assert at_once == [True]


async def lose(place: Place, resource: Resource, name: str, keys: set[str]) -> None:
    found = await place.find(resource, name) or {}
    if keys == set(found["data"]):
        await place.client.delete(resource, name, namespace=place.namespace)
    else:
        body = {"data": dict.fromkeys(keys)}
        await place.client.patch(resource, name, body, namespace=place.namespace)
    await place.show()


LEAF = {"syncer.crt", "syncer.key"}
USER = {"client-certificate", "client-key"}


@pytest.mark.parametrize(
    ("resource", "name", "lost", "new"),
    [
        (CONFIGMAPS, "vc-facts-demo", set(KEYS), set()),
        (CONFIGMAPS, "vc-facts-demo", {"NODE_PORTS"}, set()),
        (SECRETS, "demo-certs", LEAF, LEAF),
        (SECRETS, "demo-certs", {"apiserver.crt"}, {"apiserver.crt", "apiserver.key"}),
        (SECRETS, "demo-certs", {"sa.pub", "sa.key"}, {"sa.pub", "sa.key"}),
        (SECRETS, "vc-demo", {*USER, "config", "certificate-authority"}, {*USER, "config", "value"}),
    ],
)
async def test_only_what_is_lost_is_made_again(
    place: Place, resource: Resource, name: str, lost: set[str], new: set[str]
):
    await place.service()
    await place.ensure()
    before = await place.data()
    await lose(place, resource, name, lost)
    await place.ensure()
    after = await place.data()
    assert after.keys() == before.keys()
    assert {key for key in after if after[key] != before[key]} == new


async def test_a_name_that_is_new_renews_one_leaf(place: Place):
    await place.service()
    await place.ensure()
    before = await place.data()
    await place.ensure(extra_sans=("a.example", "b.example"))
    after = await place.data()
    assert {key for key in after if after[key] != before[key]} == {"apiserver.crt", "apiserver.key"}


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"ca.key": None, "syncer.crt": None}, "ca.key"),
        ({"front-proxy-ca.crt": None}, "front-proxy-ca.crt"),
        ({"ca.crt": base64.b64encode(b"rubbish").decode()}, "ca.crt"),
    ],
)
async def test_half_a_ca_is_never_replaced(place: Place, change: Object, broken: str):
    await place.service()
    await place.ensure()
    await place.client.patch(SECRETS, "demo-certs", {"data": change}, namespace=place.namespace)
    await place.show()
    before = await place.data()
    with pytest.raises(VcliError, match=f"Secret demo-certs has no good {broken}") as raised:
        await place.ensure()
    assert "demo-0" in str(raised.value.hint)
    assert await place.data() == before


async def test_two_at_once_end_with_the_same_keys(place: Place, api_server: ApiServer):
    await place.service()
    kubelet = asyncio.create_task(place._kubelet())
    access = api_server.access_as("syncer")
    await asyncio.gather(*(ensure(place.spec, place.mounted, lambda: Client(access)) for _ in range(3)))
    kubelet.cancel()
    assert lacking(place.spec, place.mounted) == []


async def test_what_never_comes_is_named(place: Place):
    with pytest.raises(TimedOutError, match='services "demo" not found'):
        await place.ensure(within=2.0)


async def test_the_service_may_come_later(place: Place):
    async def later() -> None:
        await asyncio.sleep(1.5)
        await place.service()

    coming = asyncio.create_task(later())
    await place.ensure()
    await coming
    assert lacking(place.spec, place.mounted) == []


async def test_keys_of_a_cluster_that_create_made_are_left_alone(place: Place):
    """Made by the library, read by the program."""
    from vcli.operations.facts import make_keys  # noqa: PLC0415

    service = await place.service()
    keys = await make_keys(
        place.client, place.names, load([], ["controlPlane.proxy.extraSANs={a.example}"]), service
    )
    for obj in keys.objects:
        await place.client.apply(Resource.of(obj), obj)
    await place.show()
    asked: list[str] = []
    await ensure(place.spec, place.mounted, _never(asked), signer=OpenSsl())
    assert asked == []


def _never(asked: list[str]) -> Callable[[], Client]:
    def open_client() -> Client:
        asked.append("asked")
        raise AssertionError

    return open_client
