"""What the virtual kubelets serve with, followed when it is renewed."""

import asyncio
import contextlib
import ssl
from pathlib import Path
from typing import Final

from vcli.syncer.engine.log import Log

log = Log(__name__)

_LOOK_EVERY: Final = 60.0


class ServingContext:
    """The TLS side of all kubelets: our certificate, and the CA whose clients are known.

    A client need not show a certificate (a metrics-server brings a token instead), but one that it shows must
    be of the CA.
    """

    def __init__(self, pki: Path) -> None:
        self._files = (pki / "kubelet.crt", pki / "kubelet.key", pki / "ca.crt")
        self._loaded: tuple[bytes, ...] = ()
        self._watch: asyncio.Task[None] | None = None
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.verify_mode = ssl.CERT_OPTIONAL

    def start(self) -> None:
        """Load the files, and look from now on whether they changed.

        Raises:
            OSError: a file can't be read; `ssl.SSLError`, one of these, if it makes no sense.
        """
        if self._watch is None:
            self._load()
            self._watch = asyncio.create_task(self._follow(), name="kubelet-certificates")

    async def close(self) -> None:
        """Stop looking."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None

    def _load(self) -> bool:
        content = tuple(path.read_bytes() for path in self._files)
        if content == self._loaded:
            return False
        certificate, key, authority = self._files
        # New handshakes use the new files at once. A CA that was known stays so until the syncer restarts,
        # which a rotation of the CA brings about.
        self.context.load_cert_chain(certificate, key)
        self.context.load_verify_locations(authority)
        self._loaded = content
        return True

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            try:
                if self._load():
                    log.info("kubelet certificate renewed")
            except OSError as error:
                # A Secret's files are swapped all at once, but we may have read one of each.
                log.warning("kubelet certificate not readable", error=error)
