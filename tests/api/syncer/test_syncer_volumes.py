"""Claims, the volumes that the virtual cluster shows for them, and the pods that wait for them.

The tests play the host's binder and provisioner.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from testbed import Lab, pod

from vcli.kube.errors import NotFound
from vcli.kube.resources import (
    CLUSTERROLEBINDINGS,
    CLUSTERROLES,
    PODS,
    PVCS,
    PVS,
    RESOURCEQUOTAS,
    STORAGECLASSES,
)
from vcli.syncer.translate.pvs import UNKNOWN_DRIVER

Object = dict[str, Any]

SPEC = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
BOUND = {"phase": "Bound", "capacity": {"storage": "2Gi"}, "accessModes": ["ReadWriteOnce"]}
COMPLETED = "pv.kubernetes.io/bind-completed"
NODE = "volume.kubernetes.io/selected-node"


def claim(name: str = "data", **spec: Any) -> Object:
    return {"metadata": {"name": name}, "spec": {**SPEC, **spec}}


def using(name: str, of: str = "data") -> Object:
    return pod(name, volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": of}}])


async def bind(lab: Lab, name: str = "data", *, to: str = "pvc-1") -> Object:
    """Be the host's binder."""
    host = await lab.appears(PVCS, name)
    patch = {"metadata": {"annotations": {COMPLETED: "yes"}}, "spec": {"volumeName": to}}
    where = {"namespace": lab.namespace}
    await lab.host.patch(PVCS, host["metadata"]["name"], patch, **where)
    return await lab.host.patch(
        PVCS, host["metadata"]["name"], {"status": BOUND}, subresource="status", **where
    )


async def volume(lab: Lab, name: str = "pvc-1") -> Object | None:
    try:
        return await lab.virtual.get(PVS, name)
    except NotFound:
        return None


async def volume_becomes(lab: Lab, when: Any, name: str = "pvc-1") -> Object:
    async def check() -> Object | None:
        found = await volume(lab, name)
        return found if found is not None and when(found) else None

    found = await lab.eventually(check)
    assert found is not None
    return found


async def test_a_claim_shows_what_it_got_and_its_volume_is_there_before(lab: Lab) -> None:
    virtual = await lab.create(PVCS, claim())
    await lab.create(PODS, using("web"))
    await lab.appears(PODS, "web")
    await bind(lab)

    async def bound() -> tuple[Object | None, Object | None] | None:
        found = await lab.virtual_object(PVCS, "data")
        assert found is not None
        return (found, await volume(lab)) if found["status"]["phase"] == "Bound" else None

    found, shown = await lab.eventually(bound)
    assert found["spec"]["volumeName"] == "pvc-1"
    assert found["status"]["capacity"] == {"storage": "2Gi"}
    assert shown["status"]["phase"] == "Bound"
    assert shown["spec"]["claimRef"]["uid"] == virtual["metadata"]["uid"]
    assert shown["spec"]["csi"]["driver"] == UNKNOWN_DRIVER
    assert lab.namespace not in str(found) + str(shown)

    await lab.virtual.delete(PODS, "web", namespace=lab.space, grace=0)
    await lab.virtual.delete(PVCS, "data", namespace=lab.space)
    await lab.unprotect(lab.virtual, PVCS, found)
    await lab.host_becomes(PVCS, "data", lambda h: "deletionTimestamp" in h["metadata"])
    gone = await volume_becomes(lab, lambda v: "deletionTimestamp" in v["metadata"])
    assert gone["status"]["phase"] == "Released"  # else it would be protected for ever


async def test_what_a_tenant_changes_in_a_shown_volume_is_undone(lab: Lab) -> None:
    await lab.create(PVCS, claim())
    await bind(lab)
    first = await volume_becomes(lab, lambda v: v["status"]["phase"] == "Bound")

    async def unharmed() -> Object:
        return await volume_becomes(
            lab,
            lambda v: (
                v["spec"] == first["spec"]
                and v["status"]["phase"] == "Bound"
                and "vcli.dev/volume" in v["metadata"]["labels"]
            ),
        )

    spec = {"capacity": {"storage": "9Gi"}, "persistentVolumeReclaimPolicy": "Retain", "claimRef": None}
    await lab.virtual.patch(PVS, "pvc-1", {"spec": spec})
    await unharmed()
    await lab.virtual.patch(PVS, "pvc-1", {"status": {"phase": "Failed"}}, subresource="status")
    await unharmed()
    labels = {"metadata": {"labels": {"vcli.dev/volume": None, "team": "blue"}}}
    await lab.virtual.patch(PVS, "pvc-1", labels)
    assert (await unharmed())["metadata"]["labels"]["team"] == "blue"

    await lab.virtual.delete(PVS, "pvc-1")
    await lab.unprotect(lab.virtual, PVS, first)
    assert (await unharmed())["metadata"]["uid"] != first["metadata"]["uid"]

    async def everything() -> list[Object | None]:
        return [
            await volume(lab),
            await lab.virtual_object(PVCS, "data"),
            await lab.host_object(PVCS, "data"),
        ]

    await lab.quiet()
    before = await everything()
    await lab.restart()
    await lab.quiet()
    assert await everything() == before


async def test_a_claim_whose_volume_is_lost_gets_no_empty_one(lab: Lab) -> None:
    await lab.create(PVCS, claim())
    host = await bind(lab)
    await lab.virtual_becomes(PVCS, "data", lambda v: v["status"]["phase"] == "Bound")
    await lab.host.delete(PVCS, host["metadata"]["name"], namespace=lab.namespace)
    await lab.unprotect(lab.host, PVCS, host)

    await lab.virtual_becomes(PVCS, "data", lambda v: v["status"]["phase"] == "Lost")
    again = await lab.host_becomes(PVCS, "data", lambda h: h["metadata"]["uid"] != host["metadata"]["uid"])
    assert again["spec"]["volumeName"] == "pvc-1"
    await volume_becomes(lab, lambda v: "deletionTimestamp" in v["metadata"])

    async def told() -> list[Object]:
        return [event for event in await lab.events("data") if event["reason"] == "ClaimLost"]

    [event] = await lab.eventually(told)
    assert "pvc-1" in event["message"]
    # An administrator who has kept the volume lets the new claim have it.
    await bind(lab)
    await lab.virtual_becomes(PVCS, "data", lambda v: v["status"]["phase"] == "Bound")


async def test_a_node_that_did_not_work_out_is_taken_back(lab: Lab) -> None:
    await lab.create(PVCS, claim())
    host = await lab.appears(PVCS, "data")

    async def select(node: str | None) -> None:
        patch = {"metadata": {"annotations": {NODE: node}}}
        await lab.host.patch(PVCS, host["metadata"]["name"], patch, namespace=lab.namespace)
        await lab.virtual_becomes(
            PVCS, "data", lambda v: (v["metadata"].get("annotations") or {}).get(NODE) == node
        )

    await select("node-1")
    await select("node-2")
    await select(None)


async def test_a_tenants_own_volumes_live_and_are_not_taken_for_the_hosts(lab: Lab) -> None:
    own = {
        "metadata": {"name": "mine"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "1Gi"},
            "hostPath": {"path": "/mine"},
        },
    }
    made = await lab.virtual.create(PVS, own)
    await lab.create(PVCS, claim(volumeName="mine"))

    async def told() -> list[Object]:
        return [event for event in await lab.events("data") if event["reason"] == "VolumeNotOnHost"]

    await lab.eventually(told)
    await lab.quiet()
    assert await lab.host_object(PVCS, "data") is None
    assert await volume(lab, "mine") == made
    condition = {"status": {"conditions": [{"type": "Mine", "status": "True"}]}}
    await lab.virtual.patch(PVCS, "data", condition, namespace=lab.space, subresource="status")

    # With it out of the way, the host's volume of that name is asked for.
    await lab.virtual.delete(PVS, "mine")
    await lab.unprotect(lab.virtual, PVS, made)
    assert (await lab.appears(PVCS, "data"))["spec"]["volumeName"] == "mine"
    await bind(lab, to="mine")
    found = await lab.virtual_becomes(PVCS, "data", lambda v: v["status"]["phase"] == "Bound")
    assert [each["type"] for each in found["status"]["conditions"]] == ["Mine"]
    await volume_becomes(lab, lambda v: v["status"]["phase"] == "Bound", "mine")


@asynccontextmanager
async def may_read_volumes(lab: Lab) -> AsyncIterator[None]:
    """Give the syncer the right to read the host's volumes."""
    group, name = "rbac.authorization.k8s.io", f"volumes-{lab.namespace}"
    rules = [{"apiGroups": [""], "resources": ["persistentvolumes"], "verbs": ["get"]}]
    binding = {
        "metadata": {"name": name},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": group, "kind": "User", "name": "syncer"}],
    }
    await lab.host.create(CLUSTERROLES, {"metadata": {"name": name}, "rules": rules})
    await lab.host.create(CLUSTERROLEBINDINGS, binding)
    yield
    await lab.host.delete(CLUSTERROLEBINDINGS, name)
    await lab.host.delete(CLUSTERROLES, name)


async def test_with_rights_a_volume_is_shown_as_it_is_till_it_is_gone(lab: Lab) -> None:
    await lab.create(PVCS, claim(storageClassName="fast"))
    host = await lab.appears(PVCS, "data")
    path = f"/export/{lab.namespace}-{host['metadata']['name']}-pvc-1"
    claim_ref = {key: host["metadata"][key] for key in ("namespace", "name", "uid")}
    name = f"pvc-{lab.space}"
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": "3Gi"},
        "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **claim_ref},
        "nfs": {"server": "nfs.example.com", "path": path},
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "fast",
    }
    real = await lab.host.create(PVS, {"metadata": {"name": name}, "spec": spec})
    async with may_read_volumes(lab):
        await bind(lab, to=name)
        shown = await volume_becomes(lab, lambda v: v["status"]["phase"] == "Bound", name)
        assert shown["spec"]["nfs"] == {
            "server": "nfs.example.com",
            "path": f"/export/{lab.space}-data-pvc-1",
        }
        assert shown["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
        assert shown["spec"]["capacity"] == {"storage": "3Gi"}
        assert lab.namespace not in str(shown)

        await lab.virtual.delete(PVCS, "data", namespace=lab.space)
        await lab.unprotect(lab.virtual, PVCS, (await lab.virtual_object(PVCS, "data")) or {})
        await volume_becomes(lab, lambda v: v["status"]["phase"] == "Released", name)
        # Somebody else's now: that is nothing for this tenant to see.
        other = {"spec": {"claimRef": {"namespace": "other", "name": "other", "uid": "x"}}}
        await lab.host.patch(PVS, name, other)
        await lab.restart()
        await volume_becomes(lab, lambda v: "deletionTimestamp" in v["metadata"], name)
    await lab.host.delete(PVS, name)
    await lab.unprotect(lab.host, PVS, real)


async def test_rights_that_come_later_replace_a_synthetic_volume(lab: Lab) -> None:
    await lab.create(PVCS, claim())
    name = f"pvc-{lab.space}"
    source = {"hostPath": {"path": "/tmp/x", "type": ""}}
    spec = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "2Gi"}, **source}
    real = await lab.host.create(PVS, {"metadata": {"name": name}, "spec": spec})
    await bind(lab, to=name)
    synthetic = await volume_becomes(lab, lambda v: v["status"]["phase"] == "Bound", name)
    assert synthetic["metadata"]["labels"] == {"vcli.dev/volume": "synthetic"}

    async with may_read_volumes(lab):
        await lab.restart()
        going = await volume_becomes(lab, lambda v: "deletionTimestamp" in v["metadata"], name)
        await lab.unprotect(lab.virtual, PVS, going)
        mirrored = await volume_becomes(lab, lambda v: "hostPath" in v["spec"], name)
    assert mirrored["metadata"]["labels"] == {"vcli.dev/volume": "mirrored"}
    await lab.host.delete(PVS, name)
    await lab.unprotect(lab.host, PVS, real)


async def test_a_pod_does_not_start_with_a_claim_that_is_being_deleted(lab: Lab) -> None:
    made = await lab.create(PVCS, claim())
    await lab.create(PODS, using("first"))
    await lab.appears(PODS, "first")
    await lab.virtual.delete(PVCS, "data", namespace=lab.space)
    await lab.virtual_becomes(PVCS, "data", lambda v: "deletionTimestamp" in v["metadata"])
    await lab.create(PODS, using("second"))

    async def told() -> list[Object]:
        return [event for event in await lab.events("second") if "is being deleted" in event["message"]]

    await lab.eventually(told)
    await lab.quiet()
    assert await lab.host_object(PODS, "second") is None
    host = await lab.host_object(PVCS, "data")
    assert host is not None
    assert "deletionTimestamp" not in host["metadata"]  # the virtual cluster protects it, the host need not

    # A new one of the name: the pod waits until that is on the host, in place of the old one.
    await lab.unprotect(lab.virtual, PVCS, made)
    await lab.host_becomes(PVCS, "data", lambda h: "deletionTimestamp" in h["metadata"])
    await lab.create(PVCS, claim())
    await lab.quiet()
    assert await lab.host_object(PODS, "second") is None
    await lab.unprotect(lab.host, PVCS, host)
    await lab.appears(PODS, "second")
    again = await lab.host_object(PVCS, "data")
    assert again is not None
    assert again["metadata"]["uid"] != host["metadata"]["uid"]


async def test_a_pod_goes_on_when_the_claim_that_it_waited_for_is_gone(lab: Lab) -> None:
    quota = {"metadata": {"name": "none"}, "spec": {"hard": {"persistentvolumeclaims": "0"}}}
    await lab.host.create(RESOURCEQUOTAS, quota, namespace=lab.namespace)
    status = {"status": {"hard": quota["spec"]["hard"], "used": {"persistentvolumeclaims": "0"}}}
    await lab.host.patch(RESOURCEQUOTAS, "none", status, namespace=lab.namespace, subresource="status")
    made = await lab.create(PVCS, claim())
    await lab.create(PODS, using("web"))

    async def refused() -> list[Object]:
        return [event for event in await lab.events("data") if event["reason"] == "SyncFailed"]

    [event] = await lab.eventually(refused)
    assert "exceeded quota" in event["message"]
    assert lab.namespace not in event["message"]
    await lab.quiet()
    assert await lab.host_object(PODS, "web") is None
    await lab.virtual.delete(PVCS, "data", namespace=lab.space)
    await lab.unprotect(lab.virtual, PVCS, made)
    await lab.appears(PODS, "web")  # which now waits on the host, for a claim that does not exist


async def test_an_ephemeral_volume_is_the_pods_own_claim_or_none(lab: Lab) -> None:
    volume = {"name": "d", "ephemeral": {"volumeClaimTemplate": {"spec": SPEC}}}
    foreign = await lab.create(PVCS, claim("web-d"))
    virtual = await lab.create(PODS, pod("web", volumes=[volume]))

    async def told() -> list[Object]:
        return [event for event in await lab.events("web") if "not created for this pod" in event["message"]]

    await lab.eventually(told)
    await lab.virtual.delete(PVCS, "web-d", namespace=lab.space)
    await lab.unprotect(lab.virtual, PVCS, foreign)
    host = await lab.host_becomes(PVCS, "web-d", lambda h: "deletionTimestamp" in h["metadata"])
    await lab.unprotect(lab.host, PVCS, host)
    await lab.gone_from_host(PVCS, "web-d")
    await lab.quiet()
    assert await lab.host_object(PODS, "web") is None

    owner = {"apiVersion": "v1", "kind": "Pod", "name": "web", "uid": virtual["metadata"]["uid"]}
    own = claim("web-d")
    own["metadata"]["ownerReferences"] = [{**owner, "controller": True}]
    await lab.create(PVCS, own)
    host = await lab.appears(PODS, "web")
    [translated] = [each for each in host["spec"]["volumes"] if each["name"] == "d"]
    assert translated["persistentVolumeClaim"] == {"claimName": lab.on_host("web-d")}


async def test_a_class_of_the_tenants_own_is_told_to_the_host_by_its_name(lab: Lab) -> None:
    own = {"metadata": {"name": f"fast-{lab.space}"}, "provisioner": "example.com/none"}
    made = await lab.virtual.create(STORAGECLASSES, own)
    await lab.create(PVCS, claim(storageClassName=made["metadata"]["name"]))
    host = await lab.appears(PVCS, "data")
    assert host["spec"]["storageClassName"] == made["metadata"]["name"]
    await lab.virtual.delete(STORAGECLASSES, made["metadata"]["name"])
