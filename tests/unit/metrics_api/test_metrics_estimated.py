"""The metrics of a kubelet, estimated from rates."""

from typing import Any

import pytest

from vcli.syncer.kubelet.estimated import Counters, EstimatedUsage
from vcli.syncer.metrics_api.documents import PodUsage
from vcli.syncer.translate.names import VirtualName

STARTED = {"name": "main", "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}
POD = {"metadata": {"namespace": "shop", "name": "web"}, "status": {"containerStatuses": [STARTED]}}


def usage(name: str = "web", *, second: int = 0, cpu: str = "500m", node: str = "n1") -> PodUsage:
    return PodUsage(
        name=VirtualName("shop", name),
        uid=f"uid-{name}",
        node=node,
        labels={},
        timestamp=f"2026-01-01T00:01:{second:02}Z",
        window="15s",
        containers={"main": {"cpu": cpu, "memory": "2Ki"}},
    )


class Source:
    def __init__(self) -> None:
        self.now: list[PodUsage] = []

    async def usages(self) -> list[PodUsage]:
        return self.now


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def estimated(source: Source) -> EstimatedUsage:
    return EstimatedUsage(source, pods_on=lambda _: [POD])  # type: ignore[arg-type]


def values(text: str) -> dict[str, tuple[float, ...]]:
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return {line.split(" ")[0]: tuple(map(float, line.split(" ")[1:])) for line in lines}


MAIN = '{container="main",namespace="shop",pod="web"}'


async def test_the_difference_of_two_answers_is_the_rate(source: Source, estimated: EstimatedUsage) -> None:
    source.now = [usage()]
    first = values(await estimated.exposition("n1"))
    again = values(await estimated.exposition("n1"))
    assert again == first
    source.now = [usage(second=20, cpu="250m")]
    second = values(await estimated.exposition("n1"))
    for name in (f"container_cpu_usage_seconds_total{MAIN}", "node_cpu_usage_seconds_total"):
        (before, early), (after, late) = first[name], second[name]
        assert (late - early) / 1000 == 20
        assert after - before == pytest.approx(5)
        assert before > 0
    assert second[f"container_memory_working_set_bytes{MAIN}"][0] == 2048
    assert second[f"container_start_time_seconds{MAIN}"] == (1767225600,)


async def test_samples_of_a_name_stand_together_under_its_type(
    source: Source, estimated: EstimatedUsage
) -> None:
    source.now = [usage("web"), usage("api")]
    text = await estimated.exposition("n1")
    families: list[str] = []
    for line in text.splitlines():
        if line.startswith("# TYPE"):
            families.append(line.split(" ")[2])
        else:
            assert line.partition("{")[0].partition(" ")[0] == families[-1]
    assert len(families) == len(set(families))


async def test_a_nodes_counter_does_not_fall_when_a_pod_goes(
    source: Source, estimated: EstimatedUsage
) -> None:
    def node(summary: dict[str, Any]) -> int:
        counted: int = summary["node"]["cpu"]["usageCoreNanoSeconds"]
        return counted

    source.now = [usage("web"), usage("api")]
    first = await estimated.summary("n1")
    source.now = [usage("web", second=10)]
    second = await estimated.summary("n1")
    assert node(second) - node(first) == 5 * 10**9
    assert second["node"]["cpu"]["usageNanoCores"] == 5 * 10**8
    assert [each["podRef"]["name"] for each in second["pods"]] == ["web"]
    assert second["pods"][0]["containers"][0]["memory"]["workingSetBytes"] == 2048


async def test_other_nodes_pods_are_not_in_it(source: Source, estimated: EstimatedUsage) -> None:
    source.now = [usage(node="n2")]
    assert (await estimated.summary("n1")) == {"node": {"nodeName": "n1"}, "pods": []}
    assert set(values(await estimated.exposition("n1"))) == {"resource_scrape_error"}


def test_a_counter_forgets_what_is_gone() -> None:
    counters = Counters()
    first = counters.count("a", nanocores=1000, at=10.0)
    assert counters.count("a", nanocores=1000, at=12.0) == first + 2000
    assert counters.count("a", nanocores=1000, at=11.0) == first + 2000
    counters.forget_others(["b"])
    assert counters.count("a", nanocores=1000, at=20.0) == first
