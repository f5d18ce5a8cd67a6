"""Finding virtual clusters, and making credentials inside one, against a real API server."""

import asyncio
import base64

import pytest

from vcli.errors import NotFoundError, UsageError
from vcli.kube.access import Access
from vcli.kube.client import Client
from vcli.kube.resources import (
    DEPLOYMENTS,
    NAMESPACES,
    ROLEBINDINGS,
    ROLES,
    SECRETS,
    SERVICEACCOUNTS,
    STATEFULSETS,
)
from vcli.operations.credentials import admin, service_account
from vcli.operations.resolve import NotListableError, find_clusters, resolve


def workload(name, namespace, *, release=None, image="registry.k8s.io/kube-apiserver:v1.36.3", **more):
    labels = {"app": "vcluster", "release": release or name}
    container = {"name": "api", "image": image}
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": labels} | more,
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


@pytest.fixture
async def other(client: Client):
    created = await client.create(NAMESPACES, {"metadata": {"generateName": "other-"}})
    yield created["metadata"]["name"]
    await client.delete(NAMESPACES, created["metadata"]["name"])


async def test_of_whatever_kind_and_maker(client, namespace):
    await client.create(STATEFULSETS, workload("one", namespace, annotations={"loft.sh/paused": "true"}))
    image = "ghcr.io/loft-sh/k3s:v1.31.1-k3s1"
    await client.create(DEPLOYMENTS, workload("two", namespace, image=image))
    one, two = await find_clusters(client, namespace=namespace)
    assert (one.name, one.kind, one.version, one.distro) == ("one", "StatefulSet", "v1.36.3", "k8s")
    assert (one.status, one.paused, one.ours, one.ready, one.replicas) == ("Paused", True, False, 0, 1)
    assert (two.name, two.kind, two.version, two.distro) == ("two", "Deployment", "v1.31.1+k3s1", "k3s")
    assert (two.status, two.selector) == ("Starting", "app=vcluster,release=two")
    assert [each.name for each in await find_clusters(client, name="two")] == ["two"]


async def test_a_spread_control_plane_is_one_cluster(client, namespace):
    for name in ("big-api", "big", "big-store"):
        await client.create(STATEFULSETS, workload(name, namespace, release="big"))
    (found,) = await find_clusters(client, namespace=namespace)
    assert found.workload["metadata"]["name"] == "big"


async def test_a_name_is_found_wherever_it_is(client, namespace, other):
    await client.create(STATEFULSETS, workload("wanderer", namespace))
    assert (await resolve(client, "wanderer")).namespace == namespace
    await client.create(STATEFULSETS, workload("wanderer", other))
    with pytest.raises(UsageError, match="there are 2 virtual clusters named 'wanderer'") as caught:
        await resolve(client, "wanderer")
    assert "-n" in caught.value.hint
    assert (await resolve(client, "wanderer", namespace=other)).namespace == other


async def tenant(client: Client, access: Access, namespace: str) -> Access:
    """A ServiceAccount that may list workloads in its own namespace and nothing else."""
    names = {"name": "tenant", "namespace": namespace}
    rules = [{"apiGroups": ["apps"], "resources": ["statefulsets", "deployments"], "verbs": ["list"]}]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "tenant"}
    await client.create(SERVICEACCOUNTS, {"metadata": names})
    await client.create(ROLES, {"metadata": names, "rules": rules})
    subjects = [{"kind": "ServiceAccount", **names}]
    await client.create(ROLEBINDINGS, {"metadata": names, "roleRef": role, "subjects": subjects})
    request = {"spec": {"expirationSeconds": 600}}
    answer = await client.create_subresource(SERVICEACCOUNTS, "tenant", "token", request, namespace=namespace)

    async def token() -> str:
        return str(answer["status"]["token"])

    return Access(server=access.server, ca=access.ca, token=token)


async def test_a_service_account_sees_its_own_namespace_without_naming_it(client, access, namespace, other):
    for place in (namespace, other):
        await client.create(STATEFULSETS, workload("mine", place))
    looked_at: list[str] = []
    async with Client(await tenant(client, access, namespace)) as limited:
        for _ in range(50):  # RBAC learns of the binding a moment later
            try:
                found = await find_clusters(limited, limited=looked_at.extend)
                break
            except NotListableError:
                await asyncio.sleep(0.1)
        assert [each.namespace for each in found] == [namespace]
        assert looked_at == [namespace]
        assert (await resolve(limited, "mine")).namespace == namespace
        with pytest.raises(
            NotFoundError, match=f"no virtual cluster 'yours' in namespace '{namespace}'"
        ) as caught:
            await resolve(limited, "yours")
        assert caught.value.hint.startswith(
            "you may not look into all namespaces: name another one with -n; "
        )
        with pytest.raises(NotListableError, match=f"virtual clusters in namespace '{other}'"):
            await resolve(limited, "mine", namespace=other)


async def test_who_may_list_nowhere_is_told_what_to_name(api_server):
    async with Client(api_server.access_as("jane")) as jane:
        with pytest.raises(NotListableError) as caught:
            await find_clusters(jane)
    assert caught.value.exit_code == 6
    assert caught.value.message == (
        "you may not list virtual clusters in all namespaces: the host knows you as 'jane'"
    )
    assert "-n NAMESPACE" in caught.value.hint


async def test_what_may_have_been_meant(client, namespace, other):
    await client.create(STATEFULSETS, workload("staging-x", namespace))
    with pytest.raises(NotFoundError) as caught:
        await resolve(client, "stagin-x")
    assert caught.value.hint == "did you mean 'staging-x'?"
    with pytest.raises(NotFoundError) as caught:
        await resolve(client, "staging-x", namespace=other)
    assert caught.value.hint == f"there is one in namespace {namespace}: -n {namespace}"


def encoded(**data):
    return {key.replace("_", "-"): base64.b64encode(value.encode()).decode() for key, value in data.items()}


async def test_the_admins_credentials_in_either_shape(client, namespace):
    await client.create(STATEFULSETS, workload("vc", namespace))
    cluster = await resolve(client, "vc", namespace=namespace)
    with pytest.raises(NotFoundError, match="no Secret 'vc-vc'"):
        await admin(client, cluster)
    secret = {"metadata": {"name": "vc-vc", "namespace": namespace}}
    cluster_part = "clusters: [{name: c, cluster: {certificate-authority-data: Q0E=}}]"
    config = f"{cluster_part}\nusers: [{{name: u, user: {{token: t}}}}]"
    made = await client.create(SECRETS, secret | {"data": encoded(config=config)})
    found = await admin(client, cluster)
    assert (found.ca, found.user) == (b"CA", {"token": "t"})
    keys = {"certificate_authority": "CA2", "client_certificate": "CERT", "client_key": "KEY"}
    await client.replace(SECRETS, made | {"data": encoded(config=config, **keys)})
    found = await admin(client, cluster)
    assert found.ca == b"CA2"
    assert set(found.user) == {"client-certificate-data", "client-key-data"}
    access = found.access("https://x", None)
    assert (access.client_certificate, access.client_key) == (b"CERT", b"KEY")


async def test_a_service_account_is_made_and_bound_once(client, access):
    async def connect():
        found = await service_account(
            client, "kube-system/robot", cluster_role="cluster-admin", life=3600, ca=access.ca
        )

        async def token() -> str:
            return found.user["token"]

        async with Client(Access(server=access.server, ca=access.ca, token=token)) as robot:
            for attempt in range(50):  # RBAC learns of the binding a moment later
                try:
                    return [each["metadata"]["name"] for each in (await robot.list(NAMESPACES))["items"]]
                except Exception:
                    if attempt == 49:
                        raise
                    await asyncio.sleep(0.1)
            return []

    assert "kube-system" in await connect()
    assert "kube-system" in await connect()


async def test_a_service_account_that_can_not_be(client):
    with pytest.raises(UsageError, match="ten minutes"):
        await service_account(client, "x", cluster_role=None, life=60, ca=b"")
    with pytest.raises(UsageError, match="the namespace in the service account 'a/b' is not a DNS label"):
        await service_account(client, "a/b/c", cluster_role=None, life=None, ca=b"")
    with pytest.raises(NotFoundError, match="no namespace 'nowhere'"):
        await service_account(client, "nowhere/x", cluster_role=None, life=None, ca=b"")
    with pytest.raises(NotFoundError, match="no-such-role"):
        await service_account(client, "y", cluster_role="no-such-role", life=None, ca=b"")
