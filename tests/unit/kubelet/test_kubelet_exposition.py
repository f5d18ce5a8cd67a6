# ruff: noqa: E501 - lines as a kubelet writes them
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vcli.syncer.kubelet.exposition import VirtualPod, virtual_metrics, virtual_summary
from vcli.syncer.translate.names import HostName, VirtualName

NAMESPACE = "team-a"
WEB = VirtualPod(
    name=VirtualName("default", "web"), uid="u-1", containers=frozenset({"main"}), claims={"data": "data-web"}
)
PODS = {HostName("web-x-default-x-demo"): WEB}

RESOURCE = """\
# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container="coredns",namespace="kube-system",pod="coredns-1"} 0.5 1795408276809
container_cpu_usage_seconds_total{container="main",namespace="team-a",pod="web-x-default-x-demo"} 3.2 1795408276817
container_cpu_usage_seconds_total{container="istio",namespace="team-a",pod="web-x-default-x-demo"} 1.1 1795408276817
container_cpu_usage_seconds_total{container="syncer",namespace="team-a",pod="demo-0"} 0.8 1795408276811
# HELP container_swap_usage_bytes [ALPHA] Swap
# TYPE container_swap_usage_bytes gauge
container_swap_usage_bytes{container="coredns",namespace="kube-system",pod="coredns-1"} 0 1
# HELP node_cpu_usage_seconds_total [STABLE] Cumulative cpu time
# TYPE node_cpu_usage_seconds_total counter
node_cpu_usage_seconds_total 2529.722381258 1795408270129
# HELP prober_probe_total [BETA] Cumulative number
# TYPE prober_probe_total counter
prober_probe_total{container="main",namespace="team-a",pod="web-x-default-x-demo",pod_uid="h-1",result="successful"} 4
resource_scrape_error 0
machine_cpu_cores{boot_id="1",machine_id="2",system_uuid="3"} 2
"""


def test_only_our_pods_and_the_node_pass() -> None:
    assert (
        virtual_metrics(RESOURCE, pods=PODS, host_namespace=NAMESPACE)
        == """\
# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container="main",namespace="default",pod="web"} 3.2 1795408276817
# HELP node_cpu_usage_seconds_total [STABLE] Cumulative cpu time
# TYPE node_cpu_usage_seconds_total counter
node_cpu_usage_seconds_total 2529.722381258 1795408270129
# HELP prober_probe_total [BETA] Cumulative number
# TYPE prober_probe_total counter
prober_probe_total{container="main",namespace="default",pod="web",pod_uid="u-1",result="successful"} 4
resource_scrape_error 0
"""
    )


def test_a_label_that_looks_like_another_one_is_not_believed() -> None:
    """An image may be called anything; what decides is the pod label itself."""
    line = (
        'container_spec{container="main",image="x\\",namespace=\\"team-a\\",pod=\\"web-x-default-x-demo",'
        'namespace="other",pod="secret"} 1\n'
    )
    assert virtual_metrics(line, pods=PODS, host_namespace=NAMESPACE) == ""


@given(
    namespace=st.sampled_from(["team-a", "team-b", "a"]),
    pod=st.sampled_from(["web-x-default-x-demo", "demo-0", "other", ""]),
    container=st.sampled_from(["main", "sidecar", "", "POD"]),
)
def test_nothing_of_anybody_else_passes(namespace: str, pod: str, container: str) -> None:
    line = f'container_memory_rss{{container="{container}",namespace="{namespace}",pod="{pod}"}} 1\n'
    shown = virtual_metrics(line, pods=PODS, host_namespace=NAMESPACE)
    ours = (namespace, pod) == ("team-a", "web-x-default-x-demo") and container != "sidecar"
    expected = f'container_memory_rss{{container="{container}",namespace="default",pod="web"}} 1\n'
    assert shown == (expected if ours else "")


def stats(name: str, namespace: str) -> dict[str, Any]:
    return {
        "podRef": {"name": name, "namespace": namespace, "uid": "h-1"},
        "containers": [{"name": "main", "cpu": {"usageNanoCores": 1}}, {"name": "istio"}],
        "cpu": {"usageNanoCores": 3},
        "volume": [
            {"name": "data", "pvcRef": {"name": "data-web-x-default-x-demo", "namespace": "team-a"}},
            {"name": "tmp", "usedBytes": 1},
        ],
    }


def test_the_summary_has_our_pods_under_their_virtual_names() -> None:
    summary = {
        "node": {"nodeName": "n", "cpu": {"usageNanoCores": 9}, "systemContainers": [{"name": "kubelet"}]},
        "pods": [
            stats("web-x-default-x-demo", "team-a"),
            stats("web-x-default-x-demo", "team-b"),
            stats("demo-0", "team-a"),
        ],
    }
    assert virtual_summary(summary, pods=PODS, host_namespace=NAMESPACE) == {
        "node": {"nodeName": "n", "cpu": {"usageNanoCores": 9}},
        "pods": [
            {
                "podRef": {"name": "web", "namespace": "default", "uid": "u-1"},
                "containers": [{"name": "main", "cpu": {"usageNanoCores": 1}}],
                "cpu": {"usageNanoCores": 3},
                "volume": [
                    {"name": "data", "pvcRef": {"name": "data-web", "namespace": "default"}},
                    {"name": "tmp", "usedBytes": 1},
                ],
            }
        ],
    }
