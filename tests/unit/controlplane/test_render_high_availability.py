"""Several control-plane pods: what is different in each, and what goes with them."""

import json

from controlplane_builders import FACTS, NAMES, container_of, find, pod_of, rendered

from vcli.bootstrap.issue import PEERS_PUBLIC, PUBLIC
from vcli.bootstrap.spec import Spec
from vcli.config import load
from vcli.controlplane.facts import Facts
from vcli.controlplane.high_availability import members_of
from vcli.controlplane.render import spec
from vcli.controlplane.rights import Right, required

THREE = "controlPlane.statefulSet.highAvailability.replicas=3"
SCHEDULED = ("controlPlane.distro.k8s.scheduler.enabled=true", "sync.fromHost.nodes.enabled=true")


def workload(*sets, **options):
    return find(rendered(*sets, **options), "StatefulSet", "demo")


def test_one_pod_has_nothing_of_it():
    objects = rendered()
    assert not [obj for obj in objects if obj["kind"] == "PodDisruptionBudget"]
    text = json.dumps(objects)
    assert "etcd-peer" not in text
    assert "leases" not in json.dumps(find(objects, "Role", "vc-demo"))
    assert members_of(workload()) == 1


def test_each_pod_has_a_member_that_knows_the_others():
    command = container_of(rendered(THREE), "etcd")["command"]
    (peers,) = [flag for flag in command if flag.startswith("--initial-cluster=")]
    assert peers.partition("=")[2].split(",") == [
        f"demo-{number}=https://demo-{number}.demo-headless:2380" for number in range(3)
    ]
    assert "--listen-peer-urls=http://127.0.0.1:2380" not in command
    # Clients stay inside the pod: without certificates they are let in nowhere else.
    assert "--listen-client-urls=http://127.0.0.1:2379" in command
    assert "--peer-client-cert-auth=true" in command
    assert (workload(THREE)["spec"]["replicas"], members_of(workload(THREE))) == (3, 3)


def test_flags_of_the_user_win():
    flag = "controlPlane.backingStore.etcd.embedded.extraArgs={--election-timeout=9000}"
    assert container_of(rendered(THREE, flag), "etcd")["command"][-1] == "--election-timeout=9000"


def test_no_key_of_a_ca_is_where_the_store_and_the_syncer_are():
    pod = pod_of(rendered(THREE))
    (volume,) = [each for each in pod["volumes"] if each["name"] == "etcd-pki"]
    assert {each["key"] for each in volume["secret"]["items"]} == {
        "etcd-ca.crt",
        *(f"{name}.{part}" for name in ("etcd-peer", "etcd-peer-client") for part in ("crt", "key")),
    }
    (volume,) = [each for each in pod["volumes"] if each["name"] == "syncer-pki"]
    paths = {item["path"] for source in volume["projected"]["sources"] for item in source["secret"]["items"]}
    assert paths == PUBLIC | PEERS_PUBLIC | {"syncer.key", "kubelet.key"}


def test_what_there_must_be_one_of_is_elected():
    objects = rendered(THREE, *SCHEDULED)
    for name in ("kube-controller-manager", "kube-scheduler"):
        command = container_of(objects, name)["command"]
        assert "--leader-elect=true" in command
        assert "--leader-elect=false" not in command
    settings = json.loads(find(objects, "ConfigMap", "vc-syncer-demo")["data"]["settings.json"])
    assert settings["election"] == {"leaseDuration": 15, "renewDeadline": 10, "retryPeriod": 2}
    assert {each["name"] for each in container_of(objects, "syncer")["env"]} >= {"POD_NAME", "POD_UID"}
    assert Right("coordination.k8s.io", "leases", "update") in required(load([], [THREE]), "team")
    (rule,) = [
        each
        for each in find(objects, "Role", "vc-demo")["rules"]
        if "update" in each["verbs"] and each["resources"] == ["leases"]
    ]
    assert rule["resourceNames"] == ["vc-syncer-demo"]


def test_pods_go_to_different_nodes_unless_the_user_says_where():
    (preferred,) = pod_of(rendered(THREE))["affinity"]["podAntiAffinity"][
        "preferredDuringSchedulingIgnoredDuringExecution"
    ]
    assert preferred["podAffinityTerm"]["labelSelector"]["matchLabels"] == NAMES.selector
    given = "controlPlane.statefulSet.scheduling.affinity.podAffinity.x=y"
    assert pod_of(rendered(THREE, given))["affinity"] == {"podAffinity": {"x": "y"}}


def test_one_is_evicted_at_a_time():
    budget = find(rendered(THREE, owner="uid"), "PodDisruptionBudget", "demo")
    assert budget["spec"] == {"maxUnavailable": 1, "selector": {"matchLabels": NAMES.selector}}
    assert budget["metadata"]["ownerReferences"][0]["uid"] == "uid"


def test_data_is_on_claims_even_where_no_class_is_known():
    assert workload(THREE, facts=Facts(storage=None, features=FACTS.features))["spec"]["volumeClaimTemplates"]


def test_the_pod_knows_that_members_need_certificates():
    described = spec(NAMES, load([], [THREE]))
    assert Spec.load(described.dump()) == described
    assert described.members == 3
    assert "members" not in spec(NAMES, load()).dump()
