"""A controller: workers that take names from a queue and make the world agree with what is wanted of each."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic

from vcli.errors import VcliError
from vcli.kube.errors import ApiError, Conflict, NotFound, ServerError, TooManyRequests, Unreachable
from vcli.syncer.engine.log import Log
from vcli.syncer.engine.queue import LONGEST_RETRY, WorkQueue
from vcli.syncer.engine.schedule import Key

log = Log("vcli.syncer.controller")

_NOISY_AFTER = 5
"""A passing error (conflict, gone meanwhile, server busy) is worth a warning after so many failures."""


@dataclass(frozen=True, slots=True)
class RequeueAfter:
    """What a reconcile returns when time alone will change what is wanted: come back in so many seconds."""

    seconds: float


class TerminalError(VcliError):
    """Trying again is pointless until the object changes."""


Reconcile = Callable[[Key], Awaitable[RequeueAfter | None]]


class Controller(Generic[Key]):
    """Runs `reconcile` for each key that is added, several at once but never two for one key.

    A reconcile gets a name and nothing else: it looks at the caches for what is, so that a missed, doubled
    or reordered event changes nothing.

    Args:
        name: for the log.
        reconcile: raises for "try again later", `TerminalError` for "never again until it changes".
        workers: how many reconciles may run at once.
        longest_retry: seconds; the bound of a key's backoff.
    """

    def __init__(
        self,
        name: str,
        reconcile: "Reconcile[Key]",
        *,
        workers: int = 4,
        longest_retry: float = LONGEST_RETRY,
    ) -> None:
        self.name = name
        self.queue: WorkQueue[Key] = WorkQueue(longest_retry=longest_retry)
        self._reconcile = reconcile
        self._workers = workers

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers):
                group.create_task(self._work(), name=f"{self.name} worker")

    async def _work(self) -> None:
        while True:
            key = await self.queue.get()
            try:
                await self._once(key)
            finally:
                self.queue.done(key)

    async def _once(self, key: Key) -> None:
        try:
            again = await self._reconcile(key)
        except TerminalError as error:
            self.queue.forget(key)
            log.warning("given up until it changes", controller=self.name, key=key, error=error)
        except (Conflict, NotFound, TooManyRequests, ServerError, Unreachable) as error:
            wait = (error.retry_after if isinstance(error, ApiError) else None) or 0.0
            self._failed(key, error, at_least=wait, quiet=_NOISY_AFTER)
        except VcliError as error:
            self._failed(key, error)
        except Exception as error:  # noqa: BLE001 - one object must not stop the others
            log.error("reconcile broke", exc=error, controller=self.name, key=key)  # noqa: TRY400 - the same traceback
            self._failed(key, error, quiet=1_000_000)
        else:
            self.queue.forget(key)
            if again is not None:
                self.queue.add(key, after=again.seconds)

    def _failed(self, key: Key, error: Exception, *, at_least: float = 0.0, quiet: int = 0) -> None:
        delay = self.queue.retry(key, at_least=at_least)
        say = log.warning if self.queue.failures(key) > quiet else log.debug
        say("will try again", controller=self.name, key=key, error=error, seconds=round(delay, 3))
