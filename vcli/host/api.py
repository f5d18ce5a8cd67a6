"""The little that booting needs of the API: is it ready, create this, get that. Standard library only.

Not `vcli.kube`: the node's first process stays free of third-party modules.
"""

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_CONFLICT = 409
_ERROR = 400
_WATCHED_FOR = 300


class ApiRefusedError(Exception):
    """The API server answered with an error status."""


class Api:
    """The host's API server as its administrator; without their certificate as anybody, for `ready`.

    Args:
        pki: folder with ``ca.crt``, and ``admin.crt`` and ``admin.key`` of an administrator.
        port: of the API server.
        host: its address.
        timeout: seconds for each request.
    """

    def __init__(self, pki: Path, port: int, *, host: str = "127.0.0.1", timeout: float = 10.0) -> None:
        self._pki = pki
        self._host = host
        self._port = port
        self._timeout = timeout
        self._tls: ssl.SSLContext | None = None

    def ready(self) -> bool:
        """Whether ``/readyz`` answers 200: everything is up and RBAC is bootstrapped."""
        try:
            return self._request("GET", "/readyz")[0] == http.client.OK
        except (OSError, http.client.HTTPException):
            return False

    def get(self, path: str) -> Any:
        """The object at this path.

        Raises:
            ApiRefusedError: an error status.
            OSError: no answer.
        """
        status, content = self._request("GET", path)
        if status >= _ERROR:
            raise ApiRefusedError(f"GET {path}: {status} {content[:300].decode(errors='replace')}")
        return json.loads(content)

    def create(self, path: str, body: Mapping[str, object]) -> None:
        """Create an object in the collection at this path; one that exists already is left alone.

        Raises:
            ApiRefusedError: an error status.
            OSError: no answer.
        """
        status, content = self._request("POST", path, json.dumps(body).encode())
        if status >= _ERROR and status != _CONFLICT:
            raise ApiRefusedError(f"POST {path}: {status} {content[:300].decode(errors='replace')}")

    def delete(self, path: str) -> None:
        """Delete the object at this path; one that is gone already is fine.

        Raises:
            ApiRefusedError: an error status.
            OSError: no answer.
        """
        status, content = self._request("DELETE", path)
        if status >= _ERROR and status != http.client.NOT_FOUND:
            raise ApiRefusedError(f"DELETE {path}: {status} {content[:300].decode(errors='replace')}")

    def watch(self, path: str, version: str) -> Iterator[Any]:
        """The changes in a collection since a resource version, until the API server ends it.

        Raises:
            ApiRefusedError: an error status, also later on: the version is too old.
            OSError: no answer, or none any more.
        """
        connection = self._connection(_WATCHED_FOR + self._timeout)
        try:
            connection.request(
                "GET", f"{path}?watch=true&resourceVersion={version}&timeoutSeconds={_WATCHED_FOR}"
            )
            response = connection.getresponse()
            if response.status >= _ERROR:
                raise ApiRefusedError(f"watch of {path}: {response.status}")
            for line in response:
                change = json.loads(line)
                if change["type"] == "ERROR":
                    raise ApiRefusedError(f"watch of {path}: {change['object'].get('message')}")
                yield change
        finally:
            connection.close()

    def _request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = self._connection(self._timeout)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _connection(self, timeout: float) -> http.client.HTTPSConnection:
        if self._tls is None:
            tls = ssl.create_default_context(cafile=str(self._pki / "ca.crt"))
            if (self._pki / "admin.crt").exists():
                tls.load_cert_chain(self._pki / "admin.crt", self._pki / "admin.key")
            self._tls = tls
        return http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=self._tls)


def is_true(item: Mapping[str, "object"], condition: str) -> bool:
    """Whether an object's status has this condition, and it is ``True``."""
    status = item.get("status")
    conditions = status.get("conditions") or [] if isinstance(status, dict) else []
    return any(x["type"] == condition and x["status"] == "True" for x in conditions)
