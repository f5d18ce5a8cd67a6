"""Two syncers of one virtual cluster: one leads, and what becomes of pods when that changes."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from apiserver import free_port
from testbed import Lab, own_address, pod, readiness

from vcli.kube.resources import LEASES, PODS
from vcli.syncer.engine.election import LeadershipLostError
from vcli.syncer.main import run

Object = dict[str, Any]

LEASE = "vc-syncer-demo"
ELECTION = {"leaseDuration": 6, "renewDeadline": 4, "retryPeriod": 0.5}


@pytest.fixture
def sets() -> Sequence[str]:
    return ("controlPlane.statefulSet.highAvailability.replicas=3",)


class Pair:
    """Syncers by their names."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._labs: dict[str, Lab] = {}

    async def start(self, name: str) -> None:
        """Start one, and wait until it is ready: to lead, or to take over."""
        lab = self.lab
        settings = dataclasses.replace(lab.settings, election=ELECTION, health_port=free_port())
        self._labs[name] = Lab(
            lab.host, lab.virtual, settings=settings, as_syncer=lab.as_syncer, space=lab.space
        )
        self.tasks[name] = asyncio.create_task(
            run(
                settings,
                host=lab.as_syncer,
                virtual=lab.virtual.access,
                address=own_address(),
                identity=name,
            )
        )
        await lab.eventually(lambda: self._is_ready(name))

    async def stop(self, name: str) -> None:
        """End it as SIGTERM does."""
        task = self.tasks.pop(name)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def _is_ready(self, name: str) -> bool:
        if self.tasks[name].done():
            self.tasks[name].result()
        with contextlib.suppress(OSError):
            return (await readiness(self._labs[name])).startswith("ok")
        return False

    async def leader(self) -> str:
        found = await self.lab.host.get(LEASES, LEASE, namespace=self.lab.namespace)
        return str(found["spec"]["holderIdentity"])

    async def leads(self, name: str) -> None:
        async def check() -> bool:
            return await self.leader() == name

        await self.lab.eventually(check)


@pytest.fixture
async def pair(idle_lab: Lab) -> AsyncIterator[Pair]:
    found = Pair(idle_lab)
    yield found
    for name in list(found.tasks):
        if found.tasks[name].done():
            found.tasks.pop(name).exception()
        else:
            await found.stop(name)


async def test_one_leads_and_another_goes_on_where_it_ends(pair: Pair) -> None:
    lab = pair.lab
    await pair.start("one")
    await pair.start("two")
    assert await pair.leader() == "one"
    await lab.create(PODS, pod("first"))
    before = await lab.runs("first")
    await pair.stop("one")
    await pair.leads("two")
    await lab.create(PODS, pod("second"))
    await lab.runs("second")
    after = await lab.appears(PODS, "first")
    virtual = await lab.virtual_object(PODS, "first")
    assert virtual is not None
    assert (virtual["metadata"]["uid"], virtual["status"]["phase"]) == (before["metadata"]["uid"], "Running")
    assert "deletionTimestamp" not in after["metadata"]


async def test_who_loses_the_lease_writes_no_more(pair: Pair) -> None:
    lab = pair.lab
    await pair.start("one")
    lease = await lab.host.get(LEASES, LEASE, namespace=lab.namespace)
    assert lease["metadata"]["ownerReferences"][0]["uid"] == lab.settings.service_uid
    await lab.host.patch(LEASES, LEASE, {"spec": {"holderIdentity": "else"}}, namespace=lab.namespace)
    with pytest.raises(ExceptionGroup) as lost:
        await asyncio.wait_for(pair.tasks["one"], 60)
    assert lost.group_contains(LeadershipLostError)
    await lab.create(PODS, pod("web"))
    await lab.quiet()
    assert await lab.host_object(PODS, "web") is None
    # Nobody renews it: the next one takes over, but not before it has expired.
    await pair.start("two")
    await pair.leads("two")
    await lab.appears(PODS, "web")
