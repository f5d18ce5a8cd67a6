"""The PKI of a virtual cluster: two CAs, and a leaf for each component that speaks or listens.

All keys are EC P-256 but the one that signs service account tokens: that is RSA, because consumers of tokens
outside the cluster (cloud identity providers) often know RS256 only.
"""

import datetime as dt
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Files = dict[str, bytes]

CA_LIFE = dt.timedelta(days=3650)
LEAF_LIFE = dt.timedelta(days=365)
RENEW_BEFORE = dt.timedelta(days=30)
_CLOCK_SKEW = dt.timedelta(hours=1)

SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
MASTERS = "system:masters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A certificate: ``NAME.crt`` and ``NAME.key``."""

    name: str
    common_name: str
    organization: str = ""
    ca: str = "ca"
    server: bool = False


LEAVES = (
    Leaf(name="apiserver", common_name="kube-apiserver", server=True),
    Leaf(name="apiserver-host", common_name="kube-apiserver", server=True),
    Leaf(name="kubelet", common_name="vcli-kubelet", server=True),
    Leaf(name="kubelet-client", common_name="kube-apiserver-kubelet-client", organization=MASTERS),
    Leaf(name="front-proxy", common_name="front-proxy-client", ca="front-proxy-ca"),
    Leaf(name="kube-controller-manager", common_name="system:kube-controller-manager"),
    Leaf(name="syncer", common_name="vcli-syncer", organization=MASTERS),
    Leaf(name="admin", common_name="kubernetes-admin", organization=MASTERS),
)


def issue(
    sans: Mapping[str, Iterable[str]],
    *,
    existing: Mapping[str, bytes] | None = None,
    now: dt.datetime | None = None,
) -> Files:
    """Make what is missing, keep what is good.

    Args:
        sans: leaf name to the DNS names and IP addresses it must have; more than these are kept.
        existing: the files that are there already. A leaf is made anew when it ends within `RENEW_BEFORE`,
            lacks a name, or is of another CA; a CA only when it is missing or about to end.
        now: for tests.

    Returns:
        File name to PEM: of each CA and leaf ``.crt`` and ``.key``, and ``sa.key``, ``sa.pub``.
    """
    now = now or dt.datetime.now(dt.UTC)
    old = dict(existing or {})
    files: Files = {}
    authorities = {}
    for name in ("ca", "front-proxy-ca"):
        authority = _load(old, name)
        if authority is None or _ends_soon(authority.certificate, now):
            authority = _authority(name, now)
        authorities[name] = authority
        files |= authority.files(name)
    for leaf in LEAVES:
        wanted = frozenset(sans.get(leaf.name, ()))
        pair = _load(old, leaf.name)
        if pair is None or not _good(pair.certificate, authorities[leaf.ca].certificate, wanted, now):
            pair = _leaf(leaf, authorities[leaf.ca], wanted, now)
        files |= pair.files(leaf.name)
    if "sa.key" in old and "sa.pub" in old:
        files |= {"sa.key": old["sa.key"], "sa.pub": old["sa.pub"]}
    else:
        files |= token_key()
    return files


def token_key() -> Files:
    """``sa.key`` and ``sa.pub``: what service account tokens are signed with."""
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return {"sa.key": _pem(key), "sa.pub": public}


@dataclass(frozen=True, slots=True)
class _Pair:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def files(self, name: str) -> Files:
        return {
            f"{name}.crt": self.certificate.public_bytes(serialization.Encoding.PEM),
            f"{name}.key": _pem(self.key),
        }


def _load(files: Mapping[str, bytes], name: str) -> _Pair | None:
    try:
        certificate = x509.load_pem_x509_certificate(files[f"{name}.crt"])
        key = serialization.load_pem_private_key(files[f"{name}.key"], None)
    except (KeyError, ValueError):
        return None
    return _Pair(certificate, key) if isinstance(key, ec.EllipticCurvePrivateKey) else None


def _ends_soon(certificate: x509.Certificate, now: dt.datetime) -> bool:
    return certificate.not_valid_after_utc - now < RENEW_BEFORE


def _good(
    certificate: x509.Certificate, authority: x509.Certificate, sans: frozenset[str], now: dt.datetime
) -> bool:
    if _ends_soon(certificate, now) or not sans <= _sans(certificate):
        return False
    try:
        certificate.verify_directly_issued_by(authority)
    except Exception:  # noqa: BLE001  whatever is wrong with it, a new one is right
        return False
    return True


def _sans(certificate: x509.Certificate) -> frozenset[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    addresses = names.get_values_for_type(x509.IPAddress)
    return frozenset([*names.get_values_for_type(x509.DNSName), *map(str, addresses)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: dt.datetime,
    life: dt.timedelta,
) -> x509.CertificateBuilder:
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _authority(name: str, now: dt.datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(f"vcli-{name}")
    builder = _builder(subject, subject, key, now, CA_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    return _Pair(builder.sign(key, hashes.SHA256()), key)


def _leaf(leaf: Leaf, authority: _Pair, sans: frozenset[str], now: dt.datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(leaf.common_name, leaf.organization)
    builder = _builder(subject, authority.certificate.subject, key, now, LEAF_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(
        x509.ExtendedKeyUsage([SERVER if leaf.server else CLIENT]), critical=False
    )
    # Strict verifiers (Python's since 3.13) want a leaf to say whose it is.
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = builder.add_extension(issuer, critical=False)
    if sans:
        names = x509.SubjectAlternativeName([_general(name) for name in sorted(sans)])
        builder = builder.add_extension(names, critical=False)
    return _Pair(builder.sign(authority.key, hashes.SHA256()), key)


def _name(common_name: str, organization: str = "") -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)] if organization else []
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
