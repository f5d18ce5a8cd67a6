"""Which kubeconfigs use a tunnel."""

import dataclasses
import os

import pytest

from vcli import processes, yaml
from vcli.kubeconfig.merge import standalone
from vcli.kubeconfig.model import Entry, Mark
from vcli.operations.tunnel_uses import follow, in_use, listener, move, survey
from vcli.portforward import background
from vcli.portforward.state import TunnelSpec, TunnelState, Use, read, write

SPEC = TunnelSpec(server="https://h:6443", namespace="team-a", name="demo", selector="s")


@pytest.fixture(autouse=True)
def own_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("VCLI_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "current"))


def kubeconfig(path, *, port=20001, namespace="team-a"):
    mark = Mark(name="demo", namespace=namespace, host_context="host", host_kubeconfig="")
    args = ["token", "demo", "--tunnel", f"127.0.0.1:{port}"]
    user = {"exec": {"command": "python", "args": args}}
    cluster = {"server": f"https://127.0.0.1:{port}"}
    path.write_text(yaml.dump(standalone(Entry(name="dev", cluster=cluster, user=user, mark=mark))))
    return path


def state(*paths, port=20001, pid=1, identity="has ended"):
    uses = tuple(Use(str(path), "dev") for path in paths)
    machine = processes.machine()
    return TunnelState(
        spec=SPEC, pid=pid, identity=identity, machine=machine, port=port, log="", since=1.0, uses=uses
    )


def running(**more):
    return state(pid=os.getpid(), identity=processes.identity(os.getpid()) or "", **more)


def test_those_that_say_so(tmp_path):
    says_so = kubeconfig(tmp_path / "a")
    elsewhere = kubeconfig(tmp_path / "b", port=20002)
    of_another = kubeconfig(tmp_path / "c", namespace="team-b")
    known = state(says_so, elsewhere, of_another, tmp_path / "gone")
    assert in_use(known) == [Use(str(says_so), "dev")]
    assert in_use(state(), also=[says_so, elsewhere, tmp_path / "gone"]) == [Use(str(says_so), "dev")]


def test_one_that_can_not_be_read_counts(tmp_path):
    broken = tmp_path / "broken"
    broken.write_text("a: [")
    assert in_use(state(broken)) == [Use(str(broken), "dev")]
    assert in_use(state(), also=[broken]) == []


def test_what_has_ended_is_known_while_it_is_used(tmp_path):
    used = kubeconfig(tmp_path / "a")
    write(state(used))
    assert [(each.port, uses) for each, uses in survey()] == [(20001, [Use(str(used), "dev")])]
    used.unlink()
    assert survey() == []
    assert background.records() == []


def test_what_runs_is_known_anyhow():
    write(running())
    assert [(each.alive, uses) for each, uses in survey()] == [(True, [])]


def test_to_another_port(tmp_path):
    known, current = kubeconfig(tmp_path / "known"), kubeconfig(tmp_path / "current")
    write(state(known, tmp_path / "gone"))
    new = running(port=20002)
    write(new)
    moved = move(dataclasses.replace(SPEC, local_port=20001), new)
    assert moved == [str(current), str(known)]
    for path in (known, current):
        assert "127.0.0.1:20001" not in path.read_text()
        assert "--tunnel" in path.read_text()
        assert path.read_text().count("127.0.0.1:20002") == 2
    (left,) = background.records()
    assert (left.port, left.uses) == (20002, (Use(str(current), "dev"), Use(str(known), "dev")))


def test_those_of_tunnels_that_have_ended_follow(tmp_path):
    known, current = kubeconfig(tmp_path / "known"), kubeconfig(tmp_path / "current")
    write(state(known))
    new = running(port=20002)
    write(new)
    assert follow(new) == [str(known)]
    assert "20001" in current.read_text()  # it is not known to use it
    (left,) = background.records()
    assert left.uses == (Use(str(known), "dev"),)


def test_those_of_a_tunnel_that_runs_stay(tmp_path):
    known = kubeconfig(tmp_path / "known")
    other = dataclasses.replace(running(), uses=(Use(str(known), "dev"),))
    write(other)
    new = running(port=20002)
    write(new)
    assert follow(new) == []
    assert read(other.path) == other


def test_a_listener_as_an_option():
    assert listener("127.0.0.1", 1) == "127.0.0.1:1"
    assert listener("::1", 1) == "[::1]:1"
