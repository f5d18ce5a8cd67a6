"""Definitions of the host in the virtual cluster: what is served there, and no webhook."""

from typing import Any

import pytest
from translate_builders import unchanged

from vcli.syncer.translate import definitions

BETA = {"name": "v1beta1", "served": True, "storage": False, "schema": {}}
STABLE = {"name": "v1", "served": True, "storage": True, "schema": {}}
OLD = {"name": "v1alpha1", "served": False, "storage": False, "schema": {}}


def definition(*versions: dict[str, Any], strategy: str = "None") -> dict[str, Any]:
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
    host = definition(OLD, BETA, STABLE, strategy=strategy)
    assert definitions.is_served(host)
    with unchanged(host):
        virtual = definitions.to_virtual(host)
    assert virtual["metadata"]["name"] == host["metadata"]["name"]
    assert virtual["metadata"]["annotations"] == {"api-approved.kubernetes.io": "https://example.com"}
    assert virtual["metadata"]["labels"] == {"vcli.dev/mirror": "true"}
    assert virtual["spec"]["versions"] == versions
    assert "webhook" not in str(virtual)


def test_one_version_is_stored_though_the_host_stores_one_that_it_does_not_serve() -> None:
    virtual = definitions.to_virtual(definition({**OLD, "storage": True}, {**STABLE, "storage": False}))
    assert virtual["spec"]["versions"] == [STABLE]
    assert not definitions.is_served(definition(OLD))
