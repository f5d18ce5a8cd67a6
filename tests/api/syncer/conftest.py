"""Two API servers and a syncer for each test."""

import dataclasses
from collections.abc import AsyncIterator, Iterator

import pytest
from apiserver import ApiServer, Etcd, binary, free_port
from testbed import Lab, grant_rights

from vcli.kube.client import Client
from vcli.kube.resources import NAMESPACES, SERVICES
from vcli.syncer.settings import Settings


@pytest.fixture(scope="session")
def virtual_server(etcd: Etcd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """The API server of the virtual cluster."""
    server = ApiServer(binary("kube-apiserver"), tmp_path_factory.mktemp("virtual"), etcd, name="virtual")
    yield server
    server.stop()


@pytest.fixture
async def idle_lab(
    client: Client, namespace: str, api_server: ApiServer, virtual_server: ApiServer
) -> AsyncIterator[Lab]:
    """A host namespace and a virtual one; the syncer has not been started yet."""
    service = await client.create(
        SERVICES,
        {
            "metadata": {"name": "demo"},
            "spec": {"ports": [{"port": 443, "targetPort": 8443}], "selector": {"app": "vcluster"}},
        },
        namespace=namespace,
    )
    await grant_rights(client, namespace, user="syncer")
    settings = Settings(
        cluster="demo",
        namespace=namespace,
        service="demo",
        service_uid=service["metadata"]["uid"],
        service_ip=service["spec"]["clusterIP"],
        headless_service="localhost",
        workload_service_account="vc-workload-demo",
        virtual_server=virtual_server.access.server,
        pki=virtual_server.pki,
        kubernetes_version="v1.36.3",
        health_port=free_port(),
        default_service_account_ready=False,
    )
    async with Client(virtual_server.access) as virtual:
        made = await virtual.create(NAMESPACES, {"metadata": {"generateName": "space-"}})
        lab = Lab(
            client,
            virtual,
            settings=settings,
            as_syncer=dataclasses.replace(api_server.access_as("syncer"), namespace=namespace),
            space=made["metadata"]["name"],
        )
        yield lab
        await lab.stop()
        await lab.clean()


@pytest.fixture
async def lab(idle_lab: Lab) -> Lab:
    """The same, with a syncer that is ready."""
    await idle_lab.start()
    return idle_lab
