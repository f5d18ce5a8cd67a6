"""Which proxy, if any, stands between us and an API server; the environment is read as Go's net/http does."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from vcli.errors import UsageError
from vcli.kube.access import Access, Origin

_IPV4_PARTS = 4
_SCHEMES = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy that understands CONNECT; ``authorization`` is for its Proxy-Authorization header."""

    host: str
    port: int
    tls: bool = False
    authorization: str | None = None

    @property
    def url(self) -> str:
        """For messages; without user and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"


def proxy_for(access: Access, origin: Origin, *, environ: Mapping[str, str] | None = None) -> Proxy | None:
    """The proxy to go through: the kubeconfig's, else the environment's; loopback is never proxied.

    Raises:
        UsageError: the proxy is not an http or https URL.
    """
    environ = os.environ if environ is None else environ
    if is_loopback(origin.host):
        return None
    url = access.proxy_url
    if url is None:
        if _excluded(origin, _variable(environ, "no_proxy")):
            return None
        url = _variable(environ, f"{origin.scheme}_proxy")
    return _parse(url) if url else None


def is_loopback(host: str) -> bool:
    """Is this name or address the machine itself?"""
    dotted = host.split(".")
    return host in ("localhost", "::1") or (dotted[0] == "127" and len(dotted) == _IPV4_PARTS)


def _variable(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name.upper()) or environ.get(name) or ""


def _parse(url: str) -> Proxy:
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port
    except ValueError as error:
        raise UsageError(f"the proxy address is not a URL: {error}") from error
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise UsageError(
            f"can't use a proxy of scheme {parts.scheme!r} at {parts.hostname!r}: only http and https",
            hint="set HTTPS_PROXY or the kubeconfig's proxy-url to an http:// proxy",
        )
    authorization = None
    if parts.username:
        import base64  # noqa: PLC0415 - rarely needed

        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(pair.encode()).decode()
    return Proxy(parts.hostname, port or _SCHEMES[parts.scheme], parts.scheme == "https", authorization)


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
