"""What kubectl gets without the host being asked."""

import datetime as dt
import json
import subprocess
import sys
import time

import pytest

from vcli import processes
from vcli.errors import ConflictError
from vcli.operations import credential_cache, healing, quick
from vcli.operations.token import plugin
from vcli.portforward import place
from vcli.portforward.spawning import StaleError
from vcli.portforward.state import TunnelSpec, TunnelState, write

SPEC = TunnelSpec(
    server="https://h:6443",
    kubeconfig="/config",
    context="host",
    namespace="team-a",
    name="demo",
    selector="s",
)
AUTHORITY = b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n"
STATUS = {"clientCertificateData": "CERTIFICATE", "clientKeyData": "KEY"}
TUNNEL = "127.0.0.1:20001"


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("VCLI_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("VCLI_KUBECONFIG", raising=False)
    return tmp_path / "state"


@pytest.fixture
def healed(monkeypatch):
    """The tunnels that were to be started."""
    asked: list[str] = []
    monkeypatch.setattr(healing, "ensure", lambda _spec, tunnel, **_: asked.append(tunnel))
    return asked


def keep(*, end: float = 3600.0) -> None:
    credential_cache.write(SPEC, authority=AUTHORITY, status=STATUS, end=time.time() + end)


def runs(pid: int) -> None:
    identity = processes.identity(pid) or "none"
    machine = processes.machine()
    write(TunnelState(spec=SPEC, pid=pid, identity=identity, machine=machine, port=20001, log="", since=1.0))


def arguments(tunnel: str | None = TUNNEL) -> list[str]:
    args: list[str] = plugin(SPEC, authority=AUTHORITY, tunnel=tunnel)["exec"]["args"]
    return args[args.index("token") + 1 :]


@pytest.fixture
def sleeper():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield child
    child.kill()
    child.wait()


def test_from_what_is_kept(sleeper, healed):
    keep()
    runs(sleeper.pid)
    answer = json.loads(quick.run(arguments()) or "")
    until = dt.datetime.fromisoformat(answer["status"].pop("expirationTimestamp")).timestamp()
    assert 0 < until - time.time() <= quick.LIFE
    assert answer == {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": STATUS,
    }
    assert healed == []


def test_in_the_version_that_is_asked_for(sleeper):
    keep()
    info = json.dumps({"apiVersion": "client.authentication.k8s.io/v1beta1"})
    answer = json.loads(quick.run(arguments(None), {"KUBERNETES_EXEC_INFO": info}) or "")
    assert answer["apiVersion"] == "client.authentication.k8s.io/v1beta1"


def test_a_tunnel_that_has_ended_is_started_first(sleeper, healed):
    keep()
    assert quick.run(arguments())
    runs(sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    assert quick.run(arguments())
    assert healed == [TUNNEL, TUNNEL]


def test_no_tunnel_is_started_where_there_was_none(healed):
    keep()
    assert quick.run(arguments(None))
    assert healed == []


def test_it_says_nothing_when_the_host_has_to_be_asked(monkeypatch, healed):
    assert quick.run(arguments()) is None  # nothing is kept
    keep(end=30.0)
    assert quick.run(arguments()) is None  # it ends too soon
    keep()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + credential_cache.FRESH + 1)
    assert quick.run(arguments()) is None  # it is old
    monkeypatch.setattr(time, "time", lambda: now + credential_cache.UNWATCHED + 1)
    assert quick.run(arguments(None)) is None  # and no tunnel looks after it
    assert healed == []


def test_another_authority_is_a_matter_for_the_host(healed):
    keep()
    args = plugin(SPEC, authority=b"another one", tunnel=TUNNEL)["exec"]["args"]
    assert quick.run(args[args.index("token") + 1 :]) is None
    assert healed == []


def test_a_cluster_that_is_gone_or_another_one_is_a_matter_for_the_host(monkeypatch):
    keep()

    def fail(*_args: object, **_options: object) -> None:
        raise StaleError("created again")

    monkeypatch.setattr(healing, "ensure", fail)
    assert quick.run(arguments()) is None


def test_why_there_is_no_tunnel_is_said(monkeypatch):
    keep()

    def fail(*_args: object, **_options: object) -> None:
        raise ConflictError("taken")

    monkeypatch.setattr(healing, "ensure", fail)
    with pytest.raises(ConflictError):
        quick.run(arguments())


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["demo"],
        ["--help"],
        ["demo", "-n", "team-a"],
        ["demo", "-n", "team-a", "--context", "host", "--kubeconfig", "/config", "-v"],
        ["demo", "-n", "team-a", "--context", "host", "--kubeconfig", "/config", "--timeout", "3s"],
        ["demo", "-n", "team-a", "--context", "--kubeconfig", "/config", "x"],
        ["demo", "-n", "team-b", "--context", "host", "--kubeconfig", "/config"],
        ["demo", "-n", "team-a", "--context", "host", "--kubeconfig", "/other"],
    ],
)
def test_other_command_lines_are_left_alone(args):
    keep()
    assert quick.run(args) is None


def test_what_is_kept_is_private_and_forgotten(folder):
    keep()
    (path,) = (folder / "credentials").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    credential_cache.forget("https://other:6443", "team-a", "demo")
    assert path.exists()
    credential_cache.forget(*SPEC.cluster)
    assert not path.exists()
    credential_cache.forget(*SPEC.cluster)
    keep()
    credential_cache.drop("demo", "team-a", "host", "/config")
    assert not path.exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 2}', '{"version": 1, "notAfter": "x"}'])
def test_what_is_broken_counts_as_missing(folder, content):
    keep()
    (path,) = (folder / "credentials").iterdir()
    path.write_text(content)
    assert quick.run(arguments()) is None


def test_the_state_folder_that_was_named_goes_into_the_kubeconfig(folder):
    body = plugin(SPEC, authority=AUTHORITY, tunnel=None)["exec"]
    assert body["env"] == [{"name": "VCLI_STATE_DIR", "value": str(folder)}]
    assert "--tunnel" not in body["args"]


def test_the_program_imports_next_to_nothing_for_it(sleeper):
    keep()
    runs(sleeper.pid)
    code = (
        "import sys; sys.argv[1:] = ['token', *sys.argv[1:]]; from vcli.__main__ import main;"
        "assert main() == 0; print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments()], capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    heavy = {
        "typer",
        "rich",
        "yaml",
        "httpx",
        "asyncio",
        "ssl",
        "dataclasses",
        "pathlib",
        "subprocess",
        "socket",
    }
    assert loaded & heavy == set()


def test_tunnel_as_an_option():
    assert place.address_and_port("127.0.0.1:20001") == ("127.0.0.1", 20001)
    assert place.address_and_port("[::1]:20001") == ("::1", 20001)
    for wrong in ("20001", ":20001", "127.0.0.1:x", ""):
        with pytest.raises(ValueError, match=r".*"):
            place.address_and_port(wrong)
