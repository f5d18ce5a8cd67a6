"""A script played on two clusters, and the judgement at rest."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import pytest
from bodies import Dice
from compare import Key
from field import Field, Object
from judge import Judge
from neighbours import Neighbours
from players import Host
from relay import Relay
from script import Step
from syncer_process import SyncerProcess
from tenant import Tenant

from vcli.syncer.translate.pods import PodContext

STILL = 60.0
"""Seconds in which nothing changes; beyond it a syncer hangs and is not slow."""
RESTLESS = 300.0
"""Seconds; beyond it a syncer never comes to rest."""
_LOOK = 0.15
_SHOWN = 40
_ABSENT = 4
"""Steps that a syncer may miss."""


class Play:
    """Plays scripts.

    Args:
        field: both clusters.
        context: as the syncer's translations of pods have it.
        syncer: the process.
        relays: between the syncer and the API servers.
        players: kubelet and scheduler of the host.
        squatters: a further host namespace.
        others: who else is at work, and must not stop.
    """

    def __init__(
        self,
        field: Field,
        context: PodContext,
        *,
        syncer: SyncerProcess,
        relays: Sequence[Relay],
        players: Host,
        squatters: str,
        others: Sequence[asyncio.Task[None]],
    ) -> None:
        self.field = field
        self._context = context
        self._syncer = syncer
        self._relays = relays
        self.players = players
        self._others = others
        self._neighbours = Neighbours(field, players, squatters=squatters)
        self.tenant = Tenant(field)
        self._absent = 0  # steps until there is a syncer again

    async def run(self, script: list[Step]) -> None:
        """Play a script to its end, and then end all that it made: what is left then has leaked."""
        self.start()
        await self.wait()
        for step in script:
            await self._verb(step.verb)(step)
            self._time_passes()
        await self.settle()
        await self.end()

    async def end(self) -> None:
        """Delete every namespace."""
        for namespace in sorted(self.field.intent.namespaces):
            await self.tenant.end_namespace(namespace)
        await self.settle()

    def _verb(self, name: str) -> Callable[[Step], Awaitable[None]]:
        for player in (self, self.tenant, self._neighbours):
            if hasattr(player, name):
                verb: Callable[[Step], Awaitable[None]] = getattr(player, name)
                return verb
        raise AttributeError(name)

    # --- the syncer's own fate

    def start(self) -> None:
        """Have a syncer; one that is frozen goes on."""
        self.field.say("syncer there")
        self._syncer.start()
        self._absent = 0

    async def stop(self, step: Step) -> None:
        """Kill it; another one comes in a few steps."""
        self._must_live()
        self.field.say("syncer killed")
        self._syncer.kill()
        self._absent = 1 + step.variant % _ABSENT

    async def freeze(self, step: Step) -> None:
        """Let it miss a few steps, and go on with what it knew before."""
        self.field.say("syncer frozen")
        self._syncer.freeze()
        self._absent = 1 + step.variant % _ABSENT

    async def kill(self, step: Step) -> None:
        """Kill it; another one comes at once."""
        await self.stop(step)
        self.start()

    async def kill_now_and_then(self, times: int) -> None:
        """Kill it so many times, each time with a new one at once."""
        for _ in range(times):
            await asyncio.sleep(1.0)
            self.field.say("syncer killed")
            self._syncer.kill()
            self.start()

    def _time_passes(self) -> None:
        if self._absent:
            self._absent -= 1
            if not self._absent:
                self.start()

    async def wait(self, _: Step | None = None) -> None:
        """Until the syncer knows what is there."""
        if not self._absent:
            await self._syncer.wait_ready()
            self.field.say("syncer ready")

    async def cut(self, step: Step) -> None:
        """Cut its connections, with whatever is under way."""
        which = step.variant % 2
        self.field.say(f"syncer cut from the {('host', 'virtual cluster')[which]}")
        await self._relays[which].cut()

    async def pause(self, step: Step) -> None:
        await asyncio.sleep(Dice(step.variant).of(0.05, 0.1, 0.3, 0.8))

    def _must_live(self) -> None:
        for task in self._others:
            if task.done():
                task.result()
        if not self._syncer.alive and not self._syncer.killed:
            pytest.fail(self._report(["the syncer ended by itself"]), pytrace=False)

    # --- judgement

    async def settle(self, _: Step | None = None) -> None:
        """Let everything come to rest, and judge it."""
        self.field.say("settle")
        await self._neighbours.leave_in_peace()
        await self.tenant.release()
        self.start()
        began = changed = time.monotonic()
        before: object = None
        while True:
            self._must_live()
            looked = time.monotonic()
            virtual, host = await self.field.virtual_snapshot(), await self.field.host_snapshot()
            now = _versions(virtual), _versions(host)
            if now != before:
                before, changed = now, time.monotonic()
                wrong = ["it never comes to rest"]
            else:
                wrong = self._wrong(virtual, host)
            if not wrong:
                break
            if time.monotonic() > min(changed + STILL, began + RESTLESS):
                pytest.fail(self._report(wrong), pytrace=False)
            await asyncio.sleep(max(_LOOK, time.monotonic() - looked))
        self.field.say("at rest")

    def _wrong(self, virtual: dict[Key, Object], host: dict[Key, Object]) -> list[str]:
        return [
            *Judge(self._context, virtual=virtual, host=host).wrong(),
            *self.field.intent.broken(virtual),
            *self._neighbours.disturbed(host),
            *self.players.reruns(alive={obj["metadata"]["uid"] for obj in virtual.values()}),
        ]

    def _report(self, wrong: list[str]) -> str:
        record = "\n".join(self.field.record)
        log = "\n".join(self._syncer.log.read_text(errors="replace").splitlines()[-_SHOWN:])
        return "\n".join(
            [*wrong[:_SHOWN], "", "what happened:", record, "", "what the syncer said last:", log]
        )


def _versions(snapshot: dict[Key, Object]) -> dict[Key, str]:
    return {key: obj["metadata"]["resourceVersion"] for key, obj in snapshot.items()}
