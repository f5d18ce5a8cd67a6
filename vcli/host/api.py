"""The little of the API that the node's own programs need: is it ready, create, get, patch, watch.

Not `vcli.kube`: the node's first process, and what it starts of ours, stay free of third-party modules.
"""

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_NOT_FOUND = 404
_CONFLICT = 409
_ERROR = 400
_MERGE = "application/merge-patch+json"
_WATCHED_FOR = 300  # seconds; the server ends it then, and is asked again


class ApiRefusedError(Exception):
    """The API server answered with an error status."""


class Api:
    """The host's API server, as one of its clients.

    Args:
        pki: folder with ``ca.crt``, ``USER.crt`` and ``USER.key``.
        port: of the API server.
        host: its address.
        timeout: seconds for each request.
        user: file name of the client's certificate.
    """

    def __init__(
        self, pki: Path, port: int, *, host: str = "127.0.0.1", timeout: float = 10.0, user: str = "admin"
    ) -> None:
        self._pki = pki
        self._user = user
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

    def find(self, path: str) -> Any | None:
        """The object at this path, None when there is none.

        Raises:
            ApiRefusedError: another error status.
            OSError: no answer.
        """
        content = self._answer("GET", path, fine=_NOT_FOUND)
        return json.loads(content) if content else None

    def get(self, path: str) -> Any:
        """The object at this path.

        Raises:
            ApiRefusedError: an error status.
            OSError: no answer.
        """
        return json.loads(self._answer("GET", path))

    def create(self, path: str, body: Mapping[str, object]) -> None:
        """Create an object in the collection at this path; one that exists already is left alone.

        Raises:
            ApiRefusedError: an error status.
            OSError: no answer.
        """
        self._answer("POST", path, json.dumps(body).encode(), fine=_CONFLICT)

    def patch(self, path: str, body: Mapping[str, object]) -> Any:
        """Change the object at this path by a merge patch; returns what it is then.

        Raises:
            ApiRefusedError: an error status.
            OSError: no answer.
        """
        return json.loads(self._answer("PATCH", path, json.dumps(body).encode(), kind=_MERGE))

    def delete(self, path: str) -> None:
        """Delete the object at this path; one that is gone already is fine.

        Raises:
            ApiRefusedError: an error status.
            OSError: no answer.
        """
        self._answer("DELETE", path, fine=_NOT_FOUND)

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

    def _answer(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        kind: str = "application/json",
        fine: int | None = None,
    ) -> bytes:
        """What is answered; nothing for the error status that is fine."""
        status, content = self._request(method, path, body, kind=kind)
        if status == fine:
            return b""
        if status >= _ERROR:
            raise ApiRefusedError(f"{method} {path}: {status} {content[:300].decode(errors='replace')}")
        return content

    def _request(
        self, method: str, path: str, body: bytes | None = None, *, kind: str = "application/json"
    ) -> tuple[int, bytes]:
        connection = self._connection(self._timeout)
        try:
            connection.request(method, path, body, {"Content-Type": kind})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _connection(self, timeout: float) -> http.client.HTTPSConnection:
        if self._tls is None:
            tls = ssl.create_default_context(cafile=str(self._pki / "ca.crt"))
            tls.load_cert_chain(self._pki / f"{self._user}.crt", self._pki / f"{self._user}.key")
            self._tls = tls
        return http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=self._tls)
