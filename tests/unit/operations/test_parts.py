"""Which objects are the control plane's own."""

from vcli.kube.errors import Forbidden
from vcli.kube.resources import DEPLOYMENTS, PODS, REPLICASETS, SERVICES, STATEFULSETS
from vcli.operations.parts import parts, reference, selector
from vcli.operations.resolve import cluster_of


class Client:
    def __init__(self, found):
        self.found = found
        self.selectors = set()

    async def list(self, resource, *, namespace, label_selector):
        assert namespace == "team"
        self.selectors.add(label_selector)
        names = self.found.get(resource, [])
        if names is None:
            raise Forbidden("no", status=403)
        return {"items": [{"metadata": {"name": name}} for name in names]}


def cluster(kind=STATEFULSETS, **spec):
    labels = {"app": "vcluster", "release": "demo"}
    metadata = {"name": "demo", "namespace": "team", "labels": labels}
    return cluster_of({"metadata": metadata, "spec": {"replicas": 1, **spec}}, kind=kind.kind)


async def known(client, of):
    return await parts(client, of)


async def test_those_that_follow_from_the_workload_are_known_before_they_exist():
    templates = [{"metadata": {"name": "data"}}]
    found = await known(Client({}), cluster(replicas=2, volumeClaimTemplates=templates))
    assert found == {
        ("StatefulSet", "demo"), ("Service", "demo"), ("Service", "demo-headless"),
        ("Pod", "demo-0"), ("Pod", "demo-1"),
        ("PersistentVolumeClaim", "data-demo-0"), ("PersistentVolumeClaim", "data-demo-1"),
    }  # fmt: skip


async def test_a_name_that_begins_alike_is_not_enough():
    client = Client({PODS: ["demo-0"], SERVICES: ["demo"]})
    found = await known(client, cluster(replicas=0))
    for name in ("demo-1", "demo-0-aaaa-ed95be9bcb", "demo-00", "demo-", "demo-web-x-default-x-demo"):
        assert reference({"kind": "Pod", "name": name}) not in found
    assert reference({"kind": "ConfigMap", "name": "demo-0"}) not in found
    assert reference({}) not in found
    assert client.selectors == {selector(cluster())}
    assert "!vcli.dev/managed-by" in selector(cluster())


async def test_a_deployment_has_pods_of_names_that_are_made_up():
    client = Client(
        {PODS: ["demo-5d4f-x"], REPLICASETS: ["demo-5d4f"], DEPLOYMENTS: ["demo"], STATEFULSETS: None}
    )
    found = await known(client, cluster(DEPLOYMENTS))
    assert {("Deployment", "demo"), ("ReplicaSet", "demo-5d4f"), ("Pod", "demo-5d4f-x")} <= found
    assert ("Pod", "demo-0") not in found


async def test_what_may_not_be_listed_is_left_out():
    found = await known(
        Client(dict.fromkeys((PODS, SERVICES, STATEFULSETS, DEPLOYMENTS, REPLICASETS))), cluster()
    )
    assert ("Pod", "demo-0") in found
