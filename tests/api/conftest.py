"""A real API server for each run of these tests, without kubelet or controllers."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from apiserver import ApiServer, Etcd, binary

from vcli.kube.access import Access
from vcli.kube.client import Client
from vcli.kube.resources import NAMESPACES

SERVERS = ("virtual_server", "api_server", "etcd")


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """The servers end with the last test of this folder: idle, they would take their part of what runs after.

    They are of the session, as pytest has nothing between that and a file for a folder that is no package.
    """
    if nextitem is not None and nextitem.path.is_relative_to(Path(__file__).parent):
        return
    for name in SERVERS:
        for fixture in item.session._fixturemanager.getfixturedefs(name, item) or ():
            fixture.finish(item._request)


@pytest.fixture(scope="session")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Etcd]:
    """An etcd; several API servers may share it."""
    server = Etcd(binary("etcd"), tmp_path_factory.mktemp("etcd"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def api_server(etcd: Etcd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """An API server that all tests share; who stops it starts it again."""
    server = ApiServer(binary("kube-apiserver"), tmp_path_factory.mktemp("apiserver"), etcd)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def virtual_server(etcd: Etcd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """The API server of a virtual cluster."""
    server = ApiServer(binary("kube-apiserver"), tmp_path_factory.mktemp("virtual"), etcd, name="virtual")
    yield server
    server.stop()


@pytest.fixture
def access(api_server: ApiServer) -> Access:
    """The administrator's access."""
    return api_server.access


@pytest.fixture
async def client(access: Access) -> AsyncIterator[Client]:
    """The administrator's client."""
    async with Client(access) as client:
        yield client


@pytest.fixture
async def namespace(client: Client) -> AsyncIterator[str]:
    """A namespace of the test's own."""
    created = await client.create(NAMESPACES, {"metadata": {"generateName": "test-"}})
    name: str = created["metadata"]["name"]
    yield name
    # Without a controller manager a namespace never ends; the etcd it is in does, after the session.
    await client.delete(NAMESPACES, name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for state and logs."""
    return tmp_path
