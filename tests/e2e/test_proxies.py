"""The host behind proxies: a host that only the proxy can resolve, and tunnels through it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from bare import Bare
from embedded import Host

from proxyserver import ProxyServer, in_a_thread

HIDDEN = "host.hidden"


@pytest.fixture(params=["http", "socks5"])
def proxy(request: pytest.FixtureRequest) -> Iterator[ProxyServer]:
    """A proxy that demands a login and knows the host's name."""
    server = ProxyServer(request.param, login=("jane", "secret"), names={HIDDEN: "127.0.0.1"})
    with in_a_thread(server):
        yield server


@pytest.fixture
def behind(desk: Host, proxy: ProxyServer, tmp_path: Path) -> Host:
    """The user, whose kubeconfig names the proxy and the hidden name."""
    config = json.loads(desk.kubectl("config", "view", "--raw", "--minify", "-o", "json"))
    cluster = config["clusters"][0]["cluster"]
    port = cluster["server"].rpartition(":")[2]
    cluster["server"] = f"https://{HIDDEN}:{port}"
    cluster["tls-server-name"] = "127.0.0.1"
    cluster["proxy-url"] = proxy.url(("jane", "secret"))
    desk.kubeconfig.write_text(json.dumps(config))
    return desk


def test_commands_and_tunnels_go_through_it(behind: Host, bare: Bare, proxy: ProxyServer):
    assert bare.name in behind.vcli("list", "-n", bare.namespace).stdout
    assert {host for host, _ in proxy.targets} == {HIDDEN}
    behind.vcli("connect", bare.name, "-n", bare.namespace)
    before = proxy.forwarded
    assert "default" in behind.kubectl("get", "namespaces")
    assert proxy.forwarded > before, "the tunnel goes through the proxy"
    done = behind.vcli("connect", bare.name, "-n", bare.namespace, "--", "kubectl", "get", "namespaces")
    assert "kube-system" in done.stdout


def test_a_proxy_that_is_gone_is_the_one_to_blame(desk: Host):
    for scheme in ("http", "https", "socks5"):
        url = f"{scheme}://jane:secret@127.0.0.1:1"
        desk.kubectl("config", "set-cluster", desk.name, f"--proxy-url={url}")
        done = desk.vcli("list", check=False)
        assert (done.returncode, done.stdout) == (6, "")
        blamed = f"through the proxy {scheme}://127.0.0.1:1: the proxy can't be reached: connection refused"
        assert blamed in done.stderr
        assert "secret" not in done.stderr
