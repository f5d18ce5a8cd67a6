"""Keys and certificates by the library ``cryptography``: EC P-256, for clients and servers of Kubernetes.

Imported late: it takes 40 ms. In the pod `vcli.bootstrap.openssl` does the same by the program ``openssl``.
"""

import datetime as dt
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Pair = tuple[bytes, bytes]
"""Certificate (or public key) and private key, as PEM."""
_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
"""Of a CA: those made here are elliptic, those of kubeadm and of loft-sh's vcluster are RSA."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a certificate says, for people.

    Attributes:
        subject: as RFC 4514 writes it, ``CN=kubernetes-admin,O=system:masters``.
        issuer: the same of who signed it.
        sans: DNS names and IP addresses.
        start: of its validity.
        end: of its validity.
    """

    subject: str
    issuer: str
    sans: tuple[str, ...]
    start: dt.datetime
    end: dt.datetime


def describe(pem: bytes) -> Description:
    """Read the first certificate of a PEM file.

    Raises:
        ValueError: it is not one.
    """
    found = x509.load_pem_x509_certificate(pem)
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = x509.SubjectAlternativeName([])
    addresses = map(str, names.get_values_for_type(x509.IPAddress))
    return Description(
        subject=found.subject.rfc4514_string(),
        issuer=found.issuer.rfc4514_string(),
        sans=(*names.get_values_for_type(x509.DNSName), *addresses),
        start=found.not_valid_before_utc,
        end=found.not_valid_after_utc,
    )


def request(common_name: str, *, organization: str) -> bytes:
    """A request for a client certificate, PEM, with a key that is kept nowhere."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(common_name, [organization])
    signed = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM)


def authority(common_name: str, *, start: dt.datetime, end: dt.datetime) -> Pair:
    """A new CA, valid from start to end."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(common_name)
    builder = _builder(subject, subject, key, start, end)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    return _pair(builder.sign(key, hashes.SHA256()), key)


def cross(certificate: bytes, authority: Pair) -> bytes:
    """A CA as another CA has signed it: same name, same key, and no longer than the one that signs.

    Args:
        certificate: of the CA, as it has signed itself.
        authority: the other CA.

    Raises:
        TypeError: the key of the other CA is neither an elliptic nor an RSA one.
    """
    own = x509.load_pem_x509_certificate(certificate)
    issuer, signing_key = _signer(authority)
    builder = (
        x509.CertificateBuilder()
        .subject_name(own.subject)
        .issuer_name(issuer.subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(max(own.not_valid_before_utc, issuer.not_valid_before_utc))
        .not_valid_after(min(own.not_valid_after_utc, issuer.not_valid_after_utc))
        .add_extension(_key_of(issuer), critical=False)
    )
    for each in own.extensions:
        builder = builder.add_extension(each.value, critical=each.critical)
    return builder.sign(signing_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def leaf(
    common_name: str,
    *,
    organizations: Sequence[str] = (),
    server: bool,
    sans: Iterable[str] = (),
    authority: Pair,
    start: dt.datetime,
    end: dt.datetime,
) -> Pair:
    """A new leaf of a CA.

    Args:
        common_name: the user that Kubernetes takes a client for.
        organizations: the groups that it takes it to be in.
        server: it is for a server, not for a client.
        sans: DNS names and IP addresses.
        authority: the CA.
        start: of its validity.
        end: of its validity.

    Raises:
        TypeError: the key of the CA is neither an elliptic nor an RSA one.
    """
    issuer, signing_key = _signer(authority)
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_name(common_name, organizations), issuer.subject, key, start, end)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    # Strict verifiers (Python's since 3.13) want a leaf to say whose it is.
    builder = builder.add_extension(_key_of(issuer), critical=False)
    if names := [_general(name) for name in sorted(sans)]:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return _pair(builder.sign(signing_key, hashes.SHA256()), key)


def _signer(authority: Pair) -> tuple[x509.Certificate, _Key]:
    key = serialization.load_pem_private_key(authority[1], None)
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise TypeError("the key of a CA is an elliptic or an RSA one")
    return x509.load_pem_x509_certificate(authority[0]), key


def _key_of(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """Which key a CA has signed with, as it calls it itself: there are several ways to make that name."""
    try:
        own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        return x509.AuthorityKeyIdentifier(
            x509.SubjectKeyIdentifier.from_public_key(issuer.public_key()).digest, None, None
        )
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def rsa_key(bits: int) -> Pair:
    """A new RSA key: public and private part."""
    return _keys(rsa.generate_private_key(65537, bits))


def ec_key() -> Pair:
    """A new P-256 key: public and private part."""
    return _keys(ec.generate_private_key(ec.SECP256R1()))


def _keys(key: _Key) -> Pair:
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return public, _pem(key)


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Pair:
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
    start: dt.datetime,
    end: dt.datetime,
) -> x509.CertificateBuilder:
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _name(common_name: str, organizations: Sequence[str] = ()) -> x509.Name:
    groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, each) for each in organizations]
    return x509.Name([*groups, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


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


def _pem(key: _Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
