"""Which proxy, if any, stands between us and an API server; the environment is read as Go's net/http does."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from vcli.errors import UsageError
from vcli.kube.access import Access, Origin

_IPV4_PARTS = 4
# With the default ports of Go's net/http, which has names resolved by the proxy for both kinds of SOCKS5.
_SCHEMES = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that understands CONNECT, of HTTP or of SOCKS5; ``login`` is a user and a password."""

    scheme: str
    host: str
    port: int
    login: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """For messages; without user and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def proxy_for(access: Access, origin: Origin, *, environ: Mapping[str, str] | None = None) -> Proxy | None:
    """The proxy to go through: the kubeconfig's, else the environment's, as kubectl has it.

    Only the environment's proxies have exceptions: NO_PROXY, and servers on this machine. ALL_PROXY is not
    looked at.

    Raises:
        UsageError: the proxy's URL can't be used.
    """
    environ = os.environ if environ is None else environ
    if access.proxy_url:
        return _parse(access.proxy_url, "the kubeconfig's proxy-url")
    if is_loopback(origin.host) or _excluded(origin, _variable(environ, "no_proxy")):
        return None
    name = f"{origin.scheme}_proxy"
    url = _variable(environ, name)
    return _parse(url, name.upper()) if url else None


def is_loopback(host: str) -> bool:
    """Is this name or address the machine itself?"""
    dotted = host.split(".")
    return host in ("localhost", "::1") or (dotted[0] == "127" and len(dotted) == _IPV4_PARTS)


def _variable(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name.upper()) or environ.get(name) or ""


def _parse(url: str, origin: str) -> Proxy:
    hint = "as in http://HOST:PORT, https://HOST:PORT or socks5://USER:PASSWORD@HOST:PORT"
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port
    except ValueError:
        # Not with the cause, which may quote a part of the password.
        raise UsageError(
            f"{origin} is not a URL",
            hint=f"{hint}; special characters in the password have to be percent-encoded",
        ) from None
    if parts.scheme not in _SCHEMES or not parts.hostname:
        wrong = f"the scheme {parts.scheme!r}, which vcli can't use" if parts.hostname else "no host"
        raise UsageError(f"{origin} has {wrong}", hint=hint)
    login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return Proxy(parts.scheme, parts.hostname, port or _SCHEMES[parts.scheme], login)


def _excluded(origin: Origin, no_proxy: str) -> bool:
    entries = [entry.strip().lower() for entry in no_proxy.split(",") if entry.strip()]
    return any(_matches(origin, entry) for entry in entries)


def _matches(origin: Origin, entry: str) -> bool:
    if entry == "*":
        return True
    host = origin.host.lower()
    if "/" in entry:
        return _in_network(host, entry)
    if entry.startswith("["):  # [::1]:6443
        address, _, port = entry[1:].partition("]")
        return host == address and port in ("", f":{origin.port}")
    if entry.count(":") == 1:
        entry, _, port = entry.partition(":")
        if port != str(origin.port):
            return False
    entry = entry.removeprefix("*")
    if entry.startswith("."):
        return host.endswith(entry)
    return host == entry or host.endswith(f".{entry}")


def _in_network(host: str, network: str) -> bool:
    import ipaddress  # noqa: PLC0415 - rarely needed

    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
