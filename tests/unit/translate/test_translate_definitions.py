"""CustomResourceDefinitions of the host, as the virtual cluster gets them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translate_builders import unchanged

from vcli.syncer.translate.definitions import difference, is_served, left_out, to_virtual

Object = dict[str, Any]
SCHEMA = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
NAMES = {"plural": "certificates", "singular": "certificate", "kind": "Certificate", "listKind": "L"}


def version(name: str, *, served: bool = True, storage: bool = False, **more: Any) -> Object:
    return {"name": name, "served": served, "storage": storage, "schema": SCHEMA, **more}


def definition(*versions: Object, strategy: str = "None", **more: Any) -> Object:
    return {
        "metadata": {
            "name": "certificates.example.com",
            "uid": "u",
            "labels": {"helm": "mine"},
            "annotations": {"api-approved.kubernetes.io": "https://example.com", "note": "host"},
        },
        "spec": {
            "group": "example.com",
            "names": NAMES,
            "scope": "Namespaced",
            "versions": list(versions),
            "conversion": {"strategy": strategy, "webhook": {"clientConfig": {}}},
            **more,
        },
        "status": {"storedVersions": ["v1"]},
    }


def versions_of(obj: Object) -> list[tuple[str, bool, bool]]:
    return [(each["name"], each["served"], each["storage"]) for each in obj["spec"]["versions"]]


def test_the_versions_that_are_served_with_their_schemas() -> None:
    host = definition(
        version("v2", subresources={"status": {}}, additionalPrinterColumns=[{"name": "Ready"}], later=1),
        version("v1", storage=True),
        version("v0", served=False),
    )
    with unchanged(host):
        made = to_virtual(host)
    assert versions_of(made) == [("v2", True, False), ("v1", True, True)]
    first = made["spec"]["versions"][0]
    assert first["schema"] == SCHEMA
    assert first["subresources"] == {"status": {}}
    assert "later" not in first, "the virtual API server may be older"
    assert made["spec"]["conversion"] == {"strategy": "None"}
    assert made["spec"]["names"] == NAMES
    assert made["metadata"] == {
        "name": "certificates.example.com",
        "labels": {"vcli.dev/mirror": "true"},
        "annotations": {"api-approved.kubernetes.io": "https://example.com"},
    }


def test_where_a_webhook_converts_there_is_one_version() -> None:
    host = definition(version("v2"), version("v1", storage=True), strategy="Webhook")
    assert versions_of(to_virtual(host)) == [("v1", True, True)]
    assert left_out(host) == ["v2"]
    assert left_out(definition(version("v2"), version("v1", storage=True))) == []


def test_one_that_is_stored_and_not_served() -> None:
    host = definition(version("v2"), version("v1", served=False, storage=True))
    assert versions_of(to_virtual(host)) == [("v2", True, True)]
    assert is_served(host)
    assert not is_served(definition(version("v1", served=False, storage=True)))


def test_what_objects_may_be_stored_in_stays() -> None:
    current = to_virtual(definition(version("v1", storage=True)))
    current["status"] = {"storedVersions": ["v1"]}
    host = definition(version("v2", storage=True))
    assert versions_of(to_virtual(host, current)) == [("v2", True, True), ("v1", False, False)]


@given(
    st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=4),
    st.sampled_from(["None", "Webhook"]),
)
def test_one_version_is_stored_and_it_is_served(flags: list[tuple[bool, bool]], strategy: str) -> None:
    versions = [
        version(f"v{number}", served=served, storage=storage)
        for number, (served, storage) in enumerate(flags)
    ]
    host = definition(*versions, strategy=strategy)
    if is_served(host):
        made = to_virtual(host)["spec"]["versions"]
        assert [each["served"] for each in made if each["storage"]] == [True]
        assert {each["name"] for each in made} | set(left_out(host)) == {
            each["name"] for each in versions if each["served"]
        }


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (definition(version("v1", storage=True)), ""),
        (definition(version("v1"), scope="Cluster"), "its scope is Cluster, on the host Namespaced"),
        (
            definition(version("v1"), names={**NAMES, "kind": "Cert"}),
            "its kind is Cert, on the host Certificate",
        ),
        (definition(version("v9")), "it serves none of the host's versions: v1, v2"),
        (definition(version("v2", served=False)), "it serves none of the host's versions: v1, v2"),
    ],
)
def test_in_what_a_tenants_own_differs(own: Object, said: str) -> None:
    assert difference(definition(version("v1", storage=True), version("v2")), own) == said


BETA = {"name": "v1beta1", "served": True, "storage": False, "schema": {}}
STABLE = {"name": "v1", "served": True, "storage": True, "schema": {}}
OLD = {"name": "v1alpha1", "served": False, "storage": False, "schema": {}}


def of_snapshots(*versions: dict[str, Any], strategy: str = "None") -> dict[str, Any]:
    webhook = {"strategy": strategy, "webhook": {"clientConfig": {"service": {"name": "on-host"}}}}
    names = {"plural": "volumesnapshots", "kind": "VolumeSnapshot"}
    return {
        "metadata": {
            "name": "volumesnapshots.snapshot.storage.k8s.io",
            "labels": {"of": "the-host"},
            "annotations": {"api-approved.kubernetes.io": "https://example.com", "other": "x"},
        },
        "spec": {
            "group": "snapshot.storage.k8s.io",
            "scope": "Namespaced",
            "names": names,
            "conversion": webhook if strategy == "Webhook" else {"strategy": strategy},
            "versions": list(versions),
        },
    }


@pytest.mark.parametrize(("strategy", "versions"), [("None", [BETA, STABLE]), ("Webhook", [STABLE])])
def test_what_the_host_serves_is_served(strategy: str, versions: Any) -> None:
    host = of_snapshots(OLD, BETA, STABLE, strategy=strategy)
    assert is_served(host)
    with unchanged(host):
        virtual = to_virtual(host)
    assert virtual["metadata"]["name"] == host["metadata"]["name"]
    assert virtual["metadata"]["annotations"] == {"api-approved.kubernetes.io": "https://example.com"}
    assert virtual["metadata"]["labels"] == {"vcli.dev/mirror": "true"}
    assert virtual["spec"]["versions"] == versions
    assert "webhook" not in str(virtual)


def test_one_version_is_stored_though_the_host_stores_one_that_it_does_not_serve() -> None:
    virtual = to_virtual(of_snapshots({**OLD, "storage": True}, {**STABLE, "storage": False}))
    assert virtual["spec"]["versions"] == [STABLE]
    assert not is_served(of_snapshots(OLD))
