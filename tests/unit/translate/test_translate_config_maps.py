"""What the host pod has no room for: the same variables and files for the containers, by ConfigMaps."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
import translate_kubelet as kubelet
from hypothesis import given
from hypothesis import strategies as st
from translate_builders import SCOPE, context, pod, service, unchanged

from vcli.syncer.translate.metadata import POD_DOWNWARD, POD_ENVIRONMENT, virtual_name_of
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.pods import (
    config_map,
    config_map_kinds,
    config_map_names,
    ephemeral_containers,
    left_out_annotations,
    needed_config_maps,
    pod_names,
    pod_of_config_map,
    to_host,
    with_config_map_kinds,
)
from vcli.syncer.translate.pods.downward import format_map

Object = dict[str, Any]

ETCD = 1_500_000
ANNOTATIONS = 256 * 1024
HOST_API = service("kubernetes", "default", clusterIP="10.96.0.1", ports=[{"name": "https", "port": 443}])


def many(count: int) -> list[Object]:
    ports = [{"name": "http", "port": 8080}, {"name": "metrics", "port": 9090}]
    return [service(f"payments-backend-service-{n + 1000}", ports=ports) for n in range(count)]


def on_host(virtual: Object, surroundings: Any) -> tuple[Object, list[Object]]:
    """The host pod as it is created, and its ConfigMaps."""
    with unchanged(virtual):
        kinds = needed_config_maps(virtual, surroundings)
        host = with_config_map_kinds(to_host(virtual, surroundings, kinds=kinds), kinds)
        return host, [config_map(virtual, kind, surroundings) for kind in kinds]


def environments(
    virtual: Object, services: list[Object], **more: Any
) -> tuple[dict[str, str], dict[str, str]]:
    """On a plain cluster, and as the host's kubelet makes it."""
    host, maps = on_host(virtual, context(services=services, **more))
    data = {("ConfigMap", each["metadata"]["name"]): each["data"] for each in maps}
    api = service("kubernetes", "default", clusterIP="10.96.3.4", ports=[{"name": "https", "port": 443}])
    plain = kubelet.environment(
        virtual, virtual["spec"]["containers"][0], services=[api, *services], configs={}
    )
    container = host["spec"]["containers"][0]
    return plain, kubelet.environment(host, container, services=[HOST_API], configs=data)


def test_few_services_need_none():
    host, maps = on_host(pod(), context(services=many(3)))
    assert maps == []
    assert config_map_kinds(host) == []


@pytest.mark.parametrize("count", [300, 1500])
def test_variables_of_many_services_are_those_of_a_plain_cluster(count: int):
    names = [f"PAYMENTS_BACKEND_SERVICE_1{n:03}_SERVICE_HOST" for n in (0, 299)]
    env = [{"name": "URL", "value": f"http://$({names[1]})"}, {"name": names[0], "value": "mine"}]
    virtual = pod(containers=[{"name": f"c{n}", "image": "i", "env": env} for n in range(10)])
    plain, translated = environments(virtual, many(count))
    assert translated == plain
    assert plain["URL"] == "http://10.96.1.1"
    assert plain[names[0]] == "mine"
    host, maps = on_host(virtual, context(services=many(count)))
    assert len(json.dumps(host)) < 100_000
    for each in maps:  # its keys stand a second time in managedFields
        assert len(json.dumps(each)) + sum(len(key) + 10 for key in each["data"]) < ETCD
        assert sum(map(len, each["data"].values())) < 1024 * 1024
    assert config_map_kinds(host) == list(POD_ENVIRONMENT[: len(maps)])
    assert (len(maps) > 1) == (count > 300)


def test_more_than_a_process_can_be_given_is_left_out():
    _, maps = on_host(pod(), context(services=many(12000)))
    assert len(maps) == len(POD_ENVIRONMENT)


def test_the_users_own_sources_come_after():
    own = [{"configMapRef": {"name": "settings"}}]
    host, [made] = on_host(
        pod(containers=[{"name": "main", "image": "i", "envFrom": own}]), context(services=many(300))
    )
    first, second = host["spec"]["containers"][0]["envFrom"]
    assert first == {"configMapRef": {"name": made["metadata"]["name"]}}
    assert second == {"configMapRef": {"name": "settings-x-default-x-demo"}}


def test_without_links_none_is_needed():
    assert needed_config_maps(pod(enableServiceLinks=False), context(services=many(300))) == []


def test_a_debug_container_has_what_the_host_pod_was_created_with():
    virtual = pod(ephemeralContainers=[{"name": "debug", "image": "i"}])
    surroundings = context(services=many(300))
    _, [made] = on_host(virtual, surroundings)
    [debug] = ephemeral_containers(virtual, surroundings, kinds=[POD_ENVIRONMENT[0]])
    assert debug["envFrom"] == [{"configMapRef": {"name": made["metadata"]["name"]}}]
    assert {each["name"] for each in debug["env"]} == set(
        kubelet.service_variables([HOST_API], "default", links=False)
    )
    [debug] = ephemeral_containers(virtual, surroundings)
    assert "envFrom" not in debug
    assert len(debug["env"]) > 1000


def shown(*paths: str, mode: int | None = None) -> list[Object]:
    own = {"mode": mode} if mode is not None else {}
    return [{"path": path, "fieldRef": {"fieldPath": f"metadata.{path}"}, **own} for path in paths]


def test_large_annotations_are_shown_from_a_config_map():
    big = {"template": '"' * 150_000}
    volume = {
        "name": "v",
        "downwardAPI": {"defaultMode": 256, "items": shown("name", "labels", "annotations", mode=288)},
    }
    virtual = pod(labels={"a": "1"}, annotations=big, volumes=[volume])
    host, [made] = on_host(virtual, context())
    assert made["data"] == {"labels": 'a="1"', "annotations": format_map(big)}
    name = {"path": "name", "mode": 288, "fieldRef": {"fieldPath": "metadata.annotations['vcli.dev/name']"}}
    files = [{"key": each, "path": each, "mode": 288} for each in ("labels", "annotations")]
    assert host["spec"]["volumes"] == [
        {
            "name": "v",
            "projected": {
                "defaultMode": 256,
                "sources": [
                    {"downwardAPI": {"items": [name]}},
                    {"configMap": {"name": made["metadata"]["name"], "items": files}},
                ],
            },
        }
    ]
    assert config_map_kinds(host) == [POD_DOWNWARD]
    assert not host["metadata"]["annotations"].keys() & {"vcli.dev/labels", "vcli.dev/annotations"}


def test_in_a_projected_volume_too_and_tokens_keep_their_place():
    token = {"serviceAccountToken": {"path": "token"}}
    sources = [{"downwardAPI": {"items": shown("name", "annotations")}}, token]
    virtual = pod(
        annotations={"template": "x" * 150_000}, volumes=[{"name": "v", "projected": {"sources": sources}}]
    )
    host, [made] = on_host(virtual, context())
    first, second, third = host["spec"]["volumes"][0]["projected"]["sources"]
    assert [each["path"] for each in first["downwardAPI"]["items"]] == ["name"]
    assert second["configMap"]["name"] == made["metadata"]["name"]
    assert third["secret"]["items"] == [{"key": "v.1", "path": "token"}]


def test_other_volumes_stay_as_they_are():
    volumes = [{"name": "e", "emptyDir": {}}, {"name": "d", "downwardAPI": {"items": shown("name")}}]
    big = [{"name": "v", "downwardAPI": {"items": shown("annotations")}}]
    large = {"template": "x" * 150_000}
    with_big, _ = on_host(pod(annotations=large, volumes=[*volumes, *big]), context())
    without, _ = on_host(pod(annotations=large, volumes=volumes), context())
    assert with_big["spec"]["volumes"][:2] == without["spec"]["volumes"]


def test_a_host_pod_keeps_the_way_it_was_created_with():
    volumes = [{"name": "v", "downwardAPI": {"items": shown("annotations")}}]
    grown = pod(annotations={"template": "x" * 100_000}, volumes=volumes)
    assert "vcli.dev/annotations" in to_host(grown, context(), kinds=[])["metadata"]["annotations"]
    shrunk = pod(annotations={"a": "b"}, volumes=volumes)
    assert "projected" in to_host(shrunk, context(), kinds=[POD_DOWNWARD])["spec"]["volumes"][0]


# --- annotations that nearly fill their room


def size(host: Object) -> int:
    annotations = host["metadata"]["annotations"].items()
    return sum(len(key.encode()) + len(value.encode()) for key, value in annotations)


texts = st.sampled_from(["x", "é", '"', "\n", "世"])


@given(
    st.dictionaries(st.sampled_from([f"example.com/{n}" for n in range(6)]), texts, min_size=1),
    st.integers(1, 6),
    st.sampled_from([(), ("annotations",), ("labels", "annotations")]),
)
def test_whatever_a_plain_cluster_takes_fits_the_host(
    made_of: dict[str, str], parts: int, paths: Sequence[str]
):
    """Of annotations that together are as large as they may be."""
    room = ANNOTATIONS - sum(map(len, made_of))
    annotations: dict[str, str] = {}
    for index, (key, text) in enumerate(made_of.items()):
        share = room if index == len(made_of) - 1 else room // parts // len(made_of)
        annotations[key] = text * (share // len(text.encode()))
        room -= len(annotations[key].encode())
    volumes = [{"name": "v", "downwardAPI": {"items": shown(*paths)}}] if paths else []
    virtual = pod(labels={"a": "1"}, annotations=annotations, volumes=volumes, generation=123)
    host, maps = on_host(virtual, context(namespace_labels={"team": "a"}))
    assert size(host) < ANNOTATIONS - 100  # what is known only later: the placement
    assert all(len(text.encode()) < 1024 * 1024 for each in maps for text in each["data"].values())


def test_the_largest_go_and_an_event_says_which():
    annotations = {"large": "x" * 200_000, "small": "y" * 61_900, "vcli.dev/name": "mine"}
    virtual = pod(annotations=annotations)
    host, _ = on_host(virtual, context())
    assert "large" not in host["metadata"]["annotations"]
    assert host["metadata"]["annotations"]["small"] == annotations["small"]
    assert host["metadata"]["annotations"]["v.vcli.dev/name"] == "mine"
    [sentence] = left_out_annotations(virtual, host, scope=SCOPE)
    assert sentence.startswith("metadata.annotations: large left out")


@pytest.mark.parametrize("where", ["variable", "file"])
def test_what_a_container_reads_stays(where: str):
    field = {"fieldRef": {"fieldPath": "metadata.annotations['large']"}}
    env = {"env": [{"name": "L", "valueFrom": field}]} if where == "variable" else {}
    files = [{"name": "v", "downwardAPI": {"items": [{"path": "l", **field}]}}] if where == "file" else []
    virtual = pod(
        annotations={"large": "x" * 150_000, "other": "y" * 111_900},
        containers=[{"name": "main", "image": "i", **env}],
        volumes=files,
    )
    host, _ = on_host(virtual, context())
    assert host["metadata"]["annotations"]["large"] == "x" * 150_000
    assert "other" not in host["metadata"]["annotations"]


def test_what_fits_is_left_as_it_is():
    virtual = pod(
        annotations={"large": "x" * 261_000, "kubectl.kubernetes.io/last-applied-configuration": ""}
    )
    host, _ = on_host(virtual, context())
    assert host["metadata"]["annotations"]["large"] == "x" * 261_000
    assert left_out_annotations(virtual, host, scope=SCOPE) == []


# --- whose they are


def test_they_are_the_pods_and_none_has_the_name_of_a_virtual_config_map():
    virtual = pod(annotations={"a": "b"})
    kinds = (POD_DOWNWARD, *POD_ENVIRONMENT)
    made = [config_map(virtual, kind, context()) for kind in kinds]
    names = [each["metadata"]["name"] for each in made]
    assert names == config_map_names(VirtualName("default", "web"), SCOPE)
    assert len(set(names)) == len(kinds)
    for each in made:
        assert pod_of_config_map(each, SCOPE) == VirtualName("default", "web")
        assert virtual_name_of(each, scope=SCOPE, kind="ConfigMap") is None
        assert "a" not in each["metadata"]["annotations"]
        assert pod_names(virtual, SCOPE)[each["metadata"]["name"]].startswith("web-")
    theirs = {**made[0], "metadata": {**made[0]["metadata"], "name": "copied"}}
    assert pod_of_config_map(theirs, SCOPE) is None


@pytest.mark.parametrize("noted", ["", "Nonsense", "PodEnvironment99"])
def test_an_annotation_that_somebody_edited_names_none(noted: str):
    assert config_map_kinds({"metadata": {"annotations": {"vcli.dev/config-maps": noted}}}) == []
    assert config_map_kinds({"metadata": {}}) == []
