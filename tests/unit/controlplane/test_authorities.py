"""Another CA: whom everybody accepts before, meanwhile and after, by real handshakes."""

import datetime as dt
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from controlplane_builders import NAMES
from cryptography import x509 as library

from vcli.bootstrap import certificate, layout, pki
from vcli.bootstrap.issue import issue as issue_by
from vcli.bootstrap.issue import problems
from vcli.bootstrap.openssl import OpenSsl
from vcli.bootstrap.pki import CA_LIFE, CROSS, LEAVES, PEER_LEAVES, SIGNING, Files, Leaf
from vcli.config import load
from vcli.controlplane import authorities, render
from vcli.controlplane.certificates import issue

SPEC = replace(render.spec(NAMES, load()), members=3)
SANS = pki.sans(SPEC, ["10.96.3.4"])
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
BEFORE = issue(SANS, now=NOW)
BOTH = authorities.begin(BEFORE, SANS, now=NOW)
AFTER = authorities.finish(BOTH)
ALL = (*LEAVES, *PEER_LEAVES)


def accepts(folder: Path, trusting: Files, shown: Files, leaf: Leaf) -> bool:
    """Whether who trusts the CAs of one PKI accepts a leaf of another, as a server or as a client."""
    names = {"ca": trusting[f"{leaf.ca}.crt"]}
    peer = "apiserver-host" if leaf.ca == "ca" else "etcd-peer"
    if not leaf.server:
        names |= {"own": trusting[f"{peer}.crt"], "own-key": trusting[f"{peer}.key"]}
    for name, data in {**names, "crt": shown[f"{leaf.name}.crt"], "key": shown[f"{leaf.name}.key"]}.items():
        (folder / name).write_bytes(data)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    one, other = (server, client) if leaf.server else (client, server)
    one.load_cert_chain(folder / "crt", folder / "key")
    other.load_verify_locations(folder / "ca")
    other.verify_mode = ssl.CERT_REQUIRED
    other.verify_flags |= ssl.VERIFY_X509_STRICT
    if not leaf.server:
        server.load_cert_chain(folder / "own", folder / "own-key")
    return shake_hands(client, server)


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext) -> bool:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(to_client, to_server), server.wrap_bio(to_server, to_client, server_side=True)]
    done = [False, False]
    for _ in range(10):
        for index, end in enumerate(ends):
            try:
                end.do_handshake()
                done[index] = True
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLCertVerificationError:
                return False
    assert done == [True, True]
    return True


CA_LEAVES = [leaf for leaf in ALL if leaf.ca != "front-proxy-ca"]


@pytest.mark.parametrize("leaf", CA_LEAVES, ids=lambda leaf: leaf.name)
def test_no_order_of_restarts_cuts_anybody_off(leaf: Leaf, tmp_path: Path):
    assert accepts(tmp_path, BEFORE, BOTH, leaf)
    assert accepts(tmp_path, BOTH, BEFORE, leaf)
    assert accepts(tmp_path, BOTH, BOTH, leaf)
    assert accepts(tmp_path, AFTER, BOTH, leaf)
    assert accepts(tmp_path, BOTH, AFTER, leaf)
    assert accepts(tmp_path, BEFORE, AFTER, leaf), "who has not read the new CA yet goes on"


@pytest.mark.parametrize("leaf", CA_LEAVES, ids=lambda leaf: leaf.name)
def test_what_the_former_ca_signed_is_refused_when_it_is_dropped(leaf: Leaf, tmp_path: Path):
    assert not accepts(tmp_path, AFTER, BEFORE, leaf)


@pytest.mark.parametrize("leaf", ALL, ids=lambda leaf: leaf.name)
def test_each_leaf_is_new_and_of_the_new_ca(leaf: Leaf):
    assert BOTH[f"{leaf.name}.crt"] != BEFORE[f"{leaf.name}.crt"]
    own, cross = certificate.blocks(BOTH[f"{leaf.name}.crt"])
    assert certificate.parse(own).is_issued_by(certificate.parse(BOTH[f"{leaf.ca}.crt"]))
    assert certificate.parse(cross).is_issued_by(certificate.parse(BEFORE[f"{leaf.ca}.crt"]))
    assert AFTER[f"{leaf.name}.crt"] == BOTH[f"{leaf.name}.crt"]


def test_tokens_and_the_one_that_signs():
    for files in (BOTH, AFTER):
        assert (files["sa.key"], files["sa.pub"]) == (BEFORE["sa.key"], BEFORE["sa.pub"])
        assert [files[SIGNING]] == certificate.blocks(files["ca.crt"])[:1]
    assert len(certificate.blocks(BOTH["ca.crt"])) == 2
    assert len(certificate.blocks(AFTER["ca.crt"])) == 1
    assert authorities.under_way(BOTH) == ["ca", "front-proxy-ca", "etcd-ca"]
    assert authorities.under_way(BEFORE) == authorities.under_way(AFTER) == []


@pytest.mark.parametrize("files", [BEFORE, BOTH, AFTER])
def test_nothing_is_to_be_done_in_the_pod_and_all_is_kept(files: Files):
    assert problems(files, SANS, now=NOW) == []
    assert issue(SANS, existing=files, now=NOW) == files
    certificates, access = layout.secrets(SPEC, files, owner="uid")
    assert layout.files_of(certificates["data"], access["data"]) == files


def test_a_leaf_that_the_pod_renews_meanwhile_is_accepted_by_all(tmp_path: Path):
    admin = next(leaf for leaf in LEAVES if leaf.name == "admin")
    without = {name: data for name, data in BOTH.items() if not name.startswith("admin.")}
    renewed = issue_by(OpenSsl(), SANS, existing=without, now=NOW)
    assert renewed["admin.crt"] != BOTH["admin.crt"]
    assert accepts(tmp_path, BEFORE, renewed, admin)
    assert accepts(tmp_path, AFTER, renewed, admin)


def test_a_cross_signed_certificate_ends_with_its_issuer_and_goes():
    late = NOW + CA_LIFE - dt.timedelta(days=1)
    both = authorities.begin(BEFORE, SANS, now=late)
    cross = library.load_pem_x509_certificate(both[CROSS["ca"]])
    assert cross.not_valid_after_utc == NOW + CA_LIFE
    assert CROSS["ca"] not in issue(SANS, existing=both, now=NOW + CA_LIFE)


def test_a_ca_that_has_expired_is_replaced_at_once(tmp_path: Path):
    then = NOW + CA_LIFE
    assert authorities.ended(BEFORE, now=then) == ["ca", "front-proxy-ca", "etcd-ca"]
    assert authorities.ended(BEFORE, now=NOW) == []
    files = authorities.begin(BEFORE, SANS, now=then)
    assert authorities.under_way(files) == []
    assert CROSS["ca"] not in files
    assert problems(files, SANS, now=then) == []


def test_it_can_be_done_again():
    again = authorities.begin(AFTER, SANS, now=NOW + dt.timedelta(days=1))
    cross = certificate.parse(again[CROSS["ca"]])
    assert cross.is_issued_by(certificate.parse(AFTER["ca.crt"]))
    assert len(certificate.blocks(again["ca.crt"])) == 2
