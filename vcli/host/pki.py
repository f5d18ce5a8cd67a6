"""Certificates, keys and kubeconfigs of the embedded host: one CA, EC P-256 throughout, valid a year."""

import base64
import datetime as dt
import json
import os
from collections.abc import Sequence
from pathlib import Path

from vcli import x509
from vcli.host.instance import API_PORT, NODE_IP, SERVICE_IP, Instance

_VALID = dt.timedelta(days=365)
_SKEW = dt.timedelta(hours=1)


class Authority:
    """A CA that writes what it signs into a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        now = dt.datetime.now(dt.UTC)
        self._pair = x509.authority(name, start=now - _SKEW, end=now + _VALID)
        write_private(folder / "ca.crt", self.ca_pem, mode=0o644)
        write_private(folder / "ca.key", self._pair[1])

    @property
    def ca_pem(self) -> bytes:
        """The CA's own certificate."""
        return self._pair[0]

    def issue(
        self,
        file: str,
        name: str,
        *,
        groups: Sequence[str] = (),
        hosts: Sequence[str] = (),
        folder: Path | None = None,
    ) -> tuple[bytes, bytes]:
        """Sign a certificate for a client (no `hosts`) or a server; writes and returns it and its key.

        Args:
            file: name without extension.
            name: who it is for.
            groups: of a client.
            hosts: names and addresses of a server.
            folder: to write to, if not the CA's own.
        """
        now = dt.datetime.now(dt.UTC)
        certificate, private = x509.leaf(
            name,
            organizations=groups,
            server=bool(hosts),
            sans=hosts,
            authority=self._pair,
            start=now - _SKEW,
            end=now + _VALID,
        )
        folder = folder or self._folder
        write_private(folder / f"{file}.crt", certificate, mode=0o644)
        write_private(folder / f"{file}.key", private)
        return certificate, private


def write_pki(
    instance: Instance,
    *,
    port: int,
    further: Sequence[Instance] = (),
    users: Sequence[str] = (),
    users_everywhere: Sequence[str] = (),
) -> None:
    """Make everything that the nodes' components and the host's administrator authenticate with.

    Args:
        instance: whose folder `pki` is filled.
        port: where the machine reaches the API server on its loopback.
        further: nodes beside the first one; each gets only what it needs itself.
        users: more clients of the first node, each named ``vcli:USER``.
        users_everywhere: such clients of every node.
    """
    folder = instance.pki
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ca = Authority(folder, f"{instance.name}-ca")
    public, private = x509.ec_key()
    write_private(folder / "sa.key", private)
    write_private(folder / "sa.pub", public, mode=0o644)
    service = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"]
    ca.issue(
        "apiserver",
        "kube-apiserver",
        hosts=[*service, f"{service[-1]}.cluster.local", "localhost", "127.0.0.1", NODE_IP, SERVICE_IP],
    )
    ca.issue("kubelet-client", "kube-apiserver-kubelet-client", groups=["system:masters"])
    ca.issue("front-proxy", "front-proxy-client")
    for user in ("kube-controller-manager", "kube-scheduler"):
        _write_user(ca, folder, user, f"system:{user}")
    for user in users:
        _write_user(ca, folder, user, f"vcli:{user}")
    for node in (instance, *further):
        _write_node(ca, node)
        for user in users_everywhere:
            _write_user(ca, node.pki, user, f"vcli:{user}")
    certificate, key = ca.issue("admin", "vcli-admin", groups=["system:masters"])
    document = kubeconfig(instance.name, f"https://127.0.0.1:{port}", ca.ca_pem, certificate, key)
    write_private(instance.kubeconfig, document)


def _write_node(ca: Authority, node: Instance) -> None:
    """What kubelet and kube-proxy of one node need."""
    node.pki.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(node.pki / "ca.crt", ca.ca_pem, mode=0o644)
    ca.issue("kubelet", f"system:node:{node.name}", hosts=[node.name, node.ip], folder=node.pki)
    _write_user(ca, node.pki, "node", f"system:node:{node.name}", groups=["system:nodes"])
    _write_user(ca, node.pki, "kube-proxy", "system:kube-proxy")


def _write_user(ca: Authority, folder: Path, file: str, name: str, groups: Sequence[str] = ()) -> None:
    certificate, key = ca.issue(file, name, groups=groups, folder=folder)
    document = kubeconfig(file, f"https://{NODE_IP}:{API_PORT}", ca.ca_pem, certificate, key)
    write_private(folder / f"{file}.kubeconfig", document)


def kubeconfig(name: str, server: str, ca: bytes, certificate: bytes, key: bytes) -> bytes:
    """A kubeconfig whose one cluster, user and context have the same name (JSON, which is YAML)."""

    def data(content: bytes) -> str:
        return base64.b64encode(content).decode()

    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": server, "certificate-authority-data": data(ca)}}],
        "users": [
            {
                "name": name,
                "user": {"client-certificate-data": data(certificate), "client-key-data": data(key)},
            }
        ],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    return json.dumps(document, indent=2).encode() + b"\n"


def write_private(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write a file that nobody else could read at any moment, unless `mode` says otherwise."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
