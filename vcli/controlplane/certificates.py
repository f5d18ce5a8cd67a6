"""Keys and certificates by the library ``cryptography``: quicker than ``openssl``, and on every platform."""

import datetime as dt
import ipaddress
from collections.abc import Iterable, Mapping

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from vcli.bootstrap.issue import issue as issue_by
from vcli.bootstrap.pki import CA_LIFE, CLOCK_SKEW, LEAF_LIFE, TOKEN_KEY_BITS, Files, Leaf, authority_name


def issue(
    sans: Mapping[str, Iterable[str]],
    *,
    existing: Mapping[str, bytes] | None = None,
    now: dt.datetime | None = None,
) -> Files:
    """Make what is missing, keep what is good: see `vcli.bootstrap.issue.issue`."""
    return issue_by(Cryptography(), sans, existing=existing, now=now)


def token_key() -> Files:
    """``sa.key`` and ``sa.pub``: what service account tokens are signed with."""
    private, public = Cryptography().token_key()
    return {"sa.key": private, "sa.pub": public}


class Cryptography:
    """A signer, see `vcli.bootstrap.issue.Signer`."""

    def authority(self, name: str, now: dt.datetime) -> tuple[bytes, bytes]:
        """A new CA."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(authority_name(name))
        builder = _builder(subject, subject, key, now, CA_LIFE)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
        return _pair(builder.sign(key, hashes.SHA256()), key)

    def leaf(
        self, leaf: Leaf, authority: tuple[bytes, bytes], sans: Iterable[str], now: dt.datetime
    ) -> tuple[bytes, bytes]:
        """A new leaf of a CA."""
        issuer = x509.load_pem_x509_certificate(authority[0])
        signing_key = serialization.load_pem_private_key(authority[1], None)
        if not isinstance(signing_key, ec.EllipticCurvePrivateKey):
            raise TypeError("the key of a CA is an elliptic one")
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(leaf.common_name, leaf.organization)
        builder = _builder(subject, issuer.subject, key, now, LEAF_LIFE)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
        purpose = ExtendedKeyUsageOID.SERVER_AUTH if leaf.server else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        # Strict verifiers (Python's since 3.13) want a leaf to say whose it is.
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key())
        builder = builder.add_extension(issuer_key, critical=False)
        if names := [_general(name) for name in sorted(sans)]:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return _pair(builder.sign(signing_key, hashes.SHA256()), key)

    def token_key(self) -> tuple[bytes, bytes]:
        """Private and public key for service account tokens."""
        key = rsa.generate_private_key(65537, TOKEN_KEY_BITS)
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return _pem(key), public


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> tuple[bytes, bytes]:
    return certificate.public_bytes(serialization.Encoding.PEM), _pem(key)


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
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


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
