"""What is said of certificates, and what a rotation keeps."""

import base64
import datetime as dt

import pytest

from vcli import x509
from vcli.bootstrap import certificate, pki
from vcli.bootstrap.pki import LEAF_LIFE, Files
from vcli.config import load
from vcli.controlplane import render
from vcli.controlplane.authorities import begin, without_leaves
from vcli.controlplane.certificates import issue
from vcli.controlplane.names import Names
from vcli.errors import VcliError
from vcli.operations.certificate_ends import ends_of, remedy, warnings
from vcli.operations.certificate_rotation import check_authorities, with_learned
from vcli.operations.certificates import examine

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
END = NOW + LEAF_LIFE
SANS = {"apiserver": ["localhost", "10.96.0.1"]}
NAMES = Names("demo", "team")
SPEC = render.spec(NAMES, load())


@pytest.fixture(scope="module")
def files() -> Files:
    return issue(SANS, now=NOW)


@pytest.mark.parametrize(
    ("left", "state"), [(31, "good"), (30, "good"), (29, "ending"), (0, "expired"), (-1, "expired")]
)
def test_a_leaf_near_its_end(files: Files, left: int, state: str):
    found = {each.name: each for each in examine(files, now=END - dt.timedelta(days=left))}
    assert found["apiserver"].state == state
    assert found["ca"].state == "good"
    data = found["apiserver"].data(END - dt.timedelta(days=left))
    assert (data["daysLeft"], data["sans"]) == (left, ["localhost", "10.96.0.1"])


def test_one_of_another_ca_and_one_that_is_none(files: Files):
    mixed = {**files, "admin.crt": issue(SANS, now=NOW)["admin.crt"], "syncer.crt": b"nonsense"}
    found = {each.name: each for each in examine(mixed, now=NOW)}
    assert (found["admin"].state, found["syncer"].state) == ("foreign", "unreadable")
    assert found["syncer"].data(NOW)["notAfter"] is None


def test_warnings_name_the_first_and_the_remedy(files: Files):
    data = {name: base64.b64encode(text).decode() for name, text in files.items()}
    ends = ends_of({**data, "other.crt": base64.b64encode(b"nonsense").decode()})
    assert "other.crt" not in ends
    assert list(warnings("demo", "team", ends, now=NOW)) == []
    [said] = warnings("demo", "team", ends, now=END - dt.timedelta(days=12))
    assert f"ends on {END:%Y-%m-%d}, in 12 days: " in said
    assert "certs rotate demo -n team renews" in said
    [said] = warnings("demo", "team", ends, now=max(ends.values()))
    assert "has expired on" in said
    assert "certs rotate-ca demo -n team replaces the CA" in said


def test_a_rotation_keeps_what_is_no_leaf(files: Files):
    kept = without_leaves({**files, "more.txt": b""})
    authorities = {f"{name}.{part}" for name in pki.AUTHORITIES for part in ("crt", "key")}
    assert set(kept) == {*authorities, pki.SIGNING, "sa.key", "sa.pub"}
    check_authorities(kept, NAMES)
    again = issue(SANS, existing=kept, now=NOW)
    assert again.keys() == files.keys()
    assert {name for name in files if files[name] == again[name]} == set(kept)


@pytest.mark.parametrize("lost", ["ca.crt", "ca.key", "front-proxy-ca.key", "sa.key"])
def test_nothing_is_made_in_place_of_a_ca(files: Files, lost: str):
    kept = {name: data for name, data in files.items() if name != lost}
    with pytest.raises(VcliError, match=lost):
        check_authorities(kept, NAMES)


def test_a_ca_that_ends_signs_nothing(files: Files):
    old = issue(SANS, now=NOW - dt.timedelta(days=3640))
    with pytest.raises(VcliError, match="CA ca of virtual cluster 'demo' is ending"):
        check_authorities(old, NAMES)
    check_authorities(old, NAMES, may_end=True)


def test_a_former_ca_is_listed_with_what_drops_it(files: Files):
    both = begin(files, pki.sans(SPEC, ()), now=NOW)
    found = {each.name: each for each in examine(both, now=NOW)}
    assert {each.state for each in found.values()} == {"good"}
    assert found["ca-former"].described != found["ca"].described
    assert found["ca-former"].described == x509.describe(files["ca.crt"])
    assert "certs rotate-ca demo --finish -n team drops" in remedy("demo", "team", ["ca-former", "ca"])


def test_a_rotation_keeps_the_ca_of_the_stores_members():
    sans = {**SANS, pki.PEER: ["*.demo-headless"]}
    several = issue(sans, now=NOW)
    kept = without_leaves(several)
    assert kept.keys() - without_leaves(issue(SANS, now=NOW)).keys() == {"etcd-ca.crt", "etcd-ca.key"}
    again = issue(sans, existing=kept, now=NOW)
    assert again["etcd-ca.crt"] == several["etcd-ca.crt"]
    assert again["etcd-peer.crt"] != several["etcd-peer.crt"]
    with pytest.raises(VcliError, match=r"no good etcd-ca\.crt"):
        check_authorities(without_leaves(issue(SANS, now=NOW)), NAMES, pki.authorities(sans))


def test_a_rotation_keeps_addresses_that_were_learned():
    found = issue({"apiserver": ["localhost", "192.0.2.7"]}, now=NOW)
    assert with_learned(found, {"apiserver": ["localhost"]}) == {"apiserver": ["192.0.2.7", "localhost"]}
    assert with_learned({}, {"apiserver": ["localhost"]}) == {"apiserver": ["localhost"]}
    again = issue(with_learned(found, SANS), existing=without_leaves(found), now=NOW)
    assert certificate.parse(again["apiserver.crt"]).sans == {"localhost", "10.96.0.1", "192.0.2.7"}
