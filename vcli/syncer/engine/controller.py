"""A controller: workers that take names from a queue and make of each what is wanted."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic

from vcli.errors import VcliError
from vcli.kube.errors import ApiError, Conflict, NotFound, ServerError, TooManyRequests, Unreachable
from vcli.kube.informer import Informer
from vcli.syncer.engine.budget import WriteLaterError
from vcli.syncer.engine.log import Log
from vcli.syncer.engine.queue import LONGEST_RETRY, WorkQueue
from vcli.syncer.engine.schedule import INITIAL, Key

log = Log("vcli.syncer.controller")

_NOISY_AFTER = 5
"""A passing error (conflict, gone meanwhile, server busy) is worth a warning after so many failures."""


@dataclass(frozen=True, slots=True)
class RequeueAfter:
    """What a reconcile returns when time alone will change what is wanted: come back in so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a reconcile returns when it did nothing, and an event will add the key again.

    This is no success: the number of failures is kept.
    """


WAITING: Final = Waiting()


class TerminalError(VcliError):
    """Trying again is pointless until the object changes."""


Reconcile = Callable[[Key], Awaitable[RequeueAfter | Waiting | None]]


class Controller(Generic[Key]):
    """Runs `reconcile` for each key that is added, several at once but never two for one key.

    A reconcile gets a name and nothing else: it looks at the caches for what is, so that a missed, doubled
    or reordered event changes nothing.

    Args:
        name: for the log.
        reconcile: raises for "try again later", `TerminalError` for "never again until it changes"; returns
            `WAITING` when nothing was tried.
        workers: how many reconciles may run at once.
        longest_retry: seconds; the bound of a key's backoff.
        caches: what must be available for any work; keys wait until it is.
        unavailable: what is done with a key instead, as it begins to wait.

    Attributes:
        reconciles: how many there were.
        errors: how many of them raised.
        seconds: how long they took together.
    """

    needs_leadership = True

    def __init__(
        self,
        name: str,
        reconcile: "Reconcile[Key]",
        *,
        workers: int = 4,
        longest_retry: float = LONGEST_RETRY,
        caches: Sequence[Informer] = (),
        unavailable: "Reconcile[Key] | None" = None,
    ) -> None:
        self.name = name
        self.queue: WorkQueue[Key] = WorkQueue(longest_retry=longest_retry)
        self._reconcile = reconcile
        self._workers = workers
        self._caches = caches
        self._unavailable = unavailable
        self._parked: dict[Key, None] = {}
        self.reconciles = self.errors = 0
        self.seconds = 0.0
        for cache in caches:
            cache.subscribe_availability(self._unpark)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers):
                group.create_task(self._work(), name=f"{self.name} worker")

    async def _work(self) -> None:
        while True:
            key = await self.queue.get()
            began = asyncio.get_running_loop().time()
            try:
                if all(cache.available for cache in self._caches):
                    self.reconciles += 1
                    await self._once(key, self._reconcile)
                else:
                    self._parked[key] = None
                    if self._unavailable is not None:
                        await self._once(key, self._unavailable)
            finally:
                self.seconds += asyncio.get_running_loop().time() - began
                self.queue.done(key)

    def _unpark(self, error: ApiError | None) -> None:
        if error is None:
            parked, self._parked = self._parked, {}
            for key in parked:
                self.queue.add(key, priority=INITIAL)

    async def _once(self, key: Key, reconcile: "Reconcile[Key]") -> None:
        try:
            again = await reconcile(key)
        except TerminalError as error:
            self.errors += 1
            first = not self.queue.failures(key)
            self.queue.give_up(key)
            say = log.warning if first or _is_worth_a_line(self.queue.failures(key)) else log.debug
            say("given up until it changes", controller=self.name, key=key, error=error)
        except WriteLaterError as later:  # no failure, and no success by which others were forgotten
            self.queue.add(key, after=later.seconds)
        except (Conflict, NotFound, TooManyRequests, ServerError, Unreachable) as error:
            wait = (error.retry_after if isinstance(error, ApiError) else None) or 0.0
            failures, delay = self._failed(key, at_least=wait)
            self._log(key, error, delay, loud=failures > _NOISY_AFTER and _is_worth_a_line(failures))
        except VcliError as error:  # rejected, and would be again in a moment
            first = not self.queue.failures(key)
            failures, delay = self._failed(key, quickly=False)
            self._log(key, error, delay, loud=first or _is_worth_a_line(failures))
        except Exception as error:  # noqa: BLE001 - one object must not stop the others
            failures, _ = self._failed(key)
            if _is_worth_a_line(failures):
                log.error("reconcile broke", exc=error, controller=self.name, key=key)  # noqa: TRY400 - the same traceback
        else:
            if isinstance(again, Waiting):
                return
            self.queue.forget(key)
            if again is not None:
                self.queue.add(key, after=again.seconds)

    def _failed(self, key: Key, *, at_least: float = 0.0, quickly: bool = True) -> tuple[int, float]:
        self.errors += 1
        delay = self.queue.retry(key, at_least=at_least, quickly=quickly)
        return self.queue.failures(key), delay

    def _log(self, key: Key, error: Exception, delay: float, *, loud: bool) -> None:
        say = log.warning if loud else log.debug
        say("will try again", controller=self.name, key=key, error=error, seconds=round(delay, 3))


def _is_worth_a_line(failures: int) -> bool:
    """Whether to log a failure: the first, the second, the fourth and so on."""
    return failures & (failures - 1) == 0
