"""ReleaseSource against an HTTP server on this machine that is laid out as the upstream sites are."""

import hashlib
import io
import socket
import tarfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from vcli.errors import VcliError
from vcli.host.binaries import Binaries, SourceUnavailableError, ensure
from vcli.host.oci import architecture
from vcli.host.products import PRODUCTS, Product
from vcli.host.release_source import ReleaseSource, Sites
from vcli.host.versions import CONTAINERD, COREDNS, ETCD, KUBERNETES


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, Sites]]:
    root = tmp_path / "site"
    root.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(root))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        base = f"http://127.0.0.1:{server.server_address[1]}"
        yield root, Sites(kubernetes=base, etcd=base, containerd=base, coredns=base)
        server.shutdown()
        thread.join()


def put(root: Path, path: str, content: bytes) -> str:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def archive(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def release_all(root: Path) -> None:
    arch = architecture()
    for program in product("kubernetes").packages:
        path = f"{KUBERNETES}/bin/linux/{arch}/{program}"
        put(root, f"{path}.sha256", put(root, path, program.encode()).encode())
    stem = f"etcd-{ETCD}-linux-{arch}"
    digest = put(
        root, f"{ETCD}/{stem}.tar.gz", archive(**{f"{stem}/etcd": b"etcd", f"{stem}/etcdctl": b"no"})
    )
    put(root, f"{ETCD}/SHA256SUMS", f"{'0' * 64}  other.tar.gz\n{digest}  {stem}.tar.gz\n".encode())
    name = f"containerd-{CONTAINERD[1:]}-linux-{arch}.tar.gz"
    content = archive(**{f"bin/{x}": x.encode() for x in product("containerd").packages})
    digest = put(root, f"{CONTAINERD}/{name}", content)
    put(root, f"{CONTAINERD}/{name}.sha256sum", f"{digest}  {name}\n".encode())
    name = f"coredns_{COREDNS[1:]}_linux_{arch}.tgz"
    digest = put(root, f"{COREDNS}/{name}", archive(coredns=b"coredns"))
    put(root, f"{COREDNS}/{name}.sha256", f"{digest}  {name}\n".encode())


def product(name: str) -> Product:
    return next(x for x in PRODUCTS if x.name == name)


def quiet(text: str) -> None:
    pass


def fetch(sites: Sites, name: str, into: Path) -> None:
    into.mkdir(exist_ok=True)
    ReleaseSource(sites).fetch(product(name), list(product(name).packages), into, quiet)


@pytest.mark.parametrize("name", ["kubernetes", "etcd", "containerd", "coredns"])
def test_each_product_is_downloaded(site: tuple[Path, Sites], tmp_path: Path, name: str) -> None:
    root, sites = site
    release_all(root)
    fetch(sites, name, tmp_path / "bin")
    assert {x.name: x.read_text() for x in (tmp_path / "bin").iterdir()} == {
        x: x for x in product(name).packages
    }
    assert all(x.stat().st_mode & 0o111 for x in (tmp_path / "bin").iterdir())


def test_wrong_checksum_is_an_error_and_leaves_nothing(site: tuple[Path, Sites], tmp_path: Path) -> None:
    root, sites = site
    release_all(root)
    name = f"coredns_{COREDNS[1:]}_linux_{architecture()}.tgz"
    put(root, f"{COREDNS}/{name}.sha256", f"{'0' * 64}  {name}\n".encode())
    with pytest.raises(VcliError, match="checksum") as caught:
        fetch(sites, "coredns", tmp_path / "bin")
    assert "VCLI_HOST_SOURCE=go" in str(caught.value.hint)
    assert list((tmp_path / "bin").iterdir()) == []


def test_release_that_is_missing_is_left_to_another_source(site: tuple[Path, Sites], tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError):
        fetch(site[1], "etcd", tmp_path / "bin")
    assert list((tmp_path / "bin").iterdir()) == []


def test_what_is_our_own_is_released_nowhere(site: tuple[Path, Sites], tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError):
        fetch(site[1], "pause", tmp_path / "bin")


def test_site_that_does_not_answer_is_given_up_in_two_seconds_and_once(tmp_path: Path) -> None:
    """A full backlog: connections are neither accepted nor refused."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        base = f"http://127.0.0.1:{silent.getsockname()[1]}"
        source = ReleaseSource(Sites(kubernetes=base, etcd=base, containerd=base, coredns=base))
        begun = time.monotonic()
        for name in ("etcd", "coredns", "kubernetes"):
            with pytest.raises(SourceUnavailableError):
                source.fetch(product(name), list(product(name).packages), tmp_path, quiet)
        assert time.monotonic() - begun < 5.5  # asked each time, it would be three times two seconds


def test_missing_programs_come_from_the_next_source(site: tuple[Path, Sites], tmp_path: Path) -> None:
    root, sites = site
    release_all(root)
    asked: list[str] = []

    class Second:
        def fetch(self, product: Product, missing: list[str], into: Path, say: object) -> None:  # noqa: ARG002
            for program in missing:
                asked.append(program)
                (into / program).write_text("built")

    found = ensure(tmp_path / "cache", [ReleaseSource(sites), Second()], quiet)  # type: ignore[list-item]
    assert asked == ["pause", "relay"]
    assert isinstance(found, Binaries)
    assert found.missing() == []
