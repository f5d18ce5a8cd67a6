"""Nodes that the tenant cordons, taints or labels, as node affinities for the host's scheduler."""

from testbed import Lab, Object, pod

from vcli.kube.resources import NODES, PODS

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
NODE = "node-1"


def named(host: Object) -> list[str]:
    affinity = (host["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    terms = (affinity.get(REQUIRED) or {}).get("nodeSelectorTerms") or []
    return [name for term in terms for each in term["matchFields"] for name in each["values"]]


async def change(lab: Lab, **spec) -> None:
    await lab.virtual.patch(NODES, NODE, {"spec": spec})


async def test_a_cordoned_node_gets_no_new_pods_until_it_is_uncordoned(lab: Lab) -> None:
    await lab.create(PODS, pod("old"))
    running = await lab.runs("old")
    await change(lab, unschedulable=True)
    await lab.create(PODS, pod("new"))
    first = await lab.appears(PODS, "new")
    assert named(first) == [NODE]
    uid = first["metadata"]["uid"]
    await change(lab, unschedulable=None)
    second = await lab.host_becomes(PODS, "new", lambda h: h["metadata"]["uid"] != uid)
    assert named(second) == []
    again = await lab.runs("new")
    assert again["spec"]["nodeName"] == NODE
    # What runs there runs on.
    assert await lab.virtual_object(PODS, "old") == running
    await change(lab, unschedulable=True)
    await lab.quiet()
    host = await lab.host_object(PODS, "new")
    assert host is not None
    assert host["metadata"]["uid"] == second["metadata"]["uid"]


async def test_a_taint_is_for_pods_that_do_not_tolerate_it(lab: Lab) -> None:
    await lab.create(PODS, pod("old"))
    await lab.runs("old")
    await change(lab, taints=[{"key": "dedicated", "value": "me", "effect": "NoSchedule"}])
    tolerations = [{"key": "dedicated", "operator": "Equal", "value": "me"}]
    await lab.create(PODS, pod("mine", tolerations=tolerations))
    await lab.create(PODS, pod("others"))
    await lab.create(PODS, pod("named", nodeName=NODE))
    assert named(await lab.appears(PODS, "mine")) == []
    assert named(await lab.appears(PODS, "others")) == [NODE]
    assert named(await lab.appears(PODS, "named")) == []
    # A pod that learns to tolerate it may go there.
    change_of_mind = {"spec": {"tolerations": [*tolerations]}}
    await lab.virtual.patch(PODS, "others", change_of_mind, namespace=lab.space, strategy="strategic")
    await lab.host_becomes(PODS, "others", lambda h: named(h) == [])


async def test_a_label_of_the_tenants_leads_waiting_pods_to_its_node(lab: Lab) -> None:
    await lab.create(PODS, pod("old"))
    await lab.runs("old")
    await lab.create(PODS, pod("blue", nodeSelector={"color": "blue"}))
    first = await lab.appears(PODS, "blue")
    assert first["spec"]["nodeSelector"] == {"color": "blue"}
    await lab.virtual.patch(NODES, NODE, {"metadata": {"labels": {"color": "blue"}}})
    second = await lab.host_becomes(PODS, "blue", lambda h: "nodeSelector" not in h["spec"])
    assert second["metadata"]["uid"] != first["metadata"]["uid"]
    assert named(second) == [NODE]
    running = await lab.runs("blue")
    assert running["spec"]["nodeSelector"] == {"color": "blue"}
    # What runs there runs on.
    await lab.virtual.patch(NODES, NODE, {"metadata": {"labels": {"color": "green"}}})
    await lab.quiet()
    assert await lab.virtual_object(PODS, "blue") == running
