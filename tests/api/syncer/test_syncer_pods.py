"""Pods between two API servers; the tests play scheduler and kubelet of the host."""

import asyncio
import dataclasses

from controlplane import grant_rights
from testbed import Lab, pod

from vcli.kube.resources import NAMESPACES, NODES, PODS, RESOURCEQUOTAS, SERVICES
from vcli.kube.types import is_terminating

UID = "vcli.dev/uid"


async def test_a_pod_runs_on_the_host_and_its_status_comes_back(lab: Lab) -> None:
    virtual = await lab.create(PODS, pod("web", metadata={"labels": {"app": "web"}}))
    host = await lab.appears(PODS, "web")
    assert host["metadata"]["annotations"][UID] == virtual["metadata"]["uid"]
    assert host["metadata"]["labels"]["app"] == "web"
    assert host["metadata"]["ownerReferences"][0]["uid"] == lab.settings.service_uid
    assert host["spec"]["serviceAccountName"] == "vc-workload-demo"

    running = await lab.runs("web")
    assert running["spec"]["nodeName"] == "node-1"
    assert running["status"]["podIP"] == "10.244.0.7"
    assert {c["type"]: c["status"] for c in running["status"]["conditions"]}["Ready"] == "True"
    node = await lab.virtual.get(NODES, "node-1")
    assert {"type": "InternalIP", "address": "172.18.0.2"} in await node_addresses(lab), node


async def node_addresses(lab: Lab):
    async def check():
        found = (await lab.virtual.get(NODES, "node-1"))["status"].get("addresses") or []
        return found if any(a["type"] == "InternalIP" for a in found) else None

    return await lab.eventually(check)


async def test_the_virtual_pod_ends_when_the_host_has_ended_it(lab: Lab) -> None:
    await lab.create(PODS, pod("web"))
    await lab.runs("web")
    await lab.virtual.delete(PODS, "web", namespace=lab.space, grace=7)
    host = await lab.host_becomes(PODS, "web", is_terminating)
    assert host["metadata"]["deletionGracePeriodSeconds"] == 7
    await lab.quiet()
    assert await lab.virtual_object(PODS, "web"), "let go while containers may still run"
    await lab.ends_on_host("web")
    await lab.gone_from_virtual(PODS, "web")


async def test_a_shorter_grace_is_passed_on(lab: Lab) -> None:
    await lab.create(PODS, pod("web"))
    await lab.runs("web")
    await lab.virtual.delete(PODS, "web", namespace=lab.space, grace=30)
    await lab.host_becomes(PODS, "web", is_terminating)
    await lab.virtual.delete(PODS, "web", namespace=lab.space, grace=3)
    await lab.host_becomes(PODS, "web", lambda h: h["metadata"]["deletionGracePeriodSeconds"] == 3)


async def test_status_flows_while_a_pod_terminates(lab: Lab) -> None:
    await lab.create(PODS, pod("web"))
    await lab.runs("web")
    await lab.virtual.delete(PODS, "web", namespace=lab.space, grace=30)
    await lab.host_becomes(PODS, "web", is_terminating)
    await lab.host_status("web", message="stopping")
    await lab.virtual_becomes(PODS, "web", lambda v: v["status"].get("message") == "stopping")


async def test_the_final_status_is_synced_for_whoever_has_a_finalizer(lab: Lab) -> None:
    await lab.create(PODS, pod("job", metadata={"finalizers": ["example.com/tracking"]}))
    await lab.runs("job")
    await lab.virtual.delete(PODS, "job", namespace=lab.space, grace=30)
    await lab.host_becomes(PODS, "job", is_terminating)
    # Both in one breath, so that a reconcile may see no more than the end.
    await asyncio.gather(lab.host_status("job", phase="Succeeded"))
    await lab.ends_on_host("job")
    await lab.virtual_becomes(PODS, "job", lambda v: v["status"]["phase"] == "Succeeded")
    ended = await lab.virtual_becomes(
        PODS, "job", lambda v: v["metadata"].get("deletionGracePeriodSeconds") == 0
    )
    assert ended["metadata"]["finalizers"] == ["example.com/tracking"]
    await lab.quiet()
    assert await lab.host_object(PODS, "job") is None, "a finished pod was run again"


async def test_a_pod_that_nobody_has_scheduled_goes_at_once(lab: Lab) -> None:
    await lab.create(PODS, pod("web"))
    await lab.appears(PODS, "web")
    await lab.virtual.delete(PODS, "web", namespace=lab.space)
    await lab.gone_from_host(PODS, "web")


async def test_eviction_on_the_host_is_synced(lab: Lab) -> None:
    await lab.create(PODS, pod("web"))
    await lab.runs("web")
    await lab.host.delete(PODS, lab.on_host("web"), namespace=lab.namespace, grace=9)
    virtual = await lab.virtual_becomes(PODS, "web", is_terminating)
    assert virtual["metadata"]["deletionGracePeriodSeconds"] == 9
    await lab.ends_on_host("web")
    await lab.gone_from_virtual(PODS, "web")
    await lab.quiet()
    assert await lab.host_object(PODS, "web") is None


async def test_a_host_pod_deleted_before_it_started_is_recreated(lab: Lab) -> None:
    await lab.create(PODS, pod("web"))
    first = await lab.appears(PODS, "web")
    await lab.ends_on_host("web")
    await lab.host_becomes(PODS, "web", lambda h: h["metadata"]["uid"] != first["metadata"]["uid"])
    assert await lab.virtual_object(PODS, "web")


async def test_a_pod_that_had_started_is_never_run_again(lab: Lab) -> None:
    await lab.create(PODS, pod("web"))
    await lab.runs("web")
    await lab.ends_on_host("web")
    await lab.gone_from_virtual(PODS, "web")
    await lab.quiet()
    assert await lab.host_object(PODS, "web") is None


async def test_a_pod_whose_host_labels_were_taken_off_is_not_taken_for_gone(lab: Lab) -> None:
    await lab.create(PODS, pod("web"))
    await lab.runs("web")
    hidden = {"metadata": {"labels": {"vcli.dev/managed-by": None}}}
    await lab.host.patch(PODS, lab.on_host("web"), hidden, namespace=lab.namespace)
    await lab.quiet()
    assert await lab.virtual_object(PODS, "web")
    await lab.ends_on_host("web")
    await lab.gone_from_virtual(PODS, "web")


async def test_another_pod_of_the_same_name_replaces_the_host_pod(lab: Lab) -> None:
    await lab.create(PODS, pod("web"))
    await lab.runs("web")
    await lab.stop()
    await lab.virtual.delete(PODS, "web", namespace=lab.space, grace=0)
    second = await lab.create(PODS, pod("web"))
    await lab.start()
    host = await lab.host_becomes(
        PODS, "web", lambda h: h["metadata"]["annotations"][UID] == second["metadata"]["uid"]
    )
    assert "nodeName" not in host["spec"]


async def test_what_vanished_while_no_syncer_ran_goes_from_the_host(lab: Lab) -> None:
    await lab.create(PODS, pod("web"))
    await lab.appears(PODS, "web")
    await lab.stop()
    await lab.virtual.delete(PODS, "web", namespace=lab.space, grace=0)
    await lab.start()
    await lab.gone_from_host(PODS, "web")


async def test_a_restart_changes_nothing_that_runs(lab: Lab) -> None:
    for name in ("one", "two"):
        await lab.create(PODS, pod(name))
        await lab.runs(name)
    before = [await lab.host_object(PODS, name) for name in ("one", "two")]
    before += [await lab.virtual_object(PODS, name) for name in ("one", "two")]
    await lab.restart()
    await lab.quiet()
    after = [await lab.host_object(PODS, name) for name in ("one", "two")]
    after += [await lab.virtual_object(PODS, name) for name in ("one", "two")]
    assert after == before


async def test_a_copy_that_somebody_made_of_a_host_pod_is_left_alone(lab: Lab) -> None:
    await lab.create(PODS, pod("web"))
    host = await lab.appears(PODS, "web")
    metadata = {key: host["metadata"][key] for key in ("labels", "annotations")}
    copy = pod("copy", metadata=metadata, serviceAccountName="vc-workload-demo")
    await lab.host.create(PODS, copy, namespace=lab.namespace)
    await lab.restart()
    await lab.quiet()
    assert await lab.host.get(PODS, "copy", namespace=lab.namespace)


async def test_what_the_host_rejects_becomes_a_warning_and_is_retried(lab: Lab) -> None:
    quota = {"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    await lab.host.create(RESOURCEQUOTAS, quota, namespace=lab.namespace)
    status = {"status": {"hard": {"pods": "0"}, "used": {"pods": "0"}}}
    await lab.host.patch(RESOURCEQUOTAS, "none", status, namespace=lab.namespace, subresource="status")
    await lab.create(PODS, pod("web"))

    async def warning():
        return [event for event in await lab.events("web") if event["type"] == "Warning"]

    [event] = await lab.eventually(warning)
    assert "exceeded quota" in event["message"]
    assert lab.namespace not in event["message"]
    assert lab.on_host("web") not in event["message"]
    assert (await lab.virtual.get(PODS, "web", namespace=lab.space))["status"]["phase"] == "Pending"
    await lab.host.delete(RESOURCEQUOTAS, "none", namespace=lab.namespace)
    await lab.appears(PODS, "web")


async def test_changes_reach_the_pod_that_runs(lab: Lab) -> None:
    await lab.create(PODS, pod("web", metadata={"labels": {"a": "1", "b": "2"}}))
    await lab.runs("web")
    change = {
        "metadata": {"labels": {"a": None, "b": "3"}, "annotations": {"note": "new"}},
        "spec": {"containers": [{"name": "main", "image": "busybox:2"}]},
    }
    await lab.virtual.patch(PODS, "web", change, namespace=lab.space, strategy="strategic")
    host = await lab.host_becomes(PODS, "web", lambda h: h["spec"]["containers"][0]["image"] == "busybox:2")
    assert host["metadata"]["labels"]["b"] == "3"
    assert "a" not in host["metadata"]["labels"]
    assert host["metadata"]["annotations"]["note"] == "new"


async def test_an_ephemeral_container_is_added(lab: Lab) -> None:
    await lab.create(PODS, pod("web"))
    await lab.runs("web")
    debug = {"spec": {"ephemeralContainers": [{"name": "debug", "image": "busybox"}]}}
    await lab.virtual.patch(
        PODS, "web", debug, namespace=lab.space, subresource="ephemeralcontainers", strategy="strategic"
    )
    host = await lab.host_becomes(PODS, "web", lambda h: h["spec"].get("ephemeralContainers"))
    assert [each["name"] for each in host["spec"]["ephemeralContainers"]] == ["debug"]


async def test_a_readiness_gate_reaches_the_host_and_is_not_undone_by_its_status(lab: Lab) -> None:
    gate = "example.com/ready"
    await lab.create(PODS, pod("web", readinessGates=[{"conditionType": gate}]))
    await lab.runs("web")
    condition = {"status": {"conditions": [{"type": gate, "status": "True"}]}}
    await lab.virtual.patch(
        PODS, "web", condition, namespace=lab.space, subresource="status", strategy="strategic"
    )
    await lab.host_becomes(PODS, "web", lambda h: gate in {c["type"] for c in h["status"]["conditions"]})
    await lab.host_status("web", message="more")
    told = await lab.virtual_becomes(PODS, "web", lambda v: v["status"].get("message") == "more")
    assert {c["type"]: c["status"] for c in told["status"]["conditions"]}[gate] == "True"


async def test_a_pod_bound_by_the_tenants_own_scheduler_goes_to_that_node(lab: Lab) -> None:
    await lab.create(PODS, pod("web"))
    await lab.appears(PODS, "web")
    binding = {"metadata": {"name": "web"}, "target": {"kind": "Node", "name": "node-9"}}
    await lab.virtual.create_subresource(PODS, "web", "binding", binding, namespace=lab.space)
    await lab.host_becomes(PODS, "web", lambda h: h["spec"].get("nodeName") == "node-9")


async def test_labels_of_the_namespace_are_synced(lab: Lab) -> None:
    await lab.create(PODS, pod("web"))
    first = await lab.appears(PODS, "web")
    label = {"metadata": {"labels": {"team": "blue"}}}
    await lab.virtual.patch(NAMESPACES, lab.space, label)
    await lab.host_becomes(PODS, "web", lambda h: "blue" in h["metadata"]["labels"].values())
    assert "blue" not in first["metadata"]["labels"].values()


async def test_forty_pods_at_once_all_run(lab: Lab) -> None:
    names = [f"web-{number}" for number in range(40)]
    await asyncio.gather(*(lab.create(PODS, pod(name)) for name in names))
    await asyncio.gather(*(lab.runs(name) for name in names))


async def test_a_pod_that_was_forced_out_ends_on_the_host(lab: Lab) -> None:
    await lab.create(PODS, pod("web"))
    await lab.runs("web")
    await lab.virtual.delete(PODS, "web", namespace=lab.space, grace=0)

    async def ends():
        found = await lab.host_object(PODS, "web")
        return found is None or is_terminating(found)

    await lab.eventually(ends)


DNS = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "kube-dns", "namespace": "kube-system"},
    "spec": {"selector": {"k8s-app": "kube-dns"}, "ports": [{"port": 53, "protocol": "UDP"}]},
}


async def test_a_pod_waits_for_the_address_of_kube_dns_and_gets_it(idle_lab: Lab) -> None:
    lab = idle_lab
    lab.settings = dataclasses.replace(lab.settings, addons=[DNS])
    await lab.create(PODS, pod("early"))
    await lab.start()
    host = await lab.appears(PODS, "early")
    dns = await lab.virtual.get(SERVICES, "kube-dns", namespace="kube-system")
    assert host["spec"]["dnsConfig"]["nameservers"] == [dns["spec"]["clusterIP"]]
    assert f"{lab.space}.svc.cluster.local" in host["spec"]["dnsConfig"]["searches"]

    await lab.virtual.delete(SERVICES, "kube-dns", namespace="kube-system")
    await lab.quiet()
    await lab.create(PODS, pod("without"))
    await lab.appears(PODS, "without")


async def test_a_right_that_the_syncer_lacks_holds_up_nothing_else(lab: Lab) -> None:
    await grant_rights(lab.host, lab.namespace, user="syncer", optional=False)
    gate = "example.com/ready"
    await lab.create(PODS, pod("web", readinessGates=[{"conditionType": gate}]))
    await lab.runs("web")
    condition = {"status": {"conditions": [{"type": gate, "status": "True"}]}}
    await lab.virtual.patch(
        PODS, "web", condition, namespace=lab.space, subresource="status", strategy="strategic"
    )
    debug = {"spec": {"ephemeralContainers": [{"name": "debug", "image": "busybox"}]}}
    await lab.virtual.patch(
        PODS, "web", debug, namespace=lab.space, subresource="ephemeralcontainers", strategy="strategic"
    )

    async def told():
        return [event for event in await lab.events("web") if "forbidden" in event["message"]]

    await lab.eventually(told)
    label = {"metadata": {"labels": {"note": "new"}}}
    await lab.virtual.patch(PODS, "web", label, namespace=lab.space)
    await lab.host_becomes(PODS, "web", lambda h: h["metadata"]["labels"].get("note") == "new")


async def test_a_host_pod_that_is_recreated_gets_what_was_added(lab):
    await lab.create(PODS, pod("web"))
    await lab.appears(PODS, "web")
    look = {"spec": {"ephemeralContainers": [{"name": "look", "image": "busybox"}]}}
    await lab.virtual.patch(
        PODS, "web", look, namespace=lab.space, subresource="ephemeralcontainers", strategy="strategic"
    )
    first = await lab.host_becomes(PODS, "web", lambda found: found["spec"].get("ephemeralContainers"))
    await lab.ends_on_host("web")
    again = await lab.host_becomes(PODS, "web", lambda found: found["spec"].get("ephemeralContainers"))
    assert again["metadata"]["uid"] != first["metadata"]["uid"]
