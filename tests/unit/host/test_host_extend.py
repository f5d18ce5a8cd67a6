"""What changes in the plans of a running host's nodes when it gets more add-ons."""

from pathlib import Path

import pytest

from vcli.host import process, up
from vcli.host.addons import OPTIONAL, chosen
from vcli.host.instance import Instance
from vcli.host.plan import Component, Plan

PROGRAMS = {y: Path("/bin", y) for x in OPTIONAL for z in x.products for y in z.packages}
BOTH = chosen(["network-policy", "load-balancer"])


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Instance:
    """A host of three nodes, of which no process runs."""
    host = Instance(name="lab", root=tmp_path / "root", run=tmp_path / "run")
    for node in (host.node(x) for x in (1, 2, 3)):
        node.root.mkdir(parents=True)
        Plan(
            name=node.name, root="", run="", hide={}, keep=[], resolv_conf="", path=[], network=[],
            components=[Component(name="kubelet", argv=["kubelet"])], images=[], ctr=[], containerd="",
            addons=[], pki="", api_host="", api_port=1,
        ).write(node.plan)  # fmt: skip
    monkeypatch.setattr(process, "node_pid", lambda _: None)
    return host


def parts(host: Instance) -> dict[int, list[str]]:
    return {x.number: [y.name for y in Plan.read(x.plan).components] for x in host.nodes()}


def test_every_node_gets_its_part_and_the_first_one_the_rest(host: Instance) -> None:
    assert up.lacks(host, BOTH) == list(BOTH)
    up.extend(host, BOTH, binaries=PROGRAMS, archives=[Path("/x.tar")])
    assert up.lacks(host, BOTH) == []
    further = ["kubelet", "kube-router"]
    assert parts(host) == {1: [*further, "load-balancer"], 2: further, 3: further}
    assert Plan.read(host.plan).images == ["/x.tar"]
    assert {x["kind"] for _, x in Plan.read(host.plan).addons} == {"ClusterRole", "ClusterRoleBinding"}
    plan = Plan.read(host.node(2).plan)
    assert (plan.images, plan.addons, plan.optional) == ([], [], ["network-policy"])


def test_what_a_node_has_it_does_not_get_again(host: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Plan.write

    def interrupted(plan: Plan, path: Path) -> None:
        if path == host.plan:
            raise KeyboardInterrupt
        write(plan, path)

    with monkeypatch.context() as context:
        context.setattr(Plan, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            up.extend(host, BOTH, binaries=PROGRAMS, archives=[])
    assert up.lacks(host, BOTH) == list(BOTH)
    up.extend(host, BOTH, binaries=PROGRAMS, archives=[])
    assert parts(host)[3] == ["kubelet", "kube-router"]
