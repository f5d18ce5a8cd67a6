"""Fixtures of the translation tests."""

from collections.abc import AsyncIterator

import pytest
from pair import Pair

from vcli.kube.client import Client
from vcli.kube.resources import NAMESPACES, SERVICEACCOUNTS
from vcli.syncer.translate.scope import Scope


@pytest.fixture
async def pair(client: Client) -> AsyncIterator[Pair]:
    """Two namespaces, and a Service on the host that owns what is made."""
    names = []
    for account in ("default", "vc-workload-demo"):
        created = await client.create(NAMESPACES, {"metadata": {"generateName": "translate-"}})
        names.append(created["metadata"]["name"])
        await client.create(SERVICEACCOUNTS, {"metadata": {"name": account}}, namespace=names[-1])
    owner = {
        "apiVersion": "v1",
        "kind": "Service",
        "name": "demo",
        "uid": "12345678-1234-1234-1234-123456789012",
    }
    yield Pair(client, names[0], Scope(cluster="demo", host_namespace=names[1], owner=owner))
    for name in names:
        await client.delete(NAMESPACES, name)
