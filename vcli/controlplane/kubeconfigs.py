"""Kubeconfig files for the components, and for the user."""

import base64

import yaml


def kubeconfig(
    *, server: str, authority: bytes, certificate: bytes, key: bytes, context: str, user: str
) -> bytes:
    """A kubeconfig with one cluster, one user and one context; everything inline."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": context,
                "cluster": {"certificate-authority-data": _text(authority), "server": server},
            }
        ],
        "users": [
            {
                "name": user,
                "user": {"client-certificate-data": _text(certificate), "client-key-data": _text(key)},
            }
        ],
        "contexts": [{"name": context, "context": {"cluster": context, "user": user}}],
        "current-context": context,
    }
    return yaml.safe_dump(document, sort_keys=False).encode()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
