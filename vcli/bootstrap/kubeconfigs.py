"""Kubeconfig files for a component, and for the user. Written without a YAML library: the pod has none."""

import base64
import re
from dataclasses import dataclass, field
from typing import Final

_PLAIN_URL: Final = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9./:_-]*[A-Za-z0-9/_-]")
_TEXT = """\
apiVersion: v1
kind: Config
clusters:
- name: {context}
  cluster:
    {trust}
    server: {server}
users:
- name: {user}
  user:
    {credentials}
contexts:
- name: {context}
  context:
    cluster: {context}
    user: {user}
current-context: {context}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """What proves who a user is: certificate and key, PEM, or a token.

    Attributes:
        certificate: empty where there is a token.
        key: of the certificate.
        token: of a ServiceAccount.
    """

    certificate: bytes = b""
    key: bytes = field(default=b"", repr=False)
    token: str = field(default="", repr=False)


def inline(*, server: str, authority: bytes | None, user: User, context: str) -> bytes:
    """A kubeconfig with one cluster, user and context, the latter of one name; everything inline.

    Args:
        server: URL of the API server.
        authority: PEM of its CA; None to verify nothing.
        user: what is sent to it.
        context: the name.
    """
    trust = "insecure-skip-tls-verify: true"
    if authority is not None:
        trust = f"certificate-authority-data: {_base64(authority)}"
    pair = f"client-certificate-data: {_base64(user.certificate)}\n    client-key-data: {_base64(user.key)}"
    return _TEXT.format(
        trust=trust,
        credentials=f"token: {_quoted(user.token)}" if user.token else pair,
        context=_quoted(context),
        user=_quoted(context),
        server=_url(server),
    ).encode()


def of_files(*, server: str, authority: str, certificate: str, key: str, context: str, user: str) -> bytes:
    """A kubeconfig that names files in its own folder: client-go reads them again when they are renewed."""
    return _TEXT.format(
        trust=f"certificate-authority: {authority}",
        credentials=f"client-certificate: {certificate}\n    client-key: {key}",
        context=_quoted(context),
        user=_quoted(user),
        server=_url(server),
    ).encode()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _url(text: str) -> str:
    """A URL as kubectl writes it, without quotes where it needs none: scripts look for it."""
    return text if _PLAIN_URL.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    """A scalar of YAML in double quotes, with any characters."""
    plain = (char if " " <= char <= "~" and char not in '"\\' else f"\\U{ord(char):08x}" for char in text)
    return f'"{"".join(plain)}"'
