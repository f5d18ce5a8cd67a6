"""Addresses, proxies, in-cluster credentials, TLS contexts, paths."""

import ssl
from pathlib import Path

import pytest

from vcli.errors import UnreachableError, UsageError
from vcli.kube.access import Access, Origin, certificate_files, in_cluster
from vcli.kube.proxy import proxy_for
from vcli.kube.resources import CLUSTERROLES, DEPLOYMENTS, PODS, Resource
from vcli.kube.tls import client_context


@pytest.mark.parametrize(
    ("server", "authority", "host", "port", "prefix"),
    [
        ("https://10.0.0.1:6443", "10.0.0.1:6443", "10.0.0.1", 6443, ""),
        ("https://api.example/", "api.example", "api.example", 443, ""),
        ("https://[fd00::1]:6443", "[fd00::1]:6443", "fd00::1", 6443, ""),
        ("https://rancher.example/k8s/c-1/", "rancher.example", "rancher.example", 443, "/k8s/c-1"),
        ("http://localhost:8001", "localhost:8001", "localhost", 8001, ""),
        ("api.example:6443", "api.example:6443", "api.example", 6443, ""),
    ],
)
def test_a_server_address_is_taken_apart(server, authority, host, port, prefix):
    origin = Origin.of(server)
    assert (origin.authority, origin.host, origin.port, origin.prefix) == (authority, host, port, prefix)


@pytest.mark.parametrize("server", ["", "https://", "ftp://x", "https://x:port"])
def test_what_is_no_server_address_is_a_usage_error(server):
    with pytest.raises(UsageError, match="server address"):
        Origin.of(server)


def through(server: str, proxy_url: str | None = None, **environ: str) -> str | None:
    access = Access(server=server, proxy_url=proxy_url)
    proxy = proxy_for(access, Origin.of(server), environ=environ)
    return proxy.url if proxy else None


def test_the_kubeconfigs_proxy_goes_before_the_environments():
    environ = {"HTTPS_PROXY": "http://env:1", "NO_PROXY": "*"}
    assert through("https://api", "http://mine:2", **environ) == "http://mine:2"


@pytest.mark.parametrize(
    "server", ["https://localhost:1", "https://127.0.0.1:1", "https://127.8.9.1", "https://[::1]:1"]
)
def test_only_the_environments_proxies_spare_loopback(server):
    assert through(server, HTTPS_PROXY="http://env:1") is None
    assert through(server, "http://mine:2", HTTPS_PROXY="http://env:1") == "http://mine:2"


@pytest.mark.parametrize(
    ("no_proxy", "direct"),
    [
        ("", False),
        ("*", True),
        ("example.com", True),
        (".example.com", True),
        ("*.example.com", True),
        ("API.Example.com", True),
        ("pi.example.com", False),
        ("com.example", False),
        ("a, example.com ,b", True),
        ("api.example.com:6443", True),
        ("api.example.com:443", False),
    ],
)
def test_no_proxy_by_name(no_proxy, direct):
    proxy = through("https://api.example.com:6443", HTTPS_PROXY="http://env:1", NO_PROXY=no_proxy)
    assert proxy == (None if direct else "http://env:1")


@pytest.mark.parametrize(
    ("server", "no_proxy", "direct"),
    [
        ("https://10.1.2.3", "10.0.0.0/8", True),
        ("https://11.1.2.3", "10.0.0.0/8", False),
        ("https://api.example", "10.0.0.0/8", False),
        ("https://[fd00::1]:6443", "fd00::/8", True),
        ("https://[fd00::1]:6443", "fd00::1", True),
        ("https://[fd00::1]:6443", "[fd00::1]:6443", True),
        ("https://[fd00::1]:6443", "[fd00::1]:1", False),
        ("https://10.1.2.3", "10.0.0.0/99", False),
    ],
)
def test_no_proxy_by_address(server, no_proxy, direct):
    proxy = through(server, https_proxy="env:3128", no_proxy=no_proxy)
    assert proxy == (None if direct else "http://env:3128")


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("socks5://proxy", ("socks5", "proxy", 1080, None)),
        ("socks5h://[::1]:1", ("socks5h", "::1", 1, None)),
        ("SOCKS5://u:p%40%3A@proxy:1", ("socks5", "proxy", 1, ("u", "p@:"))),
        ("https://proxy", ("https", "proxy", 443, None)),
        ("http://u@proxy/", ("http", "proxy", 80, ("u", ""))),
    ],
)
def test_proxies_as_they_are_written(url, read):
    proxy = proxy_for(Access(server="https://api", proxy_url=url), Origin.of("https://api"), environ={})
    assert (proxy.scheme, proxy.host, proxy.port, proxy.login) == read


@pytest.mark.parametrize(
    "url", ["socks4://proxy", "http://", "http://u:s3cret/x@proxy", "ftp://u:s3cret@proxy"]
)
def test_what_is_no_proxy_is_named_without_its_password(url):
    with pytest.raises(UsageError, match="the kubeconfig's proxy-url") as caught:
        through("https://api", url)
    assert "s3cret" not in caught.value.message
    with pytest.raises(UsageError, match="HTTPS_PROXY"):
        through("https://api", HTTPS_PROXY=url)


def test_all_proxy_is_not_for_us():
    assert through("https://api", ALL_PROXY="http://env:1", HTTP_PROXY="http://env:2") is None
    assert through("http://api", HTTP_PROXY="socks5://env:2") == "socks5://env:2"


async def test_in_cluster_reads_the_service_account(tmp_path):
    (tmp_path / "ca.crt").write_bytes(b"PEM")
    (tmp_path / "namespace").write_text("team-a\n")
    (tmp_path / "token").write_text("one\n")
    environ = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}
    access = in_cluster(environ=environ, directory=tmp_path)
    assert (access.server, access.namespace, access.ca) == ("https://[fd00::1]:443", "team-a", b"PEM")
    assert access.token is not None
    assert await access.token() == "one"


async def test_the_service_accounts_token_is_read_again_in_time(tmp_path, monkeypatch):
    from vcli.kube import access as module  # noqa: PLC0415

    (tmp_path / "token").write_text("one")
    now = 1000.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    token = module.token_file(tmp_path / "token")
    assert await token() == "one"
    (tmp_path / "token").write_text("two")
    now += 61
    assert await token() == "two"


def test_outside_a_cluster_there_is_no_in_cluster_access(tmp_path):
    with pytest.raises(UnreachableError, match="not running inside a cluster"):
        in_cluster(environ={}, directory=tmp_path)


def test_insecure_checks_nothing_and_a_bad_ca_is_an_error():
    context = client_context(Access(server="https://x", insecure=True))
    assert context.verify_mode is ssl.CERT_NONE
    with pytest.raises(UsageError, match="certificate authority for https://x"):
        client_context(Access(server="https://x", ca=b"garbage"))
    with pytest.raises(UsageError, match="client certificate and key for https://x"):
        client_context(Access(server="https://x", insecure=True, client_certificate=b"garbage"))


def test_credentials_are_not_in_the_repr():
    access = Access(
        server="https://x", client_key=b"KEY", basic=("user", "PASSWORD"), proxy_url="http://u:PASSWORD@proxy"
    )
    assert "KEY" not in repr(access)
    assert "PASSWORD" not in repr(access)


def test_paths_of_resources():
    assert PODS.path() == "/api/v1/pods"
    assert PODS.path(namespace="a", name="b", subresource="log") == "/api/v1/namespaces/a/pods/b/log"
    assert DEPLOYMENTS.path(namespace="a") == "/apis/apps/v1/namespaces/a/deployments"
    # A colon is legal in names of RBAC objects, and a slash must not lead elsewhere.
    assert CLUSTERROLES.path(namespace="x", name="a:b/../c").endswith("/clusterroles/a%3Ab%2F..%2Fc")


def test_a_resource_is_found_by_its_object():
    assert Resource.of({"apiVersion": "apps/v1", "kind": "Deployment"}) is DEPLOYMENTS
    with pytest.raises(LookupError, match="v9/Nothing"):
        Resource.of({"apiVersion": "v9", "kind": "Nothing"})


async def test_a_certificate_and_its_key_are_of_one_replacement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    certificate, key = tmp_path / "a.crt", tmp_path / "a.key"
    certificate.write_bytes(b"1")
    key.write_bytes(b"1")
    read = certificate_files(certificate, key)
    assert await read() == (b"1", b"1")
    reading = Path.read_bytes

    def replaced_meanwhile(path: Path) -> bytes:
        if path == key:
            certificate.write_bytes(b"2")
            key.write_bytes(b"2")
        return reading(path)

    monkeypatch.setattr(Path, "read_bytes", replaced_meanwhile)
    assert await read() == (b"2", b"2")
    key.unlink()
    monkeypatch.undo()
    with pytest.raises(UnreachableError, match=r"a\.crt"):
        await read()
