"""What listens on the port of a tunnel."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vcli.controlplane.certificates import Files, issue
from vcli.operations import healing
from vcli.operations.healing import MovedError, ensure, leads_there
from vcli.portforward import background
from vcli.portforward.listener import listen
from vcli.portforward.state import TunnelSpec

SPEC = TunnelSpec(server="https://h:6443", namespace="team-a", name="demo", selector="s")


@pytest.fixture(autouse=True)
def own_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("VCLI_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))


@pytest.fixture(scope="module")
def ours() -> Files:
    return issue({"apiserver": ["localhost"]})


@pytest.fixture(scope="module")
def theirs() -> Files:
    return issue({"apiserver": ["localhost"]})


@contextmanager
def virtual_api(files: Files, folder: Path) -> Iterator[int]:
    """What a tunnel of ours leads to; its port."""
    for name in ("apiserver.crt", "apiserver.key"):
        (folder / name).write_bytes(files[name])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "apiserver.crt", folder / "apiserver.key")
    with listen("127.0.0.1", [0]) as listener:

        def serve() -> None:
            try:
                while True:
                    connection, _ = listener.accept()
                    try:
                        context.wrap_socket(connection, server_side=True).close()
                    except OSError:
                        connection.close()
            except OSError:
                return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_tunnel_that_we_do_not_know_of_is_as_good_as_any(ours, tmp_path):
    authority = ours["ca.crt"].decode()
    with virtual_api(ours, tmp_path) as port:
        assert leads_there("127.0.0.1", port, authority)
        assert leads_there("0.0.0.0", port, authority)  # noqa: S104
        ensure(SPEC, f"127.0.0.1:{port}", authority=authority)
    assert background.records() == []


def test_other_programs_do_not_lead_there(ours, theirs, tmp_path, monkeypatch):
    monkeypatch.setattr(healing, "_HANDSHAKE", 0.2)
    authority = ours["ca.crt"].decode()
    with virtual_api(theirs, tmp_path) as port:
        assert not leads_there("127.0.0.1", port, authority)
    assert not leads_there("127.0.0.1", port, authority)  # nothing listens
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not leads_there("127.0.0.1", silent.getsockname()[1], authority)


def test_a_port_of_another_program_is_left_to_it(ours, theirs, tmp_path, monkeypatch):
    real = background.held
    started = []

    @contextmanager
    def held(spec, **options):
        if spec.local_port:
            with real(spec, **options) as state:
                yield state
            return
        started.append(spec)
        from test_tunnel_uses import running  # noqa: PLC0415

        yield running(port=20002)

    monkeypatch.setattr(background, "held", held)
    with (
        virtual_api(theirs, tmp_path) as port,
        pytest.raises(MovedError, match=f"port {port}.*on port 20002 now"),
    ):
        ensure(SPEC, f"127.0.0.1:{port}", authority=ours["ca.crt"].decode())
    assert [(each.name, each.local_port) for each in started] == [("demo", 0)]
