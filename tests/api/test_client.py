"""The client's verbs against a real API server."""

import dataclasses

import pytest

from vcli.kube.client import Client
from vcli.kube.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Unauthorized,
    Unreachable,
)
from vcli.kube.resources import (
    CONFIGMAPS,
    PODS,
    SECRETS,
    SELFSUBJECTACCESSREVIEWS,
    SERVICEACCOUNTS,
    SERVICES,
)


def config_map(name, **data):
    return {"metadata": {"name": name, "labels": {"app": name}}, "data": data}


def pod(name):
    return {
        "metadata": {"name": name},
        "spec": {"containers": [{"name": "main", "image": "busybox"}], "automountServiceAccountToken": False},
    }


async def test_the_life_of_an_object(client, namespace):
    created = await client.create(CONFIGMAPS, config_map("a", x="1"), namespace=namespace)
    assert (created["apiVersion"], created["kind"]) == ("v1", "ConfigMap")
    read = await client.get(CONFIGMAPS, "a", namespace=namespace)
    assert read == created
    replaced = await client.replace(CONFIGMAPS, {**read, "data": {"x": "2"}})
    assert replaced["data"] == {"x": "2"}
    patched = await client.patch(CONFIGMAPS, "a", {"data": {"x": None, "y": "3"}}, namespace=namespace)
    assert patched["data"] == {"y": "3"}
    operations = [{"op": "replace", "path": "/data/y", "value": "4"}]
    patched = await client.patch(CONFIGMAPS, "a", operations, namespace=namespace, strategy="json")
    assert patched["data"] == {"y": "4"}
    await client.delete(CONFIGMAPS, "a", namespace=namespace, uid=created["metadata"]["uid"])
    with pytest.raises(NotFound, match='configmaps "a" not found') as caught:
        await client.get(CONFIGMAPS, "a", namespace=namespace)
    assert caught.value.details == {"name": "a", "kind": "configmaps"}


async def test_each_refusal_is_an_error_of_its_own(client, namespace):
    created = await client.create(CONFIGMAPS, config_map("a"), namespace=namespace)
    with pytest.raises(AlreadyExists):
        await client.create(CONFIGMAPS, config_map("a"), namespace=namespace)
    await client.patch(CONFIGMAPS, "a", {"data": {"x": "1"}}, namespace=namespace)
    with pytest.raises(Conflict):
        await client.replace(CONFIGMAPS, {**created, "data": {"x": "2"}})
    with pytest.raises(Conflict, match="UID"):
        await client.delete(CONFIGMAPS, "a", namespace=namespace, uid="some-other")
    with pytest.raises(Invalid, match="Not_A_Name"):
        await client.create(CONFIGMAPS, config_map("Not_A_Name"), namespace=namespace)


async def test_the_server_checks_secrets_and_their_values_stay_out_of_the_error(client, namespace):
    body = {"metadata": {"name": "s"}, "type": "kubernetes.io/tls", "data": {"tls.crt": "aHVudGVyMg=="}}
    with pytest.raises(Invalid) as caught:
        await client.create(SECRETS, body, namespace=namespace)
    assert "aHVudGVyMg" not in caught.value.message


async def test_server_side_apply_owns_fields(client, namespace):
    first = await client.apply(CONFIGMAPS, config_map("a", x="1", y="1"), namespace=namespace)
    assert [entry["manager"] for entry in first["metadata"]["managedFields"]] == ["vcli"]
    same = await client.apply(CONFIGMAPS, config_map("a", x="1", y="1"), namespace=namespace)
    assert same["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    # A field that is no longer applied is removed, one of somebody else's stays.
    await client.patch(CONFIGMAPS, "a", {"data": {"theirs": "1"}}, namespace=namespace)
    after = await client.apply(CONFIGMAPS, config_map("a", x="2"), namespace=namespace)
    assert after["data"] == {"x": "2", "theirs": "1"}
    with pytest.raises(Conflict, match="conflict"):
        await client.apply(
            CONFIGMAPS, config_map("a", theirs="2"), namespace=namespace, field_manager="x", force=False
        )
    # What a read brought can be applied again as it is, managedFields or not.
    await client.apply(CONFIGMAPS, await client.get(CONFIGMAPS, "a", namespace=namespace))


async def test_apply_takes_every_character_as_it_is(client, namespace):
    text = '☃\n\t\x7f\x80\x85\x9f\u2028\u2029 \ufeff\ufffe\uffff\U0001f600\\"'
    made = await client.apply(CONFIGMAPS, config_map("a", x=text), namespace=namespace)
    assert made["data"] == {"x": text}


async def test_apply_to_the_status_alone(client, namespace):
    await client.create(PODS, pod("a"), namespace=namespace)
    status = {"metadata": {"name": "a"}, "status": {"phase": "Running", "podIP": "10.0.0.1"}}
    await client.apply(PODS, status, namespace=namespace, subresource="status")
    read = await client.get(PODS, "a", namespace=namespace)
    assert read["status"]["podIP"] == "10.0.0.1"


async def test_dry_run_changes_nothing(client, namespace):
    await client.create(CONFIGMAPS, config_map("a"), namespace=namespace, dry_run=True)
    await client.apply(CONFIGMAPS, config_map("b"), namespace=namespace, dry_run=True)
    assert (await client.list(CONFIGMAPS, namespace=namespace))["items"] == []
    await client.create(CONFIGMAPS, config_map("c"), namespace=namespace)
    await client.delete(CONFIGMAPS, "c", namespace=namespace, dry_run=True)
    assert len((await client.list(CONFIGMAPS, namespace=namespace))["items"]) == 1


async def test_lists_come_whole_with_kinds_and_by_selector(client, namespace):
    for number in range(7):
        await client.create(CONFIGMAPS, config_map(f"c{number}"), namespace=namespace)
    whole = await client.list(CONFIGMAPS, namespace=namespace, limit=3)
    assert sorted(item["metadata"]["name"] for item in whole["items"]) == [f"c{n}" for n in range(7)]
    assert {(item["apiVersion"], item["kind"]) for item in whole["items"]} == {("v1", "ConfigMap")}
    assert "continue" not in whole["metadata"]
    by_label = await client.list(CONFIGMAPS, namespace=namespace, label_selector="app in (c1, c2)")
    by_field = await client.list(CONFIGMAPS, namespace=namespace, field_selector="metadata.name=c3")
    assert [len(found["items"]) for found in (by_label, by_field)] == [2, 1]
    everywhere = await client.list(CONFIGMAPS)
    assert len(everywhere["items"]) > 7


async def test_a_page_that_expires_between_two_requests(client, namespace, etcd):
    """The continue token is bound to a revision; once etcd has forgotten it, the list is restarted."""
    for number in range(4):
        await client.create(CONFIGMAPS, config_map(f"c{number}"), namespace=namespace)
    seen = []
    async for page in client.pages(CONFIGMAPS, namespace=namespace, limit=2):
        seen.append([item["metadata"]["name"] for item in page["items"]])
        if len(seen) == 1:
            await client.create(CONFIGMAPS, config_map("c9"), namespace=namespace)
            etcd.compact()
    assert seen[-1] in (["c2", "c3"], ["c0", "c1", "c2", "c3", "c9"])


async def test_delete_collection_by_label(client, namespace):
    for name in ("a", "b"):
        await client.create(CONFIGMAPS, config_map(name), namespace=namespace)
    await client.delete_collection(CONFIGMAPS, namespace=namespace, label_selector="app=a")
    left = await client.list(CONFIGMAPS, namespace=namespace)
    assert [item["metadata"]["name"] for item in left["items"]] == ["b"]


async def test_a_pods_grace(client, namespace):
    created = await client.create(PODS, pod("a"), namespace=namespace)
    bind = {"metadata": {"name": "a"}, "target": {"kind": "Node", "name": "n1"}}
    await client.create_subresource(PODS, "a", "binding", bind, namespace=namespace)
    dying = await client.delete(PODS, "a", namespace=namespace, uid=created["metadata"]["uid"], grace=7)
    assert dying["metadata"]["deletionGracePeriodSeconds"] == 7
    await client.delete(PODS, "a", namespace=namespace, grace=0)
    with pytest.raises(NotFound):
        await client.get(PODS, "a", namespace=namespace)


async def test_tokens_authenticate(client, namespace, access):
    await client.create(SERVICEACCOUNTS, {"metadata": {"name": "robot"}}, namespace=namespace)
    request = {"spec": {"audiences": [], "expirationSeconds": 600}}
    answer = await client.create_subresource(SERVICEACCOUNTS, "robot", "token", request, namespace=namespace)

    async def token():
        return answer["status"]["token"]

    robot = dataclasses.replace(access, client_certificate=None, client_key=None, token=token)
    async with Client(robot) as as_robot:
        with pytest.raises(Forbidden, match=f"system:serviceaccount:{namespace}:robot"):
            await as_robot.list(PODS, namespace=namespace)


async def test_who_one_is(client, namespace, access, api_server):
    review = {"spec": {"resourceAttributes": {"verb": "list", "resource": "pods", "namespace": namespace}}}
    assert (await client.create(SELFSUBJECTACCESSREVIEWS, review))["status"]["allowed"]
    async with Client(api_server.access_as("jane")) as jane:
        assert not (await jane.create(SELFSUBJECTACCESSREVIEWS, review))["status"].get("allowed")
        with pytest.raises(Forbidden, match='User "jane"'):
            await jane.list(SERVICES)
    impersonated = dataclasses.replace(
        access, impersonate={"Impersonate-User": "jack", "Impersonate-Group": ("dev", "system:masters")}
    )
    async with Client(impersonated) as jack:
        await jack.list(SERVICES)

    async def token():
        return "not-a-token"

    stranger = dataclasses.replace(access, client_certificate=None, client_key=None, token=token)
    async with Client(stranger) as client_of_stranger:
        with pytest.raises(Unauthorized):
            await client_of_stranger.list(SERVICES)


async def test_the_servers_certificate_is_checked(access, api_server):
    from apiserver import Authority  # noqa: PLC0415

    other = dataclasses.replace(access, ca=Authority().pem)
    async with Client(other) as client:
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1:\d+: its certificate is not trusted"):
            await client.version()
    renamed = dataclasses.replace(access, tls_server_name="elsewhere.example")
    async with Client(renamed) as client:
        with pytest.raises(Unreachable, match=r"elsewhere\.example"):
            await client.version()
    for trusting in (
        dataclasses.replace(access, tls_server_name="kubernetes.default.svc"),
        dataclasses.replace(other, insecure=True),
        dataclasses.replace(access, server=f"https://localhost:{api_server.port}"),
    ):
        async with Client(trusting) as client:
            assert await client.ready()
            assert (await client.version())["gitVersion"].startswith("v1.")


async def test_an_upgrade_that_is_rejected_says_why(client, namespace):
    await client.create(PODS, pod("a"), namespace=namespace)
    path = PODS.path(namespace=namespace, name="a", subresource="exec")
    headers = {"Connection": "Upgrade", "Upgrade": "SPDY/3.1"}
    with pytest.raises(Exception, match="does not have a host assigned"):
        await client.upgrade("POST", path, headers=headers, params={"command": ["ls", "-l"]})
    with pytest.raises(NotFound):
        await client.upgrade("POST", path.replace("/a/", "/b/"), headers=headers)
