"""Pushing an archive to a registry: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#push."""

import base64
import http.client
import json
import re
import ssl
import tarfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlencode, urlsplit

from vcli.errors import NotAllowedError, UnreachableError, VcliError
from vcli.host.reference import Reference

_TIMEOUT = 60.0
_DOCKER_HUB_API = "registry-1.docker.io"
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_SAID = 300


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user of a registry."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the registry said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Registry:
    """One repository of a registry.

    Args:
        reference: names the registry and the repository.
        credentials: None pushes as nobody.
        plain_http: speak without TLS; loopback addresses always do, as Docker's do.
    """

    def __init__(
        self, reference: Reference, credentials: Credentials | None, *, plain_http: bool = False
    ) -> None:
        host = _DOCKER_HUB_API if reference.registry == "docker.io" else reference.registry
        loopback = host.partition(":")[0] in _LOOPBACK or host.startswith("[::1]")
        self._base = f"{'http' if plain_http or loopback else 'https'}://{host}"
        self._repository = reference.repository
        self._credentials = credentials
        self._authorization: str | None = None

    def push(self, archive: Path, tag: str, say: Callable[[str], None]) -> str:
        """Upload the image of an OCI archive; returns the manifest's digest. What is there is not sent again.

        Raises:
            NotAllowedError: the registry wants other credentials.
            UnreachableError: it does not answer.
            VcliError: the archive is not usable, or the registry refused it.
        """
        try:
            with tarfile.open(archive) as tar:
                return self._push(tar, tag, say)
        except (tarfile.TarError, KeyError, ValueError) as error:
            raise VcliError(
                f"{archive} is no OCI archive: {error}", hint="vcli image build makes one"
            ) from error
        except FileNotFoundError as error:
            raise VcliError(f"{archive} does not exist", hint="vcli image build makes one") from error

    def _push(self, tar: tarfile.TarFile, tag: str, say: Callable[[str], None]) -> str:
        described = _load(tar, "index.json")["manifests"][0]
        digest = str(described["digest"])
        manifest = _read(tar, digest)
        document = json.loads(manifest)
        blobs = [document["config"], *document["layers"]]
        for number, blob in enumerate(blobs, 1):
            say(f"{number}/{len(blobs)} {blob['digest'][7:19]}, {blob['size'] >> 20} MiB")
            self._push_blob(tar, str(blob["digest"]), int(blob["size"]))
        path = f"/v2/{self._repository}/manifests/{tag}"
        self._expect("PUT", path, {201}, body=manifest, headers={"Content-Type": str(described["mediaType"])})
        return digest

    def _push_blob(self, tar: tarfile.TarFile, digest: str, size: int) -> None:
        blobs = f"/v2/{self._repository}/blobs"
        if self._expect("HEAD", f"{blobs}/{digest}", {200, 404}).status == http.client.OK:
            return
        # Also gets the token for what follows, so that the big body goes out once only.
        location = self._expect("POST", f"{blobs}/uploads/", {202}).headers["location"]
        separator = "&" if urlsplit(location).query else "?"
        content = tar.extractfile(_blob(digest))
        if content is None:
            raise ValueError(digest)
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        with content:
            target = f"{location}{separator}digest={quote(digest)}"
            self._expect("PUT", target, {201}, body=content, headers=headers)

    def _expect(
        self,
        method: str,
        path: str,
        statuses: set[int],
        *,
        body: bytes | IO[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        url = path if "://" in path else self._base + path
        answer = self._send(method, url, body, headers)
        if answer.status == http.client.UNAUTHORIZED and not hasattr(body, "read"):
            self._authorize(answer.headers.get("www-authenticate", ""))
            answer = self._send(method, url, body, headers)
        if answer.status in statuses:
            return answer
        said = answer.body[:_SAID].decode(errors="replace").strip()
        message = (
            f"{urlsplit(url).netloc} refused {method} for {self._repository}: {answer.status} {said}".strip()
        )
        if answer.status in {http.client.UNAUTHORIZED, http.client.FORBIDDEN}:
            raise NotAllowedError(message, hint="docker login, or --username and --password-stdin")
        raise VcliError(message)

    def _send(
        self, method: str, url: str, body: bytes | IO[bytes] | None, headers: Mapping[str, str] | None
    ) -> Answer:
        authorization = {"Authorization": self._authorization} if self._authorization else {}
        # A storage service that an upload is redirected to must not see the registry's credentials.
        own = urlsplit(url).netloc == urlsplit(self._base).netloc
        return _request(method, url, body, {**(headers or {}), **(authorization if own else {})})

    def _authorize(self, challenge: str) -> None:
        scheme, _, rest = challenge.partition(" ")
        fields = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        basic = _basic(self._credentials)
        if scheme.lower() == "basic":
            if basic is None:
                raise NotAllowedError(
                    f"{urlsplit(self._base).netloc} wants credentials",
                    hint="docker login, or --username and --password-stdin",
                )
            self._authorization = basic
        elif scheme.lower() == "bearer" and "realm" in fields:
            scope = fields.get("scope") or f"repository:{self._repository}:pull,push"
            query = urlencode({"service": fields.get("service", ""), "scope": scope})
            answer = _request(
                "GET", f"{fields['realm']}?{query}", None, {"Authorization": basic} if basic else {}
            )
            if answer.status != http.client.OK:
                raise NotAllowedError(
                    f"{urlsplit(fields['realm']).netloc} gave no token: {answer.status}",
                    hint="docker login, or --username and --password-stdin",
                )
            said = json.loads(answer.body)
            self._authorization = f"Bearer {said.get('token') or said['access_token']}"


def _request(method: str, url: str, body: bytes | IO[bytes] | None, headers: Mapping[str, str]) -> Answer:
    parts = urlsplit(url)
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(parts.netloc, timeout=_TIMEOUT, context=context)
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT)
    with closing(connection):
        try:
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            # POST without a body has to say so: some registries wait for it.
            given = dict(headers) if body is not None else {**headers, "Content-Length": "0"}
            connection.request(method, path, body, given)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise UnreachableError(f"{parts.netloc} does not answer: {error}") from error


def _basic(credentials: Credentials | None) -> str | None:
    if credentials is None:
        return None
    return "Basic " + base64.b64encode(f"{credentials.user}:{credentials.password}".encode()).decode()


def _load(tar: tarfile.TarFile, name: str) -> Any:
    content = tar.extractfile(name)
    return json.load(content) if content else {}


def _read(tar: tarfile.TarFile, digest: str) -> bytes:
    content = tar.extractfile(_blob(digest))
    return content.read() if content else b""


def _blob(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")
