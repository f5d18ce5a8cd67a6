"""Which syncer leads, and that it stops before another one does: on a clock of the test's own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from scripted_api import NAMESPACE, ScriptedApi, ok, refused
from vcli.kube.errors import Unreachable
from vcli.kube.resources import CONFIGMAPS
from vcli.syncer.engine.election import SET_UP, Election, LeadershipLostError, Timing

InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]
Object = dict[str, Any]

LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases"
LEASE = f"{LEASES}/vc-syncer-demo"
NONE = refused(404, "NotFound")
CONFLICT = refused(409, "Conflict")


def lease(holder: str, *, renewed: str = "2020-01-01T00:00:00Z", duration: int = 15) -> Any:
    spec = {"holderIdentity": holder, "renewTime": renewed, "leaseDurationSeconds": duration}
    return ok({"metadata": {"name": "vc-syncer-demo", "resourceVersion": "7"}, "spec": spec})


async def healthy() -> bool:
    return True


def election(api: ScriptedApi, is_healthy: Callable[[], Awaitable[bool]] = healthy) -> Election:
    return Election(
        api.client(),
        {"name": "vc-syncer-demo", "namespace": NAMESPACE},
        identity="me",
        timing=Timing(duration=15, renew_deadline=10, retry=2),
        is_healthy=is_healthy,
    )


def now() -> float:
    return asyncio.get_running_loop().time()


async def elected_at(election: Election) -> float:
    """When it leads; what it raises before is raised."""
    running = asyncio.ensure_future(election.run())
    leads = asyncio.ensure_future(election.elected())
    await asyncio.wait([running, leads], return_when=asyncio.FIRST_COMPLETED, timeout=600)
    at = now() if leads.done() else float("inf")
    running.cancel()
    leads.cancel()
    await asyncio.gather(running, leads, return_exceptions=True)
    return at


async def lost_at(election: Election) -> float:
    with pytest.raises(LeadershipLostError):
        await election.run()
    return now()


def test_a_lease_that_is_not_there_is_made(in_fake_time: InFakeTime) -> None:
    api = ScriptedApi()
    api.on("GET", LEASE, NONE)
    api.on("POST", LEASES, lease("me"))
    assert in_fake_time(lambda: elected_at(election(api))) == 0
    (made,) = api.asked("POST")
    assert made.body["spec"]["holderIdentity"] == "me"
    assert (made.body["spec"]["leaseDurationSeconds"], made.body["spec"]["leaseTransitions"]) == (15, 0)


@pytest.mark.parametrize("renewed", ["1999-01-01T00:00:00Z", "2999-01-01T00:00:00Z"])
def test_anothers_lease_is_taken_when_it_stays_as_it_is_whatever_its_clock_says(
    in_fake_time: InFakeTime, renewed: str
) -> None:
    api = ScriptedApi()
    api.on("GET", LEASE, lease("other", renewed=renewed))
    api.on("PUT", LEASE, lease("me"))
    # It looks at 14 and at 16; 15 seconds is what the Lease says.
    assert in_fake_time(lambda: elected_at(election(api))) == 16
    (taken,) = api.asked("PUT")
    assert taken.body["metadata"]["resourceVersion"] == "7"


def test_a_lease_that_is_renewed_stays_with_its_holder(in_fake_time: InFakeTime) -> None:
    api = ScriptedApi()
    api.on("GET", LEASE, *(lease("other", renewed=str(number)) for number in range(400)))
    assert in_fake_time(lambda: elected_at(election(api))) == float("inf")
    assert api.asked("PUT") == []


def test_one_that_is_given_up_is_taken_at_once_and_of_two_one_gets_it(in_fake_time: InFakeTime) -> None:
    api = ScriptedApi()
    api.on("GET", LEASE, lease(""), lease("other"))
    api.on("PUT", LEASE, CONFLICT, lease("me"))
    assert in_fake_time(lambda: elected_at(election(api))) == 18


@pytest.mark.parametrize("failure", [Unreachable("no route"), refused(500, "InternalError"), CONFLICT])
def test_who_can_not_renew_stops_before_others_take_over(in_fake_time: InFakeTime, failure: Any) -> None:
    api = ScriptedApi()
    api.on("GET", LEASE, NONE, *[lease("me")] * 3, lease("me"))
    api.on("POST", LEASES, lease("me"))
    api.on("PUT", LEASE, lease("me"), lease("me"), failure)
    # The last renewal was asked for at 4, and is good until 14; others wait until 19 at least.
    assert in_fake_time(lambda: lost_at(election(api))) == 14


def test_a_request_that_hangs_is_no_renewal(in_fake_time: InFakeTime) -> None:
    asked = 0

    async def hangs() -> bool:
        nonlocal asked
        asked += 1
        if asked > 1:
            await asyncio.sleep(3600)
        return True

    api = ScriptedApi()
    api.on("GET", LEASE, NONE, lease("me"))
    api.on("POST", LEASES, lease("me"))
    assert in_fake_time(lambda: lost_at(election(api, hangs))) == 10


def test_who_sees_another_one_lead_stops_at_once(in_fake_time: InFakeTime) -> None:
    api = ScriptedApi()
    api.on("GET", LEASE, NONE, lease("other"))
    api.on("POST", LEASES, lease("me"))
    assert in_fake_time(lambda: lost_at(election(api))) == 2


def test_one_whose_own_api_server_does_not_answer_leaves_the_lead_to_others(in_fake_time: InFakeTime) -> None:
    async def ill() -> bool:
        return False

    api = ScriptedApi()
    api.on("GET", LEASE, NONE)
    assert in_fake_time(lambda: elected_at(election(api, ill))) == float("inf")
    assert api.asked("POST") == []


def test_nothing_is_written_after_the_lease_has_ended_even_if_nobody_noticed(
    in_fake_time: InFakeTime,
) -> None:
    async def simulate() -> list[str]:
        api, cluster = ScriptedApi(), ScriptedApi()
        maps = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
        cluster.on("POST", maps, ok({}))
        cluster.on("GET", f"{maps}/a", ok({}))
        api.on("GET", LEASE, NONE)
        api.on("POST", LEASES, lease("me"))
        leads, client = election(api), cluster.client()
        client.before_write = leads.check
        await client.create(CONFIGMAPS, {"metadata": {"name": "before"}})
        assert await elected_at(leads) == 0  # nothing runs any more that could notice
        await asyncio.sleep(9.9)
        await client.create(CONFIGMAPS, {"metadata": {"name": "in time"}})
        await asyncio.sleep(0.1)
        with pytest.raises(LeadershipLostError):
            await client.create(CONFIGMAPS, {"metadata": {"name": "too late"}})
        await client.get(CONFIGMAPS, "a")
        return [each.body["metadata"]["name"] for each in cluster.asked("POST")]

    assert in_fake_time(simulate) == ["before", "in time"]


def test_whoever_ends_gives_up_what_is_its_own(in_fake_time: InFakeTime) -> None:
    async def simulate(holder: str) -> list[Any]:
        api = ScriptedApi()
        api.on("GET", LEASE, NONE, lease(holder))
        api.on("POST", LEASES, lease("me"))
        api.on("PUT", LEASE, lease(""))
        leads = election(api)
        await elected_at(leads)
        await leads.release()
        return [each.body["spec"]["holderIdentity"] for each in api.asked("PUT")]

    assert in_fake_time(lambda: simulate("me")) == [""]
    assert in_fake_time(lambda: simulate("other")) == []


def test_that_the_cluster_is_set_up_is_said_in_the_lease_and_read_there(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[bool, list[Any]]:
        api = ScriptedApi()
        api.on("GET", LEASE, lease("me"))
        api.on("PUT", LEASE, lease("me"))
        leads = election(api)
        running = asyncio.ensure_future(leads.run())
        await leads.elected()
        leads.announce_set_up()
        await asyncio.sleep(5)
        running.cancel()
        said = [each.body["metadata"] for each in api.asked("PUT")]

        other = ScriptedApi()
        other.on("GET", LEASE, ok({"metadata": said[-1], "spec": {"holderIdentity": "me"}}))
        follows = election(other)
        await elected_at(follows)
        return follows.is_set_up.is_set(), [each.get("annotations") for each in said]

    set_up, said = in_fake_time(simulate)
    # At 0, again at once because of the news, at 2 and 4.
    assert said == [None, *[{SET_UP: "true"}] * 3]
    assert set_up
