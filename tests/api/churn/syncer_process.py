"""A syncer in a process of its own, so that it can be killed and frozen where it stands."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vcli.contract.settings import Settings
from vcli.kube import codec
from vcli.kube.access import Access
from vcli.syncer.engine.log import configure
from vcli.syncer.kinds import configs
from vcli.syncer.main import run

_LINGER = 1.0
"""Seconds, instead of ten, that a ConfigMap outlives its last pod: we would wait for it each time."""
_TIMEOUT = 5.0
_ACCESS = ("server", "ca", "client_certificate", "client_key", "namespace")


class SyncerProcess:
    """The process.

    Attributes:
        log: what all of them wrote.
        killed: whether there is none because it was killed.

    Args:
        settings: of the syncer.
        host: its access to the host.
        virtual: its access to the virtual cluster.
        folder: for its files.
    """

    def __init__(self, settings: Settings, *, host: Access, virtual: Access, folder: Path) -> None:
        self._told = folder / "syncer.json"
        self.log = folder / "syncer.log"
        self.killed = True
        self._port = settings.health_port
        self._process: subprocess.Popen[bytes] | None = None
        told = {"settings": {**asdict(settings), "pki": str(settings.pki)}}
        for name, access in (("host", host), ("virtual", virtual)):
            values = {field: getattr(access, field) for field in _ACCESS}
            told[name] = {k: v.decode() if isinstance(v, bytes) else v for k, v in values.items()}
        self._told.touch(0o600)
        self._told.write_text(json.dumps(told))

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, if it isn't there; it wakes if it is frozen."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            return
        self.killed = False
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([sys.executable, __file__, str(self._told)], stderr=log)

    def freeze(self) -> None:
        """Stop it in the middle of what it does; it will go on from there, with what it knew."""
        if self.alive and self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        """End it where it stands."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None
            self.killed = True

    async def wait_ready(self) -> None:
        """Until its `/readyz` says so; for some seconds at the most, as nobody promises that it will."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_TIMEOUT):
                while self.alive and not await self._is_ready():  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.05)

    async def _is_ready(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return False
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            return b" 200 " in await reader.readline()
        except OSError:
            return False
        finally:
            writer.close()


def _access(told: dict[str, Any]) -> Access:
    encoded = ("ca", "client_certificate", "client_key")
    return Access(**{key: value.encode() if key in encoded else value for key, value in told.items()})


def _main() -> None:
    configure(logging.DEBUG if os.environ.get("VCLI_CHURN_VERBOSE") else logging.INFO)
    codec.use_fastest()
    configs._LINGER = _LINGER
    told = json.loads(Path(sys.argv[1]).read_text())
    settings = Settings(**{**told["settings"], "pki": Path(told["settings"]["pki"])})
    asyncio.run(run(settings, host=_access(told["host"]), virtual=_access(told["virtual"])))


if __name__ == "__main__":
    _main()
