"""Keys and facts of the control plane: there before anything starts, and renewed while it runs."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from vcli.bootstrap.ensure import Mounted, ensure, lacking
from vcli.bootstrap.pki import AUTHORITIES, Files
from vcli.bootstrap.spec import Spec
from vcli.contract.settings import Settings
from vcli.errors import UsageError, VcliError
from vcli.kube.access import in_cluster
from vcli.kube.client import Client
from vcli.syncer.engine.log import Log
from vcli.syncer.reached_at import addresses
from vcli.syncer.settings import parse, read, with_facts

log = Log("vcli.syncer.keys")

CHECK: Final = 6 * 3600.0
"""Seconds between two looks at the ends of certificates, which are renewed weeks before."""

_RETRY: Final = 30.0
"""Seconds until a renewal that failed is tried again."""

_LOOK: Final = 5.0

_AUTHORITIES: Final = {f"{name}.crt" for name in AUTHORITIES}


class Keys:
    """The mounted keys and facts, and the settings that they belong to.

    Args:
        path: of settings.json; the facts about the host are in the folder ``facts`` beside it.

    Raises:
        UsageError: the file can't be read, or is of another version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._data = read(path)
        try:
            self._spec = Spec.load(self._data["keys"])
            self._mounted = Mounted(Path(self._data["pki"]), path.parent / "facts")
        except (KeyError, TypeError) as error:
            raise UsageError(f"settings {path} are of another version: {error}") from error
        self._started_with = _authorities(self._mounted)
        self._addresses: tuple[str, ...] = ()
        self._moved = asyncio.Event()

    async def prepare(self) -> Settings:
        """Make what is missing, and give the whole settings.

        Raises:
            VcliError: something is missing and can't be made.
        """
        await ensure(self._spec, self._mounted, _client)
        facts = self._mounted.facts()
        if facts is None:
            raise UsageError(f"the facts about the host in {self._path.parent / 'facts'} are not complete")
        self._started_with = _authorities(self._mounted)
        return parse(with_facts(self._data, facts))

    async def follow(self) -> None:
        """Learn where the API server is reached from outside the host; for ever."""
        async with _client() as client:
            async for found in addresses(client, self._spec):
                if found != self._addresses:
                    log.info("addresses of the API server", addresses=", ".join(found))
                    self._addresses = found
                    self._moved.set()

    async def renew(self, *, every: float = CHECK) -> None:
        """Renew certificates that end soon, or lack an address that `follow` has learned.

        Returns when a CA that `prepare` found is trusted no more.

        All components read leaves again. For another CA the syncer has to be started again.
        """
        pause = every
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), pause)
            self._moved.clear()
            pause = every
            if _AUTHORITIES - self._mounted.certificates().keys():
                # A new CA under running components would be no help: they go on with what they have read.
                log.warning("keys are gone from their Secret: new ones are made when the pod starts again")
                continue
            spec = replace(self._spec, extra_sans=(*self._spec.extra_sans, *self._addresses))
            if lacking(spec, self._mounted):
                try:
                    await ensure(spec, self._mounted, _client)
                except VcliError as error:
                    log.warning("certificates can't be renewed yet", error=error)
                    pause = min(every, _RETRY)
                    continue
            if self._is_dropped():
                return

    async def dropped(self) -> None:
        """Returns when a CA that `prepare` found is trusted no more."""
        while not self._is_dropped():  # noqa: ASYNC110 - files give no signal
            await asyncio.sleep(_LOOK)

    def _is_dropped(self) -> bool:
        """Whether a CA of ours is gone; one that is added beside it is no reason to start again."""
        now = _authorities(self._mounted)
        return any(data not in now.get(name, data) for name, data in self._started_with.items())


def _authorities(mounted: Mounted) -> Files:
    return {name: data for name, data in mounted.certificates().items() if name in _AUTHORITIES}


def _client() -> Client:
    return Client(in_cluster())
