"""Pushing an archive to a registry: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#push."""

import json
import re
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx

from vcli.errors import NotAllowedError, UnreachableError, VcliError
from vcli.host.reference import Reference

_TIMEOUT = 60.0
_DOCKER_HUB_API = "registry-1.docker.io"
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_SAID = 300
_LOGIN = "docker login, or --username and --password-stdin"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user of a registry."""

    user: str
    password: str = field(repr=False)


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
        self._base = httpx.URL(f"{'http' if plain_http or loopback else 'https'}://{host}")
        self._repository = reference.repository
        self._credentials = credentials
        self._authorization: str | None = None
        # A redirected upload loses Authorization on its way to another host: httpx sees to that.
        self._http = httpx.Client(timeout=_TIMEOUT, follow_redirects=True)

    def push(self, archive: Path, tag: str, say: Callable[[str], None]) -> str:
        """Upload the image of an OCI archive; returns the manifest's digest. What is there is not sent again.

        Raises:
            NotAllowedError: the registry wants other credentials.
            UnreachableError: it does not answer.
            VcliError: the archive is not usable, or the registry refused it.
        """
        try:
            with tarfile.open(archive) as tar, self._http:
                return self._push(tar, tag, say)
        except (tarfile.TarError, KeyError, ValueError) as error:
            raise VcliError(
                f"{archive} is not an OCI archive: {error}", hint="vcli image build writes one"
            ) from error
        except FileNotFoundError as error:
            raise VcliError(f"{archive} does not exist", hint="vcli image build writes one") from error

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
        if self._expect("HEAD", f"{blobs}/{digest}", {200, 404}).status_code == httpx.codes.OK:
            return
        # Also gets the token for what follows, so that the big body goes out once only.
        location = self._expect("POST", f"{blobs}/uploads/", {202}).headers["location"]
        content = tar.extractfile(_blob(digest))
        if content is None:
            raise ValueError(digest)
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        with content:
            target = self._base.join(location).copy_add_param("digest", digest)
            self._expect("PUT", target, {201}, body=content, headers=headers)

    def _expect(
        self,
        method: str,
        path: str | httpx.URL,
        statuses: set[int],
        *,
        body: bytes | IO[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        url = self._base.join(path)
        answer = self._send(method, url, body, headers)
        if answer.status_code == httpx.codes.UNAUTHORIZED and not hasattr(body, "read"):
            self._authorize(answer.headers.get("www-authenticate", ""))
            answer = self._send(method, url, body, headers)
        if answer.status_code in statuses:
            return answer
        message = (
            f"{_host(url)} refused {method} for {self._repository}: "
            f"{answer.status_code} {answer.text[:_SAID].strip()}"
        ).strip()
        if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            raise NotAllowedError(message, hint=_LOGIN)
        raise VcliError(message)

    def _send(
        self, method: str, url: httpx.URL, body: bytes | IO[bytes] | None, headers: Mapping[str, str] | None
    ) -> httpx.Response:
        # A storage service that an upload was sent to must not see the registry's credentials.
        own = url.netloc == self._base.netloc
        authorization = {"Authorization": self._authorization} if self._authorization and own else {}
        try:
            return self._http.request(method, url, content=body, headers={**(headers or {}), **authorization})
        except httpx.HTTPError as error:
            raise UnreachableError(f"{_host(url)} does not answer: {error}") from error

    def _authorize(self, challenge: str) -> None:
        scheme, _, rest = challenge.partition(" ")
        fields = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        basic = None
        if self._credentials is not None:
            basic = httpx.BasicAuth(self._credentials.user, self._credentials.password)
        if scheme.lower() == "basic":
            if basic is None:
                raise NotAllowedError(f"{_host(self._base)} wants a user and a password", hint=_LOGIN)
            request = next(basic.auth_flow(httpx.Request("GET", self._base)))
            self._authorization = request.headers["Authorization"]
        elif scheme.lower() == "bearer" and "realm" in fields:
            scope = fields.get("scope") or f"repository:{self._repository}:pull,push"
            self._authorization = f"Bearer {self._token(fields, scope, basic)}"

    def _token(self, fields: Mapping[str, str], scope: str, basic: httpx.Auth | None) -> str:
        """Ask the realm of a challenge: https://distribution.github.io/distribution/spec/auth/token."""
        realm = httpx.URL(fields["realm"]).copy_merge_params(
            {"service": fields.get("service", ""), "scope": scope}
        )
        try:
            answer = self._http.get(realm, auth=basic)
        except httpx.HTTPError as error:
            raise UnreachableError(f"{_host(realm)} does not answer: {error}") from error
        if answer.status_code != httpx.codes.OK:
            raise NotAllowedError(
                f"{_host(realm)} gave no token for this login: HTTP {answer.status_code}", hint=_LOGIN
            )
        said = answer.json()
        return str(said.get("token") or said["access_token"])


def _host(url: httpx.URL) -> str:
    return url.netloc.decode()


def _load(tar: tarfile.TarFile, name: str) -> Any:
    content = tar.extractfile(name)
    return json.load(content) if content else {}


def _read(tar: tarfile.TarFile, digest: str) -> bytes:
    content = tar.extractfile(_blob(digest))
    return content.read() if content else b""


def _blob(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")
