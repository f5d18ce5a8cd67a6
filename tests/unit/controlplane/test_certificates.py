"""The PKI: what is in it, what is kept, what is recreated."""

import datetime as dt
import ssl

import pytest
from controlplane_builders import FILES, SPEC
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from foreign_ca import authority
from vcli.bootstrap import pki
from vcli.bootstrap.pki import CA_LIFE, LEAF_LIFE, LEAVES, RENEW_BEFORE, Files
from vcli.controlplane.certificates import issue

SANS = pki.sans(SPEC, ["10.96.3.4"])


def certificate(files: Files, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(files[f"{name}.crt"])


def names_of(found: x509.Certificate) -> set[str]:
    sans = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in sans}


def test_all_files():
    pairs = {f"{leaf.name}.{part}" for leaf in LEAVES for part in ("crt", "key")}
    cas = {f"{name}.{part}" for name in ("ca", "front-proxy-ca") for part in ("crt", "key")}
    assert set(FILES) == pairs | cas | {"sa.key", "sa.pub", "ca-signing.pem"}


def test_the_api_server_answers_to_every_name_it_is_called_by():
    wanted = {"demo", "kubernetes", "localhost", "127.0.0.1", "10.96.3.4"}
    wanted |= {"kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"}
    assert wanted <= names_of(certificate(FILES, "apiserver"))
    on_host = {"demo.team-a", "demo.team-a.svc", "demo.team-a.svc.cluster.local"}
    assert on_host <= names_of(certificate(FILES, "apiserver-host"))


def test_the_kubelet_answers_to_the_headless_service():
    assert {"demo-headless", "localhost"} <= names_of(certificate(FILES, "kubelet"))


@pytest.mark.parametrize("leaf", ["apiserver", "kubelet"])
def test_what_anybody_is_shown_does_not_name_the_host_namespace(leaf: str):
    assert not [name for name in names_of(certificate(FILES, leaf)) if "team-a" in name]


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.name)
def test_each_leaf_is_of_its_ca_and_for_one_purpose(leaf):
    found, authority = certificate(FILES, leaf.name), certificate(FILES, leaf.ca)
    found.verify_directly_issued_by(authority)
    other = certificate(FILES, "front-proxy-ca" if leaf.ca == "ca" else "ca")
    with pytest.raises(ValueError, match="does not match certificate issuer"):
        found.verify_directly_issued_by(other)
    usage = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [
        ExtendedKeyUsageOID.SERVER_AUTH if leaf.server else ExtendedKeyUsageOID.CLIENT_AUTH
    ]
    (common_name,) = found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert common_name.value == leaf.common_name


@pytest.mark.parametrize("name", ["kubelet-client", "syncer", "admin"])
def test_masters(name: str):
    subject = certificate(FILES, name).subject
    (organization,) = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert organization.value == "system:masters"


def test_lives():
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    files = issue(SANS, now=now)
    assert certificate(files, "ca").not_valid_after_utc == now + CA_LIFE
    assert certificate(files, "apiserver").not_valid_after_utc == now + LEAF_LIFE
    assert certificate(files, "apiserver").not_valid_before_utc < now


def test_strict_verifiers_accept_them(tmp_path):
    for name in ("ca.crt", "apiserver-host.crt", "apiserver-host.key", "admin.crt", "admin.key"):
        (tmp_path / name).write_bytes(FILES[name])
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "apiserver-host.crt", tmp_path / "apiserver-host.key")
    server.load_verify_locations(tmp_path / "ca.crt")
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))
    client.load_cert_chain(tmp_path / "admin.crt", tmp_path / "admin.key")
    for context in (server, client):
        context.verify_flags |= ssl.VERIFY_X509_STRICT
    here, there = [ssl.MemoryBIO(), ssl.MemoryBIO()], [ssl.MemoryBIO(), ssl.MemoryBIO()]
    ends = [
        client.wrap_bio(here[0], there[0], server_hostname="demo.team-a.svc"),
        server.wrap_bio(there[1], here[1], server_side=True),
    ]
    done = [False, False]
    for _ in range(10):
        for index, end in enumerate(ends):
            if not done[index]:
                try:
                    end.do_handshake()
                    done[index] = True
                except ssl.SSLWantReadError:
                    pass
        there[1].write(there[0].read())
        here[0].write(here[1].read())
    assert done == [True, True]
    assert ends[1].getpeercert()["subject"][1][0] == ("commonName", "kubernetes-admin")


def test_what_is_good_is_kept():
    assert issue(SANS, existing=FILES) == FILES


def changed(before: Files, after: Files) -> set[str]:
    return {name for name in after if before.get(name) != after[name]}


def test_a_missing_name_renews_that_leaf_alone():
    wanted = {**SANS, "apiserver": [*SANS["apiserver"], "demo.example.org"]}
    after = issue(wanted, existing=FILES)
    assert changed(FILES, after) == {"apiserver.crt", "apiserver.key"}
    assert "demo.example.org" in names_of(certificate(after, "apiserver"))


def test_a_name_too_many_is_no_reason():
    fewer = {**SANS, "apiserver": SANS["apiserver"][1:]}
    assert issue(fewer, existing=FILES) == FILES


def test_what_ends_soon_is_renewed_and_the_ca_stays():
    late = dt.datetime.now(dt.UTC) + LEAF_LIFE - RENEW_BEFORE + dt.timedelta(days=1)
    after = issue(SANS, existing=FILES, now=late)
    assert changed(FILES, after) == {f"{leaf.name}.{part}" for leaf in LEAVES for part in ("crt", "key")}


def test_with_its_ca_a_leaf_goes():
    without = {name: data for name, data in FILES.items() if not name.startswith("ca.")}
    after = issue(SANS, existing=without)
    assert changed(FILES, after) == {
        *(f"{leaf.name}.{part}" for leaf in LEAVES if leaf.ca == "ca" for part in ("crt", "key")),
        "ca.crt",
        "ca.key",
        "ca-signing.pem",
    }


def test_rubbish_is_replaced():
    after = issue(SANS, existing=FILES | {"admin.crt": b"rubbish"})
    assert changed(FILES, after) == {"admin.crt", "admin.key"}


def test_a_ca_of_another_tool_is_kept_and_signs():
    """Its key is RSA, and the identifier of its key is what it says itself."""
    ca, front = authority("kubernetes"), authority("front-proxy-ca")
    given = {f"ca.{part}": ca[part] for part in ca}
    given |= {f"front-proxy-ca.{part}": front[part] for part in front}
    files = issue(SANS, existing=given)
    assert {name: files[name] for name in given} == given
    for leaf in LEAVES:
        certificate(files, leaf.name).verify_directly_issued_by(certificate(files, leaf.ca))
    assert issue(SANS, existing=files) == files
