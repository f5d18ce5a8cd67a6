"""``vcli verify``: makes the attempts, judges what came of them, and removes what it made."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

from vcli.config import Given, Values
from vcli.config.synced import schedules_inside
from vcli.controlplane.names import Names
from vcli.errors import UsageError, VcliError
from vcli.kube.client import Client
from vcli.operations.resolve import VirtualCluster
from vcli.operations.steps import Steps
from vcli.operations.stored import read_values
from vcli.operations.target import target
from vcli.operations.verify import belongings, services
from vcli.operations.verify.model import OF_POLICIES, Attempt, Closed, Finding, Profile, parts_of, profile_of
from vcli.operations.verify.observed import Observed, unknown
from vcli.operations.verify.report import Report
from vcli.operations.verify.scene import Scene, short
from vcli.operations.verify.stage import Aim, staged
from vcli.operations.verify.table import ATTEMPTS

_AT_ONCE: Final = 24


async def verify_cluster(
    aim: Aim, *, profile: Profile | None = None, steps: Steps, attempts: Sequence[Attempt] = ATTEMPTS
) -> Report:
    """Try what a tenant could try against the host and a neighbour.

    Args:
        aim: the virtual cluster, and its neighbour.
        profile: to judge by; None takes what the values of the virtual cluster say.
        steps: is informed of progress.
        attempts: what is tried.

    Raises:
        NotFoundError: there is no such virtual cluster, or no such neighbour.
        NotReadyError: it is not ready.
        UsageError: the neighbour is the cluster itself.
        VcliError: another failure; whatever was made is removed.
    """
    begun = time.monotonic()
    async with target(aim.connection(aim.name, aim.namespace), steps=steps) as found:
        cluster = found.cluster
        if aim.neighbour == (cluster.namespace, cluster.name):
            raise UsageError(
                f"--neighbour names virtual cluster {cluster.name!r} itself",
                hint="name another virtual cluster of the host: NAMESPACE/NAME",
            )
        values = await stored_values(found.host.client, cluster)
        chosen = {None: parts_of(values.policies), "isolated": OF_POLICIES}
        parts = chosen.get(profile, frozenset())
        schedules = schedules_inside(values)
        async with staged(found, aim, schedules=schedules, steps=steps) as scene:
            with steps.step(f"Try {len(attempts)} attempts") as step:
                findings = await _all(scene, attempts, parts, step.detail)
    return Report(
        name=cluster.name,
        namespace=cluster.namespace,
        profile=profile or profile_of(parts),
        findings=findings,
        seconds=time.monotonic() - begun,
    )


async def stored_values(client: Client, cluster: VirtualCluster) -> Values:
    """The values that a virtual cluster has; the defaults where none are kept.

    Raises:
        VcliError: they may not be read, or another tool made the cluster.
    """
    if not cluster.ours:
        raise VcliError(
            f"virtual cluster {cluster.name!r} in namespace {cluster.namespace!r} was not made by vcli",
            hint="only those that vcli made can be verified",
        )
    stored = await read_values(client, Names(cluster.name, cluster.namespace))
    return Given().values(over=stored.document() if stored else None)


async def _all(
    scene: Scene, attempts: Sequence[Attempt], parts: frozenset[Closed], detail: Callable[[str], None]
) -> list[Finding]:
    await belongings.decoys(scene)
    await services.decoys(scene)
    window, done = asyncio.Semaphore(_AT_ONCE), 0

    async def one(attempt: Attempt) -> Finding:
        nonlocal done
        async with window:
            observed = await _tried(scene, attempt)
        done += 1
        detail(f"{done} of {len(attempts)}")
        return Finding(attempt, attempt.is_closed(parts), observed)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(each)) for each in attempts]
    return [each.result() for each in tasks]


async def _tried(scene: Scene, attempt: Attempt) -> Observed:
    """One that fails says nothing about the others."""
    try:
        return await attempt.run(scene)
    except VcliError as error:
        return unknown(short(error.message))
