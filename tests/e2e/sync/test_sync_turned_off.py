"""What a kind has left when it is turned off: nothing on the host, no mirror inside."""

from embedded import Host
from polling import eventually
from space import Object, Space, virtual_cluster, virtual_namespace

BUDGETS = "sync.toHost.podDisruptionBudgets.enabled"
CLASSES = "sync.fromHost.storageClasses.enabled"
BUDGET: Object = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "web"},
    "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}},
}
OWN: Object = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "own"},
    "provisioner": "example.com/none",
}


def test_an_upgrade_that_turns_kinds_off_removes_what_they_left(host: Host) -> None:
    sets = (f"{BUDGETS}=true", f"{CLASSES}=true")
    with virtual_cluster(host, "off", sets=sets) as cluster, virtual_namespace(cluster, host) as space:
        space.apply(BUDGET, OWN)

        def names(of: Host | Space) -> set[str]:
            return {each["metadata"]["name"] for each in of.get("storageclasses")["items"]}

        eventually(lambda: space.on_host("poddisruptionbudget") == [space.host_name("web")])
        eventually(lambda: names(space) == {"own", *names(host)})  # other tests make some on the host
        off = ("--set", f"{BUDGETS}=false", "--set", f"{CLASSES}=false")
        host.vcli("upgrade", cluster.name, "-n", cluster.namespace, *off)
        assert space.on_host("poddisruptionbudget") == []
        eventually(lambda: names(space) == {"own"})
        assert space.get("poddisruptionbudget", "web")["spec"]["minAvailable"] == 1
