"""A real kube-apiserver on a real etcd, on loopback, for as long as the tests run."""

import contextlib
import dataclasses
import datetime as dt
import ipaddress
import json
import os
import signal
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from vcli.host.binaries import Binaries
from vcli.host.instance import cache_dir
from vcli.kube.access import Access

_START = 60.0
_ATTEMPTS = 3


class Authority:
    """A certificate authority that lives as long as its tests."""

    def __init__(self, name: str = "test") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._certificate = (
            _builder(self._name, self._key.public_key())
            .issuer_name(self._name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.pem = self._certificate.public_bytes(serialization.Encoding.PEM)

    def issue(
        self, common_name: str, *, groups: Sequence[str] = (), hosts: Sequence[str] = ()
    ) -> tuple[bytes, bytes]:
        """Certificate and key in PEM, for a server if hosts are given, else for a client."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
        subject.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
        usage = ExtendedKeyUsageOID.SERVER_AUTH if hosts else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = (
            _builder(x509.Name(subject), key.public_key())
            .issuer_name(self._name)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        )
        if hosts:
            names = x509.SubjectAlternativeName([_alternative(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return certificate.public_bytes(serialization.Encoding.PEM), _pem(key)


class Process:
    """A server in a process of its own, which ends with it."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")[-3000:]

    def stop(self) -> None:
        """End it: kindly, then not."""
        if self.alive:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait(10)


class Etcd:
    """One member, in a folder."""

    def __init__(self, binary: Path, folder: Path) -> None:
        for _ in range(_ATTEMPTS):
            client, peer = free_port(), free_port()
            self.url = f"http://127.0.0.1:{client}"
            peer_url = f"http://127.0.0.1:{peer}"
            self._process = Process(
                [
                    str(binary),
                    f"--data-dir={folder / 'etcd'}",
                    f"--listen-client-urls={self.url}",
                    f"--advertise-client-urls={self.url}",
                    f"--listen-peer-urls={peer_url}",
                    f"--initial-advertise-peer-urls={peer_url}",
                    f"--initial-cluster=default={peer_url}",
                    "--unsafe-no-fsync",
                    "--log-level=warn",
                ],
                folder / "etcd.log",
            )
            if _wait(self._process, lambda: _answers(f"{self.url}/readyz")):
                return
            self._process.stop()
        raise RuntimeError(f"etcd did not start: {self._process.log}")

    def compact(self) -> None:
        """Forget all history, so that a watch from an old resourceVersion is answered with 410."""
        revision = int(self._call("/v3/kv/range", {"key": "AA=="})["header"]["revision"])
        self._call("/v3/kv/compaction", {"revision": str(revision), "physical": True})

    def stop(self) -> None:
        self._process.stop()

    def _call(self, path: str, body: dict[str, object]) -> dict[str, dict[str, str]]:
        request = urllib.request.Request(self.url + path, json.dumps(body).encode())  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            answer: dict[str, dict[str, str]] = json.load(response)
            return answer


class ApiServer:
    """A kube-apiserver with RBAC; ``access`` is its administrator's.

    Several can share an etcd, each under a prefix of its own; ``flags`` given again win.
    """

    def __init__(
        self, binary: Path, folder: Path, etcd: Etcd, *, name: str = "registry", flags: Sequence[str] = ()
    ) -> None:
        self._binary = binary
        self._folder = folder / name
        self._folder.mkdir(mode=0o700)
        self._etcd = etcd
        self._flags = flags
        self._prefix = f"/{name}"
        self.authority = Authority()
        self._write_pki()
        for _ in range(_ATTEMPTS):
            self.port = free_port()
            if self._start():
                break
        else:
            raise RuntimeError(f"kube-apiserver did not start: {self._process.log}")
        certificate, key = self.authority.issue("admin", groups=["system:masters"])
        self.access = Access(
            server=f"https://127.0.0.1:{self.port}",
            ca=self.authority.pem,
            client_certificate=certificate,
            client_key=key,
        )

    def access_as(self, user: str, *, groups: Sequence[str] = ()) -> Access:
        """The access of another user, by client certificate."""
        certificate, key = self.authority.issue(user, groups=groups)
        return dataclasses.replace(self.access, client_certificate=certificate, client_key=key)

    @property
    def pki(self) -> Path:
        """The folder with its certificates and keys."""
        return self._folder

    def start(self) -> None:
        """Start again after ``stop``, on the same port."""
        if not self._start():
            raise RuntimeError(f"kube-apiserver did not start again: {self._process.log}")

    def stop(self) -> None:
        self._process.stop()

    def _write_pki(self) -> None:
        hosts = ["127.0.0.1", "::1", "localhost", "kubernetes.default.svc", "10.96.0.1"]
        certificate, key = self.authority.issue("kube-apiserver", hosts=hosts)
        signing = ec.generate_private_key(ec.SECP256R1())
        files = {
            "ca.crt": self.authority.pem,
            "apiserver.crt": certificate,
            "apiserver.key": key,
            "sa.key": _pem(signing),
        }
        # What it calls kubelets with, and what a kubelet serves with.
        client = self.authority.issue("kube-apiserver-kubelet-client", groups=["system:masters"])
        serves = ["127.0.0.1", "::1", "localhost", "localhost.kube-system.svc"]
        kubelet = self.authority.issue("kubelet", hosts=serves)
        # What it calls aggregated APIs with.
        aggregator = Authority("front-proxy")
        front_proxy = aggregator.issue("front-proxy-client")
        files["front-proxy-ca.crt"] = aggregator.pem
        for name, pair in (
            ("kubelet-client", client),
            ("kubelet", kubelet),
            ("front-proxy", front_proxy),
        ):
            files[f"{name}.crt"], files[f"{name}.key"] = pair
        for name, content in files.items():
            (self._folder / name).touch(0o600)
            (self._folder / name).write_bytes(content)

    def _start(self) -> bool:
        pki = self._folder
        self._process = Process(
            [
                str(self._binary),
                f"--etcd-servers={self._etcd.url}",
                f"--etcd-prefix={self._prefix}",
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                f"--secure-port={self.port}",
                "--service-cluster-ip-range=10.96.0.0/16",
                f"--client-ca-file={pki / 'ca.crt'}",
                f"--tls-cert-file={pki / 'apiserver.crt'}",
                f"--tls-private-key-file={pki / 'apiserver.key'}",
                f"--service-account-key-file={pki / 'sa.key'}",
                f"--service-account-signing-key-file={pki / 'sa.key'}",
                "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
                f"--kubelet-certificate-authority={pki / 'ca.crt'}",
                f"--kubelet-client-certificate={pki / 'kubelet-client.crt'}",
                f"--kubelet-client-key={pki / 'kubelet-client.key'}",
                "--kubelet-preferred-address-types=InternalDNS,InternalIP",
                f"--requestheader-client-ca-file={pki / 'front-proxy-ca.crt'}",
                "--requestheader-allowed-names=front-proxy-client",
                "--requestheader-extra-headers-prefix=X-Remote-Extra-",
                "--requestheader-group-headers=X-Remote-Group",
                "--requestheader-username-headers=X-Remote-User",
                f"--proxy-client-cert-file={pki / 'front-proxy.crt'}",
                f"--proxy-client-key-file={pki / 'front-proxy.key'}",
                "--enable-aggregator-routing=true",
                "--authorization-mode=RBAC",
                "--allow-privileged=true",
                "--endpoint-reconciler-type=none",
                "--disable-admission-plugins=ServiceAccount",
                "--shutdown-delay-duration=0s",
                *self._flags,
            ],
            self._folder / "kube-apiserver.log",
        )
        context = ssl.create_default_context(cadata=self.authority.pem.decode())
        return _wait(self._process, lambda: _answers(f"https://127.0.0.1:{self.port}/readyz", context))


def free_port() -> int:
    """A port that nobody listens on now; somebody else may take it, so be ready to retry."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def binary(name: str) -> Path:
    """The program: from the folder VCLI_TEST_BIN, else from the cache of the embedded host."""
    folder = os.environ.get("VCLI_TEST_BIN")
    return Path(folder, name) if folder else Binaries(cache_dir())[name]


def _wait(process: Process, ready: Callable[[], bool]) -> bool:
    until = time.monotonic() + _START
    try:
        while process.alive and time.monotonic() < until:
            if ready():
                return True
            time.sleep(0.1)
    except BaseException:
        process.stop()
        raise
    process.stop()
    return False


def _answers(url: str, context: ssl.SSLContext | None = None) -> bool:
    with (
        contextlib.suppress(OSError),
        urllib.request.urlopen(url, timeout=2, context=context) as response,  # noqa: S310
    ):
        return bool(response.status == 200)
    return False


def _builder(name: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
    )


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    # SEC 1, because kube-apiserver reads a public key out of no other kind of private key.
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
