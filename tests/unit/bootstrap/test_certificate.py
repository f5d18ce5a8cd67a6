"""Reading certificates without a library: the same as the library reads."""

import datetime as dt
from contextlib import suppress

import pytest
from bootstrap_builders import SIGNERS, issued
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from vcli.bootstrap import certificate
from vcli.bootstrap.pki import AUTHORITIES, LEAVES

PEM = serialization.Encoding.PEM


@pytest.mark.parametrize("signer", SIGNERS)
@pytest.mark.parametrize("name", [*AUTHORITIES, *(leaf.name for leaf in LEAVES)])
def test_it_reads_what_the_library_reads(signer: str, name: str):
    pem = issued(signer)[f"{name}.crt"]
    mine, theirs = certificate.parse(pem), x509.load_pem_x509_certificate(pem)
    assert (mine.subject, mine.issuer) == (theirs.subject.public_bytes(), theirs.issuer.public_bytes())
    assert (mine.not_before, mine.not_after) == (theirs.not_valid_before_utc, theirs.not_valid_after_utc)
    try:
        names = theirs.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = []
    assert mine.sans == {str(each.value) for each in names}


@given(
    st.datetimes(min_value=dt.datetime(1951, 1, 1), max_value=dt.datetime(9000, 1, 1)),  # noqa: DTZ001
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=16),
)
def test_any_time_and_any_subject(end: dt.datetime, subject: str):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    begin = dt.datetime(1950, 6, 1, tzinfo=dt.UTC)
    end = end.replace(tzinfo=dt.UTC, microsecond=0)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, begin, end)
        .sign(key, hashes.SHA256())
        .public_bytes(PEM)
    )
    read = certificate.parse(b"a comment\n" + made)
    assert (read.subject, read.not_before, read.not_after) == (name.public_bytes(), begin, end)
    assert (read.key_id, read.issuer_key_id, read.sans) == (b"", b"", frozenset())
    assert not read.is_issued_by(read)


PART = issued("cryptography")["apiserver.crt"]


@given(st.integers(0, len(PART) - 30), st.binary(max_size=3))
def test_rubbish_is_a_value_error_or_still_a_certificate(at: int, instead: bytes):
    broken = PART[:at] + instead + PART[at + 2 :]
    with suppress(ValueError):
        certificate.parse(broken)


@pytest.mark.parametrize("text", [b"", b"rubbish", PART[:-40], PART.replace(b"\nM", b"\n?")])
def test_what_is_no_certificate(text: bytes):
    with pytest.raises(ValueError, match="certificate"):
        certificate.parse(text)
