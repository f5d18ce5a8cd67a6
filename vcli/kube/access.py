"""Where an API server is and how we prove to it who we are."""

import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from vcli.errors import UnreachableError, UsageError

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TOKEN_REREAD = 60.0  # seconds; the kubelet renews a token at 80 % of its life, ten minutes at the least
_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Everything a connection to one API server needs.

    Attributes:
        server: ``https://host[:port][/prefix]``; plain http is for tests and proxies on the same machine.
        ca: PEM of the certificate authorities to trust, None for those of the system.
        insecure: trust any server certificate.
        tls_server_name: the name to expect in the server's certificate, when it isn't the host in ``server``.
        proxy_url: ``http://``, ``https://`` or ``socks5://`` proxy; None: HTTPS_PROXY and NO_PROXY decide.
        client_certificate: PEM, with ``client_key`` (PEM).
        certificate: called before each connection, for a certificate and key that change.
        token: called before each request, so that rotating and exec-plugin tokens stay fresh; may be empty.
        basic: user and password.
        impersonate: headers (``Impersonate-User`` …) of each request; several values are several headers.
        namespace: the namespace for calls that name none.
        identity: who we are, for messages: ``user 'jane' of context 'prod'``.
    """

    server: str
    ca: bytes | None = None
    insecure: bool = False
    tls_server_name: str | None = None
    proxy_url: str | None = field(default=None, repr=False)
    client_certificate: bytes | None = field(default=None, repr=False)
    client_key: bytes | None = field(default=None, repr=False)
    certificate: Callable[[], Awaitable[tuple[bytes, bytes] | None]] | None = field(default=None, repr=False)
    token: Callable[[], Awaitable[str]] | None = field(default=None, repr=False)
    basic: tuple[str, str] | None = field(default=None, repr=False)
    impersonate: Mapping[str, str | tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    namespace: str = "default"
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """The parts of ``Access.server``; ``prefix`` is the path without a slash at its end."""

    scheme: str
    host: str
    port: int
    prefix: str

    @property
    def authority(self) -> str:
        """As in a Host header, IPv6 addresses in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """For messages; without the prefix."""
        return f"{self.scheme}://{self.authority}"

    @classmethod
    def of(cls, server: str) -> "Origin":
        """Take a server's URL apart; without a scheme it is https.

        Raises:
            UsageError: not a URL of an API server.
        """
        try:
            parts = urlsplit(server if "://" in server else f"https://{server}")
            port = parts.port
        except ValueError:
            # Not with the cause, which may quote a part of a password.
            raise UsageError(f"the server address {without_login(server)!r} is not a URL") from None
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise UsageError(f"the server address {without_login(server)!r} is not an http or https URL")
        return cls(parts.scheme, parts.hostname, port or _DEFAULT_PORTS[parts.scheme], parts.path.rstrip("/"))


def without_login(url: str) -> str:
    """A URL without user and password, also where one of them has characters that no URL may have."""
    scheme, separator, rest = url.partition("://") if "://" in url else ("", "", url)
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"


def in_cluster(*, environ: Mapping[str, str] = os.environ, directory: Path = SERVICE_ACCOUNT) -> Access:
    """The access of a pod's own service account.

    Raises:
        UnreachableError: this isn't a pod, or it has no service account token.
    """
    host, port = environ.get("KUBERNETES_SERVICE_HOST"), environ.get("KUBERNETES_SERVICE_PORT")
    if not host or not port:
        raise UnreachableError("not running inside a cluster: KUBERNETES_SERVICE_HOST is not set")
    host = f"[{host}]" if ":" in host else host
    try:
        ca = (directory / "ca.crt").read_bytes()
        namespace = (directory / "namespace").read_text().strip()
    except OSError as error:
        raise UnreachableError(f"no service account mounted at {directory}: {error.strerror}") from error
    return Access(
        server=f"https://{host}:{port}",
        ca=ca,
        token=token_file(directory / "token"),
        namespace=namespace,
        identity="the ServiceAccount of this pod",
    )


def token_file(path: Path) -> Callable[[], Awaitable[str]]:
    """A token source that reads the file again once a minute, since the kubelet replaces it."""
    token, due = "", 0.0

    async def read() -> str:
        nonlocal token, due
        if time.monotonic() >= due:
            try:
                token = path.read_text().strip()  # noqa: ASYNC240 - on tmpfs
            except OSError as error:
                raise UnreachableError(f"can't read the token {path}: {error.strerror}") from error
            due = time.monotonic() + _TOKEN_REREAD
        return token

    return read


def certificate_files(certificate: Path, key: Path) -> Callable[[], Awaitable[tuple[bytes, bytes]]]:
    """A source of certificate and key that reads the files each time, since the kubelet replaces both."""

    async def read() -> tuple[bytes, bytes]:
        try:
            while True:  # until no replacement came in between
                pair = certificate.read_bytes(), key.read_bytes()  # noqa: ASYNC240 - on tmpfs
                if certificate.read_bytes() == pair[0]:  # noqa: ASYNC240
                    return pair
        except OSError as error:
            raise UnreachableError(f"can't read the certificate {certificate}: {error.strerror}") from error

    return read
