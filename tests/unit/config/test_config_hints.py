"""Misspelt keys: a hint leads to the key that was meant, or there is none."""

import pytest

from vcli.config import load
from vcli.errors import UsageError


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("exportKubeconfig", "exportKubeConfig"),
        ("controlPlane.proxy.extraSans", "controlPlane.proxy.extraSANs"),
        ("controlPlane.coreDNS", "controlPlane.coredns"),
        ("controlplane", "controlPlane"),
        ("controlPlane.statefulSet.persistance", "controlPlane.statefulSet.persistence"),
        ("extraSANs", "controlPlane.proxy.extraSANs"),
        ("controlPlane.extraSANs", "controlPlane.proxy.extraSANs"),
        ("sleepmode", "sleepMode"),
        ("multiNamespaceModes", "multiNamespaceMode"),
        ("controlPlane.statefulset", "controlPlane.statefulSet"),
    ],
)
def test_what_was_meant(path: str, meant: str):
    with pytest.raises(UsageError) as caught:
        load([], [f"{path}=x"])
    assert f"{path}: unknown key" in caught.value.message
    assert caught.value.hint == f"did you mean {meant}?"


@pytest.mark.parametrize(
    "path",
    [
        "controlPlane.coredns.service.odd",
        "policies.networkPolicy.workload.rules",
        "controlPlane.ingress.tls",
        "controlPlane.coredns.reference",
        "sync.toHost.secretStores",
        "enabled",
        "image",
        "networking.resources",
        "odd",
    ],
)
def test_no_hint_leads_astray(path: str):
    with pytest.raises(UsageError) as caught:
        load([], [f"{path}=x"])
    assert (caught.value.message.partition(": ")[2], caught.value.hint) == (f"{path}: unknown key", None)
