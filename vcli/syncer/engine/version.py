"""The version of an API server, asked for until it is known."""

import asyncio
from typing import Final

from vcli.errors import VcliError
from vcli.kube.client import Client
from vcli.kube.errors import ServerError, TooManyRequests, Unreachable
from vcli.syncer.engine.log import Log

log = Log("vcli.syncer.version")

Version = tuple[int, int]

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 30.0


class ServerVersion:
    """Major and minor version.

    Args:
        client: of the server.
        known: the version, where it need not be asked for.
    """

    name = "version of the host"
    needs_leadership = False

    def __init__(self, client: Client, known: Version | None = None) -> None:
        self._client = client
        self.known = known
        """None as long as it is not known."""
        self._tried = asyncio.Event()

    def at_least(self, version: Version) -> bool:
        """Whether the server is known to be of this version or a later one."""
        return self.known is not None and self.known >= version

    async def wait_tried(self) -> None:
        """Until it is known, or the server has answered with something else: it may never say."""
        await self._tried.wait()

    async def run(self) -> None:
        """Ask until it is known."""
        pause = _FIRST_PAUSE
        while self.known is None:
            try:
                answer = await self._client.version()
                self.known = int(answer["major"]), int("".join(filter(str.isdigit, answer["minor"])))
            except (VcliError, KeyError, ValueError) as error:
                if not isinstance(error, (Unreachable, ServerError, TooManyRequests)):
                    if not self._tried.is_set():
                        log.warning("version of the host is not known yet", error=error)
                    self._tried.set()
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
        self._tried.set()
