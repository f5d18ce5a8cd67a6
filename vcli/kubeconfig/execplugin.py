"""Credentials from a program: the ``client.authentication.k8s.io`` protocol, v1 and v1beta1.

The program's answer is kept until it expires and asked for again then, so a command that runs for days never
holds a dead token.
"""

import asyncio
import datetime as dt
import json
import os
import shlex
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from vcli.errors import NotAllowedError
from vcli.kube.types import Object
from vcli.kubeconfig.program import run

_GROUP: Final = "client.authentication.k8s.io"
_VERSIONS: Final = (f"{_GROUP}/v1", f"{_GROUP}/v1beta1")
_EARLY: Final = 10.0  # seconds: a token must outlive the request it goes with
_WITHOUT_EXPIRY: Final = 300.0  # seconds that an answer without an expiry is believed
_CLIPPED: Final = 300


@dataclass(frozen=True, slots=True)
class Credential:
    """What a plugin answered.

    Args:
        token: bearer token, if it gave one.
        certificate: client certificate (PEM), with ``key``.
        expires: seconds since the epoch.
    """

    token: str | None = field(repr=False)
    certificate: bytes | None = field(repr=False)
    key: bytes | None = field(repr=False)
    expires: float

    @property
    def fresh(self) -> bool:
        """Whether it can still be used."""
        return time.time() < self.expires - _EARLY


class ExecPlugin:
    """A program that gives credentials.

    Args:
        user: the user's name in the kubeconfig, for messages.
        spec: the user's ``exec``.
        cluster: the cluster's body, for ``provideClusterInfo``.
        folder: the kubeconfig's; a command with a slash in it is relative to that.
    """

    def __init__(self, user: str, spec: Object, *, cluster: Object, folder: Path) -> None:
        self._spec = spec
        self._cluster = cluster
        self._version = str(spec.get("apiVersion") or "")
        if self._version not in _VERSIONS:
            raise NotAllowedError(
                f"user {user!r} gets credentials by exec of apiVersion {self._version!r}, which is removed",
                hint=f"update the tool that wrote this kubeconfig, and write it again with {_VERSIONS[0]}",
            )
        command = str(spec.get("command") or "")
        self._command = str(folder / command) if os.sep in command else command
        self._title = f"{self._command!r}, which gives the credentials of user {user!r}"
        self._credential: Credential | None = None
        self._lock = asyncio.Lock()

    async def token(self) -> str:
        """The token, from the plugin if the last answer has expired; empty if it gives none.

        Raises:
            NotAllowedError: the plugin failed.
            TimedOutError: it did not end in time.
        """
        return (await self._current()).token or ""

    async def certificate(self) -> tuple[bytes, bytes] | None:
        """The client certificate and its key, from the plugin if the last answer has expired.

        Raises:
            NotAllowedError: the plugin failed.
            TimedOutError: it did not end in time.
        """
        credential = await self._current()
        if credential.certificate is None or credential.key is None:
            return None
        return credential.certificate, credential.key

    async def _current(self) -> Credential:
        async with self._lock:
            if self._credential is None or not self._credential.fresh:
                self._credential = await self._run()
            return self._credential

    async def _run(self) -> Credential:
        interactive = self._interactive()
        info: Object = {
            "apiVersion": self._version,
            "kind": "ExecCredential",
            "spec": {"interactive": interactive, **self._cluster_info()},
        }
        environ = dict(os.environ) | {str(e["name"]): str(e["value"]) for e in self._spec.get("env") or ()}
        command = [self._command, *map(str, self._spec.get("args") or ())]
        try:
            code, output = await run(
                command,
                environ={**environ, "KUBERNETES_EXEC_INFO": json.dumps(info)},
                interactive=interactive,
                title=self._title,
            )
        except OSError as error:
            raise NotAllowedError(
                f"can't run {self._title}: {error.strerror}",
                hint=str(self._spec.get("installHint") or "").strip() or None,
            ) from error
        if code:
            raise NotAllowedError(
                f"{self._title}, failed with exit code {code}",
                hint="its own message is above; you may have to log in again. To try it by hand: "
                + shlex.join(command),
            )
        return self._understand(output)

    def _interactive(self) -> bool:
        mode = self._spec.get("interactiveMode") or "IfAvailable"
        terminal = sys.stdin is not None and sys.stdin.isatty()
        if mode == "Always" and not terminal:
            raise NotAllowedError(
                f"{self._title}, needs a terminal to ask on",
                hint="run vcli on a terminal, with its stdin not redirected",
            )
        return terminal and mode != "Never"

    def _cluster_info(self) -> Object:
        if not self._spec.get("provideClusterInfo"):
            return {}
        keys = (
            "server",
            "tls-server-name",
            "insecure-skip-tls-verify",
            "certificate-authority-data",
            "proxy-url",
            "disable-compression",
        )
        info = {key: self._cluster[key] for key in keys if key in self._cluster}
        for extension in self._cluster.get("extensions") or ():
            if extension.get("name") == f"{_GROUP}/exec":
                info["config"] = extension.get("extension")
        return {"cluster": info}

    def _understand(self, output: bytes) -> Credential:
        try:
            answer = json.loads(output)
            status: Object = answer["status"]
            version = answer.get("apiVersion")
            credential = Credential(
                status.get("token"),
                _pem(status.get("clientCertificateData")),
                _pem(status.get("clientKeyData")),
                _expiry(status.get("expirationTimestamp")),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise NotAllowedError(f"{self._title}, printed no ExecCredential: {_clip(error)}") from error
        if version != self._version:
            raise NotAllowedError(
                f"{self._title}, answered with apiVersion {version!r}; the kubeconfig says {self._version!r}"
            )
        if not credential.token and not (credential.certificate and credential.key):
            raise NotAllowedError(f"{self._title}, gave neither a token nor a client certificate")
        return credential


def _pem(text: str | None) -> bytes | None:
    return text.encode() if text else None


def _expiry(timestamp: str | None) -> float:
    if not timestamp:
        return time.time() + _WITHOUT_EXPIRY
    return dt.datetime.fromisoformat(timestamp).timestamp()


def _clip(error: Exception) -> str:
    text = f"{type(error).__name__}: {error}"
    return text if len(text) <= _CLIPPED else text[:_CLIPPED] + "…"
