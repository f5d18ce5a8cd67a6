"""Kubeconfig files for a component, and for the user. Written without a YAML library: the pod has none."""

import base64
import re
from typing import Final

_PLAIN_URL: Final = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9./:_-]*[A-Za-z0-9/_-]")
_TEXT = """\
apiVersion: v1
kind: Config
clusters:
- name: {context}
  cluster:
    certificate-authority{data}: {authority}
    server: {server}
users:
- name: {user}
  user:
    client-certificate{data}: {certificate}
    client-key{data}: {key}
contexts:
- name: {context}
  context:
    cluster: {context}
    user: {user}
current-context: {context}
"""


def inline(*, server: str, authority: bytes, certificate: bytes, key: bytes, context: str) -> bytes:
    """A kubeconfig with one cluster, user and context, the latter of one name; everything inline."""
    authority_text, certificate_text, key_text = (
        base64.b64encode(data).decode() for data in (authority, certificate, key)
    )
    return _TEXT.format(
        data="-data",
        authority=authority_text,
        certificate=certificate_text,
        key=key_text,
        context=_quoted(context),
        user=_quoted(context),
        server=_url(server),
    ).encode()


def of_files(*, server: str, authority: str, certificate: str, key: str, context: str, user: str) -> bytes:
    """A kubeconfig that names files in its own folder: client-go reads them again when they are renewed."""
    return _TEXT.format(
        data="",
        authority=authority,
        certificate=certificate,
        key=key,
        context=_quoted(context),
        user=_quoted(user),
        server=_url(server),
    ).encode()


def _url(text: str) -> str:
    """A URL as kubectl writes it, without quotes where it needs none: scripts look for it."""
    return text if _PLAIN_URL.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    """A scalar of YAML in double quotes, with any characters."""
    plain = (char if " " <= char <= "~" and char not in '"\\' else f"\\U{ord(char):08x}" for char in text)
    return f'"{"".join(plain)}"'
