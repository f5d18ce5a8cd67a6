"""A host that rejects: its API server is asked again, but hardly; and at once where there is room."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from testbed import Lab, pod

from vcli.kube.errors import NotFound
from vcli.kube.resources import NAMESPACES, PODS, RESOURCEQUOTAS, SECRETS, SERVICEACCOUNTS

MANY = 12
_SECONDS = 6
TOKEN = [{"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}]


def refused(name: str):
    """A pod that gets a token: only few of these are sent to the host at once."""
    return pod(name, volumes=TOKEN, serviceAccountName="default")


@asynccontextmanager
async def quota(lab: Lab, **hard: str) -> AsyncIterator[None]:
    """A quota of the host, all used up. No controller is there to count."""
    body = {"metadata": {"name": "full"}, "spec": {"hard": hard}}
    await lab.host.create(RESOURCEQUOTAS, body, namespace=lab.namespace)
    await room(lab, **hard)
    try:
        yield
    finally:
        with contextlib.suppress(NotFound):
            await lab.host.delete(RESOURCEQUOTAS, "full", namespace=lab.namespace)


async def room(lab: Lab, *, used: dict[str, str] | None = None, **hard: str) -> None:
    """Have the quota of the host allow more."""
    await lab.host.patch(RESOURCEQUOTAS, "full", {"spec": {"hard": hard}}, namespace=lab.namespace)
    status = {"status": {"hard": hard, "used": used or dict.fromkeys(hard, "0")}}
    await lab.host.patch(RESOURCEQUOTAS, "full", status, namespace=lab.namespace, subresource="status")


async def requests(lab: Lab, what: str) -> int:
    """How many the syncer counts of those with these labels."""
    reader, writer = await asyncio.open_connection("127.0.0.1", lab.settings.health_port)
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    text = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    found = re.search(rf"^vcli_syncer_requests_total{{{re.escape(what)}}} ([0-9]+)$", text, re.MULTILINE)
    return int(found[1]) if found else 0


def refusals(lab: Lab):
    return requests(lab, 'api="host",method="POST",resource="pods",code="403"')


async def all_refused(lab: Lab, names: list[str]) -> None:
    async def each_has_been_tried() -> bool:
        found = [await lab.events(name) for name in names]
        return all(found)

    await lab.eventually(each_has_been_tried)


async def on_host(lab: Lab) -> int:
    return len((await lab.host.list(PODS, namespace=lab.namespace))["items"])


async def test_pods_that_a_quota_rejects_are_tried_more_and_more_seldom(lab: Lab) -> None:
    await lab.virtual.create(SERVICEACCOUNTS, {"metadata": {"name": "default"}}, namespace=lab.space)
    names = [f"web-{number}" for number in range(MANY)]
    async with quota(lab, pods="0"):
        for name in names:
            await lab.create(PODS, refused(name))
        await all_refused(lab, names)
        await asyncio.sleep(_SECONDS)
        before = await refusals(lab)
        await asyncio.sleep(_SECONDS)
        assert await refusals(lab) - before <= 2 * MANY
        assert (
            await requests(lab, 'api="virtual",method="POST",resource="serviceaccounts/token",code="201"')
            == 0
        )
        [event] = await lab.events("web-0")
        assert "exceeded quota" in event["message"]

        # Two of them find room, at the latest when the next one is due.
        await room(lab, pods="2")

        async def two() -> bool:
            return await on_host(lab) == 2

        await lab.eventually(two)

        # One of those goes, and leaves its room: that is noticed at once.
        there = (await lab.host.list(PODS, namespace=lab.namespace))["items"]
        gone = there[0]["metadata"]["annotations"]["vcli.dev/name"]
        await room(lab, pods="2", used={"pods": "1"})
        before = await refusals(lab)
        await lab.virtual.delete(PODS, gone, namespace=lab.space, grace=0)
        async with asyncio.timeout(5):
            while await on_host(lab) != 2 or await lab.host_object(PODS, gone) is not None:  # noqa: ASYNC110 - a server
                await asyncio.sleep(0.05)
        # One of the ten that wait is tried for the room, and some whose own time comes just then; not all.
        assert await refusals(lab) - before <= MANY // 2


async def test_what_happens_around_rejected_pods_makes_few_tries(lab: Lab) -> None:
    names = [f"web-{number}" for number in range(MANY)]
    async with quota(lab, pods="0"):
        for name in names:
            await lab.create(PODS, refused(name))
        await all_refused(lab, names)
        await asyncio.sleep(2)
        before = await refusals(lab)
        for number in range(40):
            labels = {"metadata": {"labels": {"flap": str(number)}}}
            await lab.virtual.patch(NAMESPACES, lab.space, labels)
            await asyncio.sleep(0.1)
        # Of the 480 that were woken: a burst of 100, ten a second, and those whose time had come.
        assert await refusals(lab) - before < 100 + 10 * 10 + 3 * MANY


async def test_a_token_that_the_host_does_not_take_is_kept(lab: Lab) -> None:
    await lab.virtual.create(SERVICEACCOUNTS, {"metadata": {"name": "default"}}, namespace=lab.space)
    await lab.create(PODS, refused("web"))
    await lab.appears(PODS, "web")
    async with quota(lab, secrets="0"):
        await lab.schedule("web")

        async def said() -> bool:
            return any("exceeded quota" in event["message"] for event in await lab.events("web"))

        await lab.eventually(said)
        await asyncio.sleep(3)
        assert await requests(lab, 'api="host",method="POST",resource="secrets",code="403"') >= 3
        assert (
            await requests(lab, 'api="virtual",method="POST",resource="serviceaccounts/token",code="201"')
            == 1
        )

    async def taken() -> bool:
        found = await lab.host.list(SECRETS, namespace=lab.namespace)
        return len(found["items"]) == 1

    await lab.eventually(taken)
    assert await requests(lab, 'api="virtual",method="POST",resource="serviceaccounts/token",code="201"') == 1
