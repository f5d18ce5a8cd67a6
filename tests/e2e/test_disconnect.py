"""``vcli disconnect`` and ``tunnels`` on a real host."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from bare import Bare
from embedded import Host
from keyboard import alive


def current(desk: Host) -> str:
    return desk.kubectl("config", "current-context", check=False).strip()


def contexts(desk: Host) -> list[str]:
    return desk.kubectl("config", "get-contexts", "-o", "name").split()


def tunnels(desk: Host) -> Any:
    return json.loads(desk.vcli("tunnels", "-o", "json").stdout)


@pytest.fixture
def elsewhere(desk: Host) -> str:
    """A context of the user's own that is current, and isn't the host's."""
    desk.kubectl("config", "set-context", "elsewhere", "--cluster=somewhere", "--user=me")
    desk.kubectl("config", "use-context", "elsewhere")
    return "elsewhere"


def test_back_to_what_was_current_and_not_to_what_a_name_suggests(
    desk: Host, bare: Bare, elsewhere: str
) -> None:
    """Trap 10."""
    before = yaml.safe_load(desk.kubeconfig.read_text())
    desk.vcli("connect", bare.name, "-n", bare.namespace, "--context", bare.parent)
    assert current(desk) == bare.context
    done = desk.vcli("disconnect")
    assert done.stdout == ""
    assert done.stderr.splitlines() == [f"disconnected: {bare.context}", "the current context is elsewhere"]
    assert yaml.safe_load(desk.kubeconfig.read_text()) == before
    assert tunnels(desk) == []


def test_outside_a_virtual_cluster_it_is_an_error_with_a_hint(desk: Host, bare: Bare) -> None:
    done = desk.vcli("disconnect", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"the current context '{bare.parent}' is not that of a connected virtual cluster" in done.stderr
    assert "hint: " in done.stderr
    done = desk.vcli("disconnect", "-o", "json", check=False)
    assert json.loads(done.stderr)["error"]["hint"]
    assert desk.vcli("disconnect", "--all").returncode == 0


def test_by_name_while_something_else_is_current(desk: Host, bare: Bare) -> None:
    desk.vcli("connect", bare.name, "-n", bare.namespace)
    desk.kubectl("config", "use-context", bare.parent)
    done = desk.vcli("disconnect", bare.name)
    assert done.stderr.splitlines() == [f"disconnected: {bare.context}"]
    assert (current(desk), contexts(desk), tunnels(desk)) == (bare.parent, [bare.parent], [])
    done = desk.vcli("disconnect", bare.name, check=False)
    assert done.returncode == 3
    assert "is not connected" in done.stderr


def test_from_a_context_of_another_name(desk: Host, bare: Bare) -> None:
    desk.vcli("connect", bare.name, "-n", bare.namespace, "--context-name", "dev")
    desk.vcli("connect", bare.name, "-n", bare.namespace, "--context-name", "test")
    assert len(tunnels(desk)) == 1
    done = desk.vcli("disconnect", "-o", "json")
    assert json.loads(done.stdout) == {"contexts": ["test"], "tunnels": [], "currentContext": "dev"}
    assert len(tunnels(desk)) == 1  # dev still needs it
    assert "namespace/default" in desk.kubectl("get", "ns", "-o", "name")
    desk.vcli("disconnect", "dev")
    assert (current(desk), tunnels(desk)) == (bare.parent, [])


def test_a_tunnel_on_all_addresses_is_known_by_its_local_one(desk: Host, bare: Bare) -> None:
    for name in ("dev", "test"):
        argv = ["connect", bare.name, "-n", bare.namespace, "--address", "0.0.0.0", "--context-name", name]  # noqa: S104
        connected = json.loads(desk.vcli(*argv, "-o", "json").stdout)
    assert connected["server"] == f"https://127.0.0.1:{connected['tunnel']['port']}"
    desk.vcli("disconnect")
    assert "namespace/default" in desk.kubectl("get", "ns", "-o", "name")
    desk.vcli("disconnect")
    assert tunnels(desk) == []


def test_all_at_once(desk: Host, bare: Bare, tmp_path: Path) -> None:
    before = yaml.safe_load(desk.kubeconfig.read_text())
    desk.vcli("connect", bare.name, "-n", bare.namespace)
    desk.vcli("connect", bare.name, "-n", bare.namespace, "--context-name", "other")
    desk.vcli("connect", bare.name, "-n", bare.namespace, "--local-port", "0", "--print")
    done = json.loads(desk.vcli("disconnect", "--all", "-o", "json").stdout)
    assert done["contexts"] == ["other", bare.context]
    assert yaml.safe_load(desk.kubeconfig.read_text()) == before
    assert tunnels(desk) == []


def test_a_tunnel_without_a_context_ends_by_name(desk: Host, bare: Bare) -> None:
    desk.vcli("connect", bare.name, "-n", bare.namespace, "--print")
    (tunnel,) = tunnels(desk)
    assert (tunnel["name"], tunnel["namespace"]) == (bare.name, bare.namespace)
    done = desk.vcli("disconnect", bare.name)
    assert done.stderr.splitlines() == [f"ended the tunnel to virtual cluster {bare.name}"]
    assert tunnels(desk) == []
    assert not alive(tunnel["pid"])


def test_what_was_current_may_be_gone(desk: Host, bare: Bare, elsewhere: str) -> None:
    desk.vcli("connect", bare.name, "-n", bare.namespace, "--context", bare.parent)
    desk.kubectl("config", "delete-context", elsewhere)
    done = desk.vcli("disconnect")
    assert done.stderr.splitlines()[0] == (
        "warning: the context 'elsewhere', which was current before, does not exist any more: none is current"
        " now (kubectl config use-context NAME makes one current)"
    )
    assert current(desk) == ""


def test_a_file_of_its_own(desk: Host, bare: Bare, tmp_path: Path) -> None:
    alone = tmp_path / "alone.yaml"
    desk.vcli("connect", bare.name, "-n", bare.namespace, "--kube-config", str(alone))
    before = desk.kubeconfig.read_bytes()
    desk.vcli("disconnect", "--kubeconfig", str(alone))
    assert desk.kubeconfig.read_bytes() == before
    assert yaml.safe_load(alone.read_text())["contexts"] == []
    assert tunnels(desk) == []


def test_kubectl_keeps_our_mark(desk: Host, bare: Bare) -> None:
    """What kubectl rewrites is still known as ours."""
    desk.vcli("connect", bare.name, "-n", bare.namespace)
    desk.kubectl("config", "set-context", "--current", "--namespace=kube-system")
    desk.kubectl("config", "rename-context", bare.context, "renamed")
    assert "serviceaccounts" in desk.kubectl("api-resources", "-o", "name")
    desk.vcli("disconnect")
    assert (current(desk), contexts(desk), tunnels(desk)) == (bare.parent, [bare.parent], [])
    left = yaml.safe_load(desk.kubeconfig.read_text())
    assert [len(left[section]) for section in ("clusters", "users")] == [1, 1]


def test_the_list_of_tunnels(desk: Host, bare: Bare) -> None:
    assert desk.vcli("tunnels").stdout == ""
    desk.vcli("connect", bare.name, "-n", bare.namespace)
    heading, line = desk.vcli("tunnels").stdout.splitlines()
    titles = ["NAME", "NAMESPACE", "SERVER", "HOST", "PID", "STATUS", "AGE", "USED", "BY"]
    assert heading.split() == titles
    cells = line.split()
    assert cells[:2] == [bare.name, bare.namespace]
    assert (cells[5], cells[7]) == ("running", str(desk.kubeconfig))


@pytest.fixture
def other(desk: Host, tmp_path: Path) -> Host:
    """The same user in another terminal, with a kubeconfig of its own."""
    kubeconfig = tmp_path / "other"
    kubeconfig.write_bytes(desk.kubeconfig.read_bytes())
    return Host(name=desk.name, kubeconfig=kubeconfig, env=desk.env | {"KUBECONFIG": str(kubeconfig)})


def test_a_tunnel_stays_while_another_kubeconfig_uses_it(desk: Host, other: Host, bare: Bare) -> None:
    for user in (desk, other):
        user.vcli("connect", bare.name, "-n", bare.namespace)
    (tunnel,) = tunnels(desk)
    assert [each["kubeconfig"] for each in tunnel["usedBy"]] == [str(desk.kubeconfig), str(other.kubeconfig)]
    done = desk.vcli("disconnect")
    assert done.stderr.splitlines()[-1] == (
        f"the tunnel to virtual cluster {bare.name} stays: {other.kubeconfig} uses it"
    )
    (left,) = tunnels(desk)
    assert (left["pid"], left["status"]) == (tunnel["pid"], "running")
    assert [each["kubeconfig"] for each in left["usedBy"]] == [str(other.kubeconfig)]
    assert "namespace/default" in other.kubectl("get", "ns", "-o", "name")
    other.vcli("disconnect")
    assert tunnels(desk) == []
    assert not alive(tunnel["pid"])


def test_a_kubeconfig_that_is_gone_or_was_changed_does_not_count(
    desk: Host, other: Host, bare: Bare, tmp_path: Path
) -> None:
    for user in (desk, other):
        user.vcli("connect", bare.name, "-n", bare.namespace)
    gone = tmp_path / "gone.yaml"
    desk.vcli("connect", bare.name, "-n", bare.namespace, "--kube-config", str(gone))
    gone.unlink()
    for section in ("contexts", "clusters", "users"):
        other.kubectl("config", f"delete-{section[:-1]}", bare.context)
    desk.vcli("disconnect")
    assert tunnels(desk) == []


def test_all_ends_what_others_use_and_their_next_kubectl_starts_it_again(
    desk: Host, other: Host, bare: Bare
) -> None:
    for user in (desk, other):
        user.vcli("connect", bare.name, "-n", bare.namespace)
    (before,) = tunnels(desk)
    done = desk.vcli("disconnect", "--all")
    assert done.stderr.splitlines()[-1] == (
        f"ended the tunnel to virtual cluster {bare.name}; kubectl starts it again for {other.kubeconfig}"
    )
    (ended,) = tunnels(desk)
    assert (ended["status"], ended["pid"], ended["port"]) == ("stopped", None, before["port"])
    (row,) = json.loads(other.vcli("list", "-n", bare.namespace, "-o", "json").stdout)
    assert (row["connected"], row["tunnel"]) == (True, "stopped")
    assert "tunnel stopped" in other.vcli("list", "-n", bare.namespace).stdout
    assert "namespace/default" in other.kubectl("get", "ns", "-o", "name")
    (again,) = tunnels(desk)
    assert (again["status"], again["port"]) == ("running", before["port"])
    (row,) = json.loads(other.vcli("list", "-n", bare.namespace, "-o", "json").stdout)
    assert (row["connected"], row["tunnel"]) == (True, "running")
    other.vcli("disconnect")
    assert tunnels(desk) == []
