"""PostgreSQL and MariaDB by way of kine: the password stays a secret; kills of the server lose no row."""

import json
import uuid
from collections.abc import Iterator

import pytest
import yaml
from databases import KINDS, PASSWORD, Database, running
from embedded import Host
from plane import Plane
from polling import eventually
from test_create import NO_DNS, on_host
from writers import Writers

from vcli import VirtualCluster

NAME = "demo"
KILLS = 3


@pytest.fixture(scope="module")
def desk(host: Host) -> Host:
    """The host, used by its administrator."""
    return host


@pytest.fixture(scope="module", params=KINDS)
def database(desk: Host, request: pytest.FixtureRequest) -> Iterator[Database]:
    """Its server."""
    with running(request.param, desk) as database:
        yield database


@pytest.fixture(scope="module")
def place(desk: Host, database: Database) -> Iterator[str]:
    """The namespace of a virtual cluster whose objects are in it."""
    name = f"database-{uuid.uuid4().hex[:8]}"
    external = {"enabled": True, "dataSource": database.source}
    values = database.folder / "values.yaml"
    values.write_text(
        yaml.safe_dump({"controlPlane": {"backingStore": {"database": {"external": external}}}})
    )
    desk.create_namespace(name)
    desk.vcli("create", NAME, "-n", name, "-f", str(values), "--no-connect", *NO_DNS)
    yield name
    desk.end_namespace(name)


def test_the_password_is_in_a_secret_alone(desk: Host, place: str, database: Database):
    written = on_host(desk, "configmaps,statefulsets,pods,events", "-n", place)
    assert PASSWORD not in json.dumps(written)
    assert PASSWORD not in desk.kubectl("logs", f"{NAME}-0", "-n", place, "-c", "kine")
    described = desk.vcli("describe", NAME, "-n", place, "-o", "json").stdout
    assert PASSWORD not in described
    store = json.loads(described)["store"]
    assert (store["kind"], store["prefix"]) == ("external-database", f"/vcli/{place}/{NAME}")
    assert store["endpoint"].endswith(f"://{database.address}:{database.port}/vc")
    assert on_host(desk, "pvc", "-n", place)["items"] == []


def test_an_upgrade_takes_the_data_source_from_its_secret(desk: Host, place: str):
    done = desk.vcli("upgrade", NAME, "-n", place, "--set", "controlPlane.service.labels.x=y")
    assert PASSWORD not in done.stdout + done.stderr
    assert "external-database" in desk.vcli("describe", NAME, "-n", place).stdout


def test_kills_of_the_server_lose_no_row(desk: Host, place: str, database: Database):
    """An API server that was there meanwhile may lack some in lists: see docs/reference/stores.md."""
    with VirtualCluster.connect(NAME, namespace=place, kubeconfig=desk.kubeconfig) as cluster:
        plane = Plane(host=desk, cluster=cluster)
        with Writers(cluster) as writers:
            for _ in range(KILLS):
                failed = writers.failed
                database.kill()
                eventually(lambda before=failed: writers.failed > before)
                database.start()
                writers.go_on()
        lost = writers.missing()
        print(f"acknowledged {len(writers.created)}, failed {writers.failed}, missing {lost}")  # noqa: T201
        assert not {"GET", "counters"} & set(lost)
        restarts = plane.status("kube-apiserver")["restartCount"]
        plane.kill("kube-apiserver")
        eventually(lambda: plane.status("kube-apiserver").get("restartCount", 0) > restarts)
        plane.wait_ready()
        assert writers.missing() == {}
