"""The program and the library make the same certificates, and each keeps or renews what the other made."""

import datetime as dt

import pytest
from bootstrap_builders import NOW, SANS, SIGNERS, issued
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from vcli.bootstrap.issue import NAMES, issue, problems
from vcli.bootstrap.openssl import OpenSsl
from vcli.bootstrap.pki import AUTHORITIES, LEAF_LIFE, LEAVES, RENEW_BEFORE, SIGNING
from vcli.errors import VcliError

CERTIFICATES = [*AUTHORITIES, *(leaf.name for leaf in LEAVES)]


def fields(pem: bytes) -> dict[str, object]:
    """Everything that a certificate says, but for keys, their identifiers and the serial number."""
    found = x509.load_pem_x509_certificate(pem)
    key = found.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    identifiers = (x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier)
    return {
        "version": found.version,
        "subject": found.subject.public_bytes(),
        "issuer": found.issuer.public_bytes(),
        "from": found.not_valid_before_utc,
        "until": found.not_valid_after_utc,
        "hash": found.signature_hash_algorithm and found.signature_hash_algorithm.name,
        "curve": key.curve.name,
        "extensions": {
            each.oid: (each.critical, None if isinstance(each.value, identifiers) else comparable(each.value))
            for each in found.extensions
        },
    }


def comparable(value: x509.ExtensionType) -> object:
    return frozenset(value) if isinstance(value, x509.SubjectAlternativeName) else value


@pytest.mark.parametrize("name", CERTIFICATES)
def test_both_say_the_same(name: str):
    one, other = (fields(issued(signer)[f"{name}.crt"]) for signer in SIGNERS)
    assert one == other


@pytest.mark.parametrize("signer", SIGNERS)
@pytest.mark.parametrize("name", CERTIFICATES)
def test_key_identifiers_are_those_of_the_keys(signer: str, name: str):
    files = issued(signer)
    found = x509.load_pem_x509_certificate(files[f"{name}.crt"])
    private = load_pem_private_key(files[f"{name}.key"], None)
    own = found.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert own == x509.SubjectKeyIdentifier.from_public_key(private.public_key())
    ca = next((leaf.ca for leaf in LEAVES if leaf.name == name), name)
    authority = x509.load_pem_x509_certificate(files[f"{ca}.crt"])
    found.verify_directly_issued_by(authority)
    if ca != name:
        issuer = found.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        assert issuer == x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())


@pytest.mark.parametrize("signer", SIGNERS)
def test_the_key_of_tokens(signer: str):
    files = issued(signer)
    private = load_pem_private_key(files["sa.key"], None)
    assert isinstance(private, rsa.RSAPrivateKey)
    assert private.key_size == 2048
    assert load_pem_public_key(files["sa.pub"]) == private.public_key()


@pytest.mark.parametrize("signer", SIGNERS)
def test_all_files_and_no_more(signer: str):
    assert set(issued(signer)) == NAMES


@pytest.mark.parametrize(("by", "then"), [("openssl", "cryptography"), ("cryptography", "openssl")])
def test_each_keeps_what_the_other_made(by: str, then: str):
    assert issue(SIGNERS[then], SANS, existing=issued(by)) == issued(by)
    assert problems(issued(by), SANS) == []


@pytest.mark.parametrize(("by", "then"), [("openssl", "cryptography"), ("cryptography", "openssl")])
def test_each_renews_what_the_other_made(by: str, then: str):
    late = NOW + LEAF_LIFE - RENEW_BEFORE + dt.timedelta(days=1)
    before = issued(by)
    after = issue(SIGNERS[then], SANS, existing=before, now=late)
    kept = {f"{name}.{part}" for name in AUTHORITIES for part in ("crt", "key")}
    kept |= {"sa.key", "sa.pub", SIGNING}
    assert {name for name in NAMES if before[name] == after[name]} == kept
    for leaf in LEAVES:
        x509.load_pem_x509_certificate(after[f"{leaf.name}.crt"]).verify_directly_issued_by(
            x509.load_pem_x509_certificate(after[f"{leaf.ca}.crt"])
        )


@pytest.mark.parametrize("signer", SIGNERS)
def test_a_missing_leaf_is_added_to_the_ca_that_is_there(signer: str):
    before = issued(signer)
    without = {name: data for name, data in before.items() if not name.startswith("kubelet-client.")}
    after = issue(SIGNERS[signer], SANS, existing=without)
    assert {name for name in NAMES if before[name] != after[name]} == {
        "kubelet-client.crt",
        "kubelet-client.key",
    }


def test_an_image_without_the_program_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("vcli.bootstrap.openssl.PROGRAM", "no-such-openssl")
    with pytest.raises(VcliError, match="no program no-such-openssl") as raised:
        OpenSsl().token_key()
    assert raised.value.hint


def test_what_the_program_says_is_in_the_error():
    with pytest.raises(VcliError, match=r"openssl ca failed: .+"):
        OpenSsl().leaf(LEAVES[0], (b"rubbish", b"rubbish"), [], NOW)
