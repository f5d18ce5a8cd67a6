"""``--timeout``, from outside and inside: hosts and programs that never answer."""

import asyncio
import importlib
import json
import os
import signal
import socket
import ssl
import stat
import threading
import time

import pytest

from vcli import invocation
from vcli.cli import limit
from vcli.cli.limit import limited
from vcli.cli.loop import CommandLoop
from vcli.cli.run import run_cli
from vcli.cli.signals import SignalledError, run
from vcli.controlplane import bundle
from vcli.controlplane.certificates import issue
from vcli.errors import TimedOutError
from vcli.invocation import Invocation, running
from vcli.kubeconfig.lock import locked
from vcli.operations import removal

COMMANDS = {
    "list": ["list"],
    "describe": ["describe", "demo"],
    "logs": ["logs", "demo"],
    "token": ["token", "demo"],
    "create": ["create", "demo"],
    "delete": ["delete", "demo"],
    "connect": ["connect", "demo"],
    "connect a child": ["connect", "demo", "--", "true"],
    "dry run": ["create", "demo", "--dry-run"],
}


class Silent:
    """Accepts connections, sends what it is given, and then nothing more."""

    def __init__(self, context=None, sends=b""):
        self._context, self._sends, self._kept = context, sends, []

    def __enter__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._socket.close()
        for connection in self._kept:
            connection.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
                if self._context:
                    connection = self._context.wrap_socket(connection, server_side=True)
                connection.sendall(self._sends)
                self._kept.append(connection)
            except OSError:
                if self._socket.fileno() < 0:
                    return


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    files = issue({"apiserver": ["127.0.0.1"]})
    for name in ("apiserver.crt", "apiserver.key"):
        (folder / name).write_bytes(files[name])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "apiserver.crt", folder / "apiserver.key")
    return context


@pytest.fixture
def vcli(tmp_path, monkeypatch, capsys):
    """Run the program with a kubeconfig for a server: exit code, stderr and seconds.

    In this process, where all modules are imported already: seconds on a busy machine.
    """
    for name in [name for name in os.environ if name.startswith(("VCLI_", "KUBE"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    monkeypatch.setattr("sys.stdin", None)

    def call(*args, server, user=None):
        cluster = {"server": server, "insecure-skip-tls-verify": True}
        config = {
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "jane", "user": user or {}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "jane"}}],
            "current-context": "c",
        }
        (tmp_path / "config").write_text(json.dumps(config))
        started = time.monotonic()
        code = run_cli(args)
        return code, capsys.readouterr().err, time.monotonic() - started

    return call


@pytest.fixture(scope="module")
def warm():
    """What takes seconds the first time on a busy machine: to import all commands, to pack the syncer."""
    for name in ("child", "connect", "create", "delete", "describe", "list", "logs", "token"):
        importlib.import_module(f"vcli.operations.{name}")
    bundle.load()


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_gives_up_on_a_silent_host(vcli, command):
    with Silent() as server:
        url = f"http://127.0.0.1:{server.port}"
        code, said, seconds = vcli("--timeout", "2s", *COMMANDS[command], server=url)
    assert code == 6, said
    assert f"can't reach the API server {url}: no answer to " in said
    assert "within the 2 seconds of --timeout" in said
    assert seconds < 2 + limit.GRACE


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize(
    "case",
    [
        ("https", False, b"", "the connection was not complete within the 1 seconds of --timeout"),
        ("https", True, b"", "no answer to GET /apis/apps/v1/"),
        ("http", False, b"HTTP/1.1 200 OK\r\nContent-Le", "of --timeout, only the beginning of one"),
    ],
)
def test_silence_of_all_kinds(vcli, tls, case):
    scheme, inside, sends, said = case
    with Silent(tls if inside else None, sends) as server:
        code, stderr, seconds = vcli("list", "--timeout", "1s", server=f"{scheme}://127.0.0.1:{server.port}")
    assert (code, said in stderr) == (6, True), stderr
    assert seconds < 1 + limit.GRACE


def test_a_plugin_that_never_ends_is_stopped_and_named(vcli, tmp_path):
    login = tmp_path / "login"
    login.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nsleep 60\n")
    login.chmod(login.stat().st_mode | stat.S_IXUSR)
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(login)}}
    code, stderr, seconds = vcli("list", "--timeout", "3s", server="https://127.0.0.1:1", user=user)
    assert code == 4, stderr
    assert f"waiting for '{login}', which gives the credentials of user 'jane'\n" in stderr
    assert "'jane', did not end within the 3 seconds of --timeout, so it was stopped" in stderr
    assert seconds < 3 + limit.GRACE + 1
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


# --- the frame itself


async def cleaned(log, *, seconds=0.0):
    try:
        await asyncio.sleep(60)
    finally:
        log.append("begun")
        await asyncio.sleep(seconds)
        log.append("done")


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(limit, "GRACE", 0.05)
    monkeypatch.setattr(limit, "CLEANUP", 0.3)
    monkeypatch.setattr(invocation, "CLEANUP", 0.3)


def take(operation, command, **more):
    with running(command):
        return run(limited(operation, command, **more))


def test_what_does_not_watch_the_time_is_cancelled_and_may_clean_up(at_once):
    log = []
    with pytest.raises(TimedOutError) as caught:
        take(cleaned(log, seconds=0.1), Invocation(seconds=0.1), doing=lambda: "Wait for rain")
    assert log == ["begun", "done"]
    assert caught.value.message == "not done within 0.1 seconds, at the step: Wait for rain"
    assert "--timeout" in caught.value.hint


def test_cleaning_up_has_a_limit_too(at_once):
    log = []
    with pytest.raises(TimedOutError) as caught:
        take(cleaned(log, seconds=60), Invocation(seconds=0.1))
    assert log == ["begun"]
    assert "something may be left: vcli list" in caught.value.hint


def test_an_error_of_its_own_is_kept(at_once):
    async def fails():
        try:
            await asyncio.sleep(60)
        finally:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        take(fails(), Invocation(seconds=0.1))


def test_a_signal_is_a_signal(at_once):
    async def signalled():
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(60)

    with pytest.raises(SignalledError) as caught:
        take(signalled(), Invocation(seconds=30))
    assert caught.value.exit_code == 143


def test_a_lifted_deadline_is_none(at_once):
    async def child():
        invocation.lift_deadline()
        await asyncio.sleep(0.4)
        return invocation.within(1000)

    assert take(child(), Invocation(seconds=0.1)) == 1000


def test_time_is_dealt_out():
    assert invocation.within(7) == 7
    with running(Invocation(seconds=5)):
        assert 4.5 < invocation.within(7) <= 5
        assert invocation.within(2) == 2
        assert invocation.spoken(4.9, 7) == "within the 5 seconds of --timeout"
        assert invocation.spoken(2, 2) == "within 2 seconds"
    with running(Invocation(seconds=5, started=time.monotonic() - 6)):
        assert invocation.within(7) == 7, "after the deadline there is time to clean up"
        assert invocation.CLEANUP - 2 < invocation.within(1000) < invocation.CLEANUP


async def test_waits_of_operations_end_with_the_command(tmp_path):
    async def never():
        return False

    (tmp_path / "config.lock").touch()
    started = time.monotonic()
    with running(Invocation(seconds=0.3)):
        assert not await removal.until(never, timeout=60)
    locks = locked([tmp_path / "config"], stale_after=60)
    with running(Invocation(seconds=0.3)), pytest.raises(TimedOutError, match="locked by another"), locks:
        pass
    assert time.monotonic() - started < 3


def test_a_name_server_that_does_not_answer_is_left_behind(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(5))

    async def lookup():
        async with asyncio.timeout(0.1):
            await asyncio.get_running_loop().getaddrinfo("nowhere", 1)

    started = time.monotonic()
    with pytest.raises(TimeoutError):
        run(lookup())
    assert time.monotonic() - started < 2


def test_names_are_resolved_as_ever():
    async def lookup():
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo("localhost", 1, type=socket.SOCK_STREAM)
        with pytest.raises(socket.gaierror):
            await loop.getaddrinfo("nowhere.invalid", 1)
        return type(loop), found[0][4][:2]

    kind, address = run(lookup())
    assert kind is CommandLoop
    assert address in {("127.0.0.1", 1), ("::1", 1)}
