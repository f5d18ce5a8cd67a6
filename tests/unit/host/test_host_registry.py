"""Pushing to a registry that is strict about the protocol, on this machine."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from vcli.errors import NotAllowedError, UnreachableError, UsageError, VcliError
from vcli.host.docker_config import credentials
from vcli.host.oci import Image, write_archive
from vcli.host.reference import Reference
from vcli.host.registry import Credentials, Registry

USER = "Basic " + base64.b64encode(b"me:secret").decode()


class FakeRegistry(ThreadingHTTPServer):
    """What a registry keeps; `auth` is none, basic or bearer."""

    auth = "none"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, bytes] = {}
        self.requests: list[str] = []

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: FakeRegistry
    protocol_version = "HTTP/1.1"
    challenges: ClassVar[dict[str, str]] = {"basic": 'Basic realm="r"'}

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def allowed(self) -> bool:
        given = self.headers.get("Authorization")
        match self.server.auth:
            case "basic":
                if given == USER:
                    return True
                self.answer(401, WWW_Authenticate='Basic realm="registry"')
            case "bearer":
                if given == "Bearer token-for-me":
                    return True
                realm = f"http://{self.server.name}/token"
                self.answer(401, WWW_Authenticate=f'Bearer realm="{realm}",service="registry"')
            case _:
                return True
        return False

    def handle_one(self) -> None:  # noqa: PLR0911
        parts = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests.append(f"{self.command} {parts.path}")
        if parts.path == "/token":
            good = self.headers.get("Authorization") == USER and "repository:team/app:" in query["scope"]
            return self.answer(200 if good else 401, json.dumps({"token": "token-for-me"}).encode())
        if not self.allowed():
            return None
        kind, name = parts.path.removeprefix("/v2/team/app/").split("/", 1)
        if kind == "blobs" and self.command == "HEAD":
            return self.answer(200 if name in self.server.blobs else 404)
        if kind == "blobs" and self.command == "POST":
            return self.answer(202, Location="/v2/team/app/blobs/uploads/1?state=x")
        if kind == "blobs" and self.command == "PUT":
            digest = "sha256:" + hashlib.sha256(body).hexdigest()
            if query != {"state": "x", "digest": digest}:
                return self.answer(400, b"digest does not match")
            self.server.blobs[digest] = body
            return self.answer(201)
        manifest = json.loads(body)
        known = {x["digest"] for x in (manifest["config"], *manifest["layers"])} <= self.server.blobs.keys()
        if not known or self.headers["Content-Type"] != manifest["mediaType"]:
            return self.answer(400, b"manifest unknown")
        self.server.manifests[name] = body
        return self.answer(201)

    do_GET = do_HEAD = do_POST = do_PUT = handle_one  # noqa: N815


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    write_archive(Image(names=["example.test/team/app:1"], files={"/hello": b"hello"}), tmp_path / "a.tar")
    return tmp_path / "a.tar"


def push(registry: FakeRegistry, archive: Path, login: Credentials | None = None) -> str:
    reference = Reference.parse(f"{registry.name}/team/app:1")
    return Registry(reference, login).push(archive, "1", lambda _: None)


ME = Credentials("me", "secret")


@pytest.mark.parametrize(("auth", "login"), [("none", None), ("basic", ME), ("bearer", ME)])
def test_image_arrives_whole(
    registry: FakeRegistry, archive: Path, auth: str, login: Credentials | None
) -> None:
    registry.auth = auth
    digest = push(registry, archive, login)
    assert "sha256:" + hashlib.sha256(registry.manifests["1"]).hexdigest() == digest
    assert len(registry.blobs) == 2


def test_what_is_there_is_not_sent_again(registry: FakeRegistry, archive: Path) -> None:
    push(registry, archive)
    registry.requests.clear()
    push(registry, archive)
    assert {x.split()[0] for x in registry.requests} == {"HEAD", "PUT"}
    assert sum(x.startswith("PUT") for x in registry.requests) == 1


@pytest.mark.parametrize("auth", ["basic", "bearer"])
@pytest.mark.parametrize("login", [None, Credentials("me", "wrong")])
def test_wrong_credentials_are_told(
    registry: FakeRegistry, archive: Path, auth: str, login: Credentials | None
) -> None:
    registry.auth = auth
    with pytest.raises(NotAllowedError) as caught:
        push(registry, archive, login)
    assert "docker login" in str(caught.value.hint)
    assert "wrong" not in str(caught.value)


def test_registry_that_is_not_there(archive: Path, registry: FakeRegistry) -> None:
    reference = Reference.parse("127.0.0.1:1/team/app:1")
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1"):
        Registry(reference, None).push(archive, "1", lambda _: None)


def test_file_that_is_no_archive(tmp_path: Path, registry: FakeRegistry) -> None:
    (tmp_path / "x").write_text("x")
    with pytest.raises(VcliError, match="not an OCI archive"):
        push(registry, tmp_path / "x")
    with pytest.raises(VcliError, match="does not exist"):
        push(registry, tmp_path / "y")


def test_password_is_in_no_traceback() -> None:
    assert "secret" not in repr(ME)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("vcli", "docker.io/library/vcli:latest"),
        ("me/vcli:1", "docker.io/me/vcli:1"),
        ("ghcr.io/me/vcli:1", "ghcr.io/me/vcli:1"),
        ("localhost:5000/vcli", "localhost:5000/vcli:latest"),
        ("localhost/vcli:1", "localhost/vcli:1"),
        ("docker.io/library/python:3.11-slim", "docker.io/library/python:3.11-slim"),
    ],
)
def test_names_are_read_as_docker_does(text: str, whole: str) -> None:
    assert str(Reference.parse(text)) == whole
    assert str(Reference.parse(whole)) == whole


@pytest.mark.parametrize("text", ["", "Upper", "a b", "x:", "x@sha256:0", "example.test/", "a//b", "x:t:t"])
def test_no_name(text: str) -> None:
    if text == "x:":
        assert Reference.parse(text).tag == "latest"
        return
    with pytest.raises(UsageError):
        Reference.parse(text)


def test_docker_login_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    assert credentials("ghcr.io") is None
    coded = base64.b64encode(b"me:secret").decode()
    config: dict[str, Any] = {
        "auths": {"ghcr.io": {"auth": coded}, "https://index.docker.io/v1/": {"auth": coded}}
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert credentials("ghcr.io") == ME
    assert credentials("docker.io") == ME
    assert credentials("quay.io") is None


def test_credential_helper_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper = tmp_path / "docker-credential-fake"
    helper.write_text(
        '#!/bin/sh\nread server; [ "$server" = ghcr.io ] && echo \'{"Username":"me","Secret":"secret"}\'\n'
    )
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "config.json").write_text(json.dumps({"credsStore": "fake"}))
    assert credentials("ghcr.io") == ME
    assert credentials("quay.io") is None
