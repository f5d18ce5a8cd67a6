"""The little that booting needs of the API: is it ready, create this, get that. Standard library only.

Not `vcli.kube`: the node's first process stays free of third-party modules.
"""

import http.client
import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_CONFLICT = 409
_ERROR = 400


class ApiRefusedError(Exception):
    """The API server answered with an error status."""


class Api:
    """The node's API server as its administrator.

    Args:
        pki: folder with ``ca.crt``, ``admin.crt`` and ``admin.key``.
        port: of the API server on 127.0.0.1.
        timeout: seconds for each request.
    """

    def __init__(self, pki: Path, port: int, *, timeout: float = 10.0) -> None:
        self._pki = pki
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

    def _request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        if self._tls is None:
            self._tls = ssl.create_default_context(cafile=str(self._pki / "ca.crt"))
            self._tls.load_cert_chain(self._pki / "admin.crt", self._pki / "admin.key")
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self._port, timeout=self._timeout, context=self._tls
        )
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()
