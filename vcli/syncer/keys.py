"""Keys and facts of the control plane: there before anything starts, and renewed while it runs."""

import asyncio
from pathlib import Path
from typing import Final

from vcli.bootstrap.ensure import Mounted, ensure, lacking
from vcli.bootstrap.pki import AUTHORITIES
from vcli.bootstrap.spec import Spec
from vcli.contract.settings import Settings
from vcli.errors import UsageError, VcliError
from vcli.kube.access import in_cluster
from vcli.kube.client import Client
from vcli.syncer.engine.log import Log
from vcli.syncer.settings import parse, read, with_facts

log = Log("vcli.syncer.keys")

CHECK: Final = 6 * 3600.0
"""Seconds between two looks at the ends of certificates, which are renewed weeks before."""

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
        self._started_with = self._mounted.certificates()

    async def prepare(self) -> Settings:
        """Make what is missing, and give the whole settings.

        Raises:
            VcliError: something is missing and can't be made.
        """
        await ensure(self._spec, self._mounted, _client)
        facts = self._mounted.facts()
        if facts is None:
            raise UsageError(f"the facts about the host in {self._path.parent / 'facts'} are not complete")
        self._started_with = self._mounted.certificates()
        return parse(with_facts(self._data, facts))

    async def renew(self, *, every: float = CHECK) -> None:
        """Renew certificates that end soon; return when they are others than `prepare` found, by anyone.

        The other components read their files again. The syncer has to be started again.
        """
        while True:
            await asyncio.sleep(every)
            if _AUTHORITIES - self._mounted.certificates().keys():
                # A new CA under running components would be no help: they go on with what they have read.
                log.warning("keys are gone from their Secret: new ones are made when the pod starts again")
                continue
            if lacking(self._spec, self._mounted):
                try:
                    await ensure(self._spec, self._mounted, _client)
                except VcliError as error:
                    log.warning("certificates can't be renewed yet", error=error)
                    continue
            if self._mounted.certificates() != self._started_with:
                return


def _client() -> Client:
    return Client(in_cluster())
