"""Opening a connection: nothing of it is left when it is cancelled."""

import asyncio
import ssl
from typing import Any

import pytest

from vcli.controlplane.certificates import issue
from vcli.kube import dial
from vcli.kube.access import Origin


async def test_cancelled_just_when_tls_is_ready_it_is_closed_at_once(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = issue({"apiserver": ["127.0.0.1"]})
    for name in ("apiserver.crt", "apiserver.key"):
        (tmp_path / name).write_bytes(files[name])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "apiserver.crt", tmp_path / "apiserver.key")
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=context)
    made = dial._Protocol.connection_made
    sockets = []

    def cancelled(self: Any, transport: Any) -> None:
        made(self, transport)
        sockets.append(transport.get_extra_info("socket"))
        connecting.cancel()

    monkeypatch.setattr(dial._Protocol, "connection_made", cancelled)
    origin = Origin.of(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    tls = ssl.create_default_context(cadata=files["ca.crt"].decode())
    connecting = asyncio.ensure_future(dial.dial(origin, tls=tls))
    with pytest.raises(asyncio.CancelledError):
        await connecting
    await asyncio.sleep(0)  # asyncio closes sockets in the next round of the loop
    assert [each.fileno() for each in sockets] == [-1]
    server.close()
    await server.wait_closed()
