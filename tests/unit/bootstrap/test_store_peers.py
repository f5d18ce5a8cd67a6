"""The certificates of the members of a store, where there are several."""

from dataclasses import replace

import pytest
from bootstrap_builders import FACTS, NOW, SANS, SIGNERS, SPEC, issued
from cryptography import x509

from vcli.bootstrap import layout, pki
from vcli.bootstrap.issue import PEER_NAMES, issue, problems
from vcli.bootstrap.pki import PEER_LEAVES

SEVERAL = pki.sans(replace(SPEC, members=3), FACTS.service_ips)


@pytest.mark.parametrize("signer", SIGNERS)
def test_they_are_added_to_what_is_there(signer: str):
    before = issued(signer)
    assert PEER_NAMES.isdisjoint(before)
    assert problems(before, SEVERAL, now=NOW)[0] == "there is no certificate etcd-ca"
    files = issue(SIGNERS[signer], SEVERAL, existing=before, now=NOW)
    assert problems(files, SEVERAL, now=NOW) == []
    assert {name: files[name] for name in before} == before
    assert files.keys() - before.keys() == PEER_NAMES
    again = issue(SIGNERS[signer], SEVERAL, existing=files, now=NOW)
    assert again == files


@pytest.mark.parametrize("leaf", PEER_LEAVES, ids=lambda leaf: leaf.name)
@pytest.mark.parametrize("signer", SIGNERS)
def test_they_are_of_a_ca_that_signs_nothing_else(signer: str, leaf: pki.Leaf):
    files = issue(SIGNERS[signer], SEVERAL, existing=issued(signer), now=NOW)
    found, authority, other = (
        x509.load_pem_x509_certificate(files[f"{name}.crt"]) for name in (leaf.name, "etcd-ca", "ca")
    )
    found.verify_directly_issued_by(authority)
    with pytest.raises(ValueError, match="does not match"):
        found.verify_directly_issued_by(other)


def test_they_are_kept_in_the_secret_of_the_control_plane():
    files = issue(SIGNERS["cryptography"], SEVERAL, existing=issued("cryptography"), now=NOW)
    certificates, access = layout.secrets(SPEC, files, owner="uid")
    assert certificates["data"].keys() >= PEER_NAMES
    assert PEER_NAMES.isdisjoint(access["data"])
    assert layout.files_of(certificates["data"], access["data"]) == files
    assert pki.authorities(SANS) == pki.AUTHORITIES
