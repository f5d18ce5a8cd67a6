"""What we serve with, followed when it is renewed."""

import asyncio
import contextlib
import ssl
from pathlib import Path
from typing import Final

from vcli.syncer.engine.log import Log

log = Log(__name__)

_LOOK_EVERY: Final = 5.0


class ServingContext:
    """The TLS side of a server of ours: the kubelet certificate, and the CA whose clients are known.

    Args:
        pki: folder with `kubelet.crt`, `kubelet.key` and the CA.
        authority: file name of the CA.
        verify: `ssl.CERT_OPTIONAL` where a client may come without a certificate (a metrics-server has a
            token for a kubelet); one that it has must be of the CA in any case.
    """

    def __init__(self, pki: Path, *, authority: str, verify: ssl.VerifyMode) -> None:
        self._files = (pki / "kubelet.crt", pki / "kubelet.key", pki / authority)
        self._loaded: tuple[bytes, ...] = ()
        self._watch: asyncio.Task[None] | None = None
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.verify_mode = verify

    def start(self) -> None:
        """Load the files, and look from now on whether they changed.

        Raises:
            OSError: a file can't be read; `ssl.SSLError`, one of these, if it makes no sense.
        """
        if self._watch is None:
            self._load()
            self._watch = asyncio.create_task(self._follow(), name="serving-certificates")

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
                    log.info("serving certificate renewed")
            except OSError as error:
                # A Secret's files are swapped all at once, but we may have read one of each.
                log.warning("serving certificate not readable", error=error)
