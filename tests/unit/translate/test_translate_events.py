from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translate_builders import SCOPE, pod, unchanged

from vcli.syncer.translate.events import is_of_the_host, to_virtual, virtual_name
from vcli.syncer.translate.messages import rewrite
from vcli.syncer.translate.names import VirtualName, host_name
from vcli.syncer.translate.pods import pod_names, token_secret_name

HOST_POD = "web-x-default-x-demo"


def event(message: str = "Started", name: str = f"{HOST_POD}.17ab", **fields: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "team-a", "uid": "e", "resourceVersion": "9"},
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "Pod",
            "namespace": "team-a",
            "name": HOST_POD,
            "uid": "host-uid",
            "resourceVersion": "8",
            "fieldPath": "spec.containers{main}",
        },
        "reason": "Started",
        "message": message,
        "type": "Normal",
        **fields,
    }


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        ("spec.containers{main}", False),
        ("spec.initContainers{first}", False),
        ("spec.ephemeralContainers{debug}", False),
        ("spec.containers{istio-proxy}", True),
        ("spec.initContainers{istio-init}", True),
        (None, False),
    ],
)
def test_events_about_what_the_host_put_in_are_its_own(path: str | None, *, hidden: bool):
    about = {**event()["involvedObject"], "fieldPath": path}
    one = [{"name": "first"}]
    virtual = pod(initContainers=one, ephemeralContainers=[{"name": "debug"}])
    assert is_of_the_host(event(involvedObject=about), virtual, scope=SCOPE) is hidden


def test_the_container_that_writes_hosts_has_events_only_where_it_fails():
    about = {**event()["involvedObject"], "fieldPath": "spec.initContainers{vcli-hosts}"}
    assert is_of_the_host(event(involvedObject=about), pod(), scope=SCOPE)
    assert not is_of_the_host(event(involvedObject=about, type="Warning"), pod(), scope=SCOPE)


def test_that_a_kubelet_waits_for_tokens_is_no_news():
    missing = (
        f'MountVolume.SetUp failed for volume "t" : secret "{token_secret_name(pod(), SCOPE)}" not found'
    )
    assert is_of_the_host(event(missing, reason="FailedMount"), pod(), scope=SCOPE)
    theirs = 'MountVolume.SetUp failed for volume "t" : secret "mine-x-default-x-demo" not found'
    assert not is_of_the_host(event(theirs, reason="FailedMount"), pod(), scope=SCOPE)


def test_an_event():
    more = {
        "source": {"component": "kubelet", "host": "node-1"},
        "reportingComponent": "kubelet",
        "reportingInstance": "node-1",
        "firstTimestamp": "t1",
        "lastTimestamp": "t2",
        "count": 3,
        "series": {"count": 3, "lastObservedTime": "t2"},
        "eventTime": "t1",
        "action": "Starting",
    }
    virtual = pod()
    virtual["metadata"] |= {"resourceVersion": "77"}
    host = event(**more, related={"kind": "Node", "name": "n"})
    with unchanged(host, virtual):
        told = to_virtual(host, virtual, scope=SCOPE)
    assert told == {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "web.17ab", "namespace": "default"},
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "Pod",
            "namespace": "default",
            "name": "web",
            "uid": "uid-web",
            "resourceVersion": "77",
            "fieldPath": "spec.containers{main}",
        },
        "reason": "Started",
        "message": "Started",
        "type": "Normal",
        **more,
    }


def test_an_event_about_a_cluster_scoped_object_is_in_default():
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "uid": "u"}}
    told = to_virtual(event(name="n.1"), node, scope=SCOPE)
    assert told["metadata"]["namespace"] == "default"
    assert "namespace" not in told["involvedObject"]


@given(
    st.text(alphabet="abc.-", min_size=1, max_size=253).map(lambda text: f"a{text}a"), st.integers(0, 2**60)
)
def test_names_are_stable_and_distinct(name: str, when: int):
    one, other = event(name=f"{HOST_POD}.{when:x}"), event(name=f"{HOST_POD}.{when + 1:x}")
    assert virtual_name(one, name) == virtual_name(one, name)
    assert virtual_name(one, name) != virtual_name(other, name)
    assert len(virtual_name(one, name)) <= 253


def test_an_event_that_is_not_named_after_its_object():
    strange = event(name="team-a-something-odd")
    assert virtual_name(strange, "web").startswith("web.")
    assert "team-a" not in virtual_name(strange, "web")
    assert virtual_name(strange, "web") != virtual_name(event(name="another"), "web")


# --- messages


@pytest.mark.parametrize(
    ("host", "virtual"),
    [
        ("Created pod web-x-default-x-demo", "Created pod web"),
        ("0/3 nodes are available", "0/3 nodes are available"),
        ('pods "web-x-default-x-demo" is forbidden', 'pods "web" is forbidden'),
        (
            "Successfully assigned team-a/web-x-default-x-demo to node-1",
            "Successfully assigned default/web to node-1",
        ),
        ("web-x-default-x-demo_team-a(uid)", "web_default(uid)"),
        ("web-x-default-x-demo.", "web."),
        ("my-team-a-app and team-ab", "my-team-a-app and team-ab"),
        (
            'object "team-a"/"settings-x-default-x-demo" not registered',
            'object "default"/"settings" not registered',
        ),
        ("stranger.v1-x-other-x-demo is not ours to name", "stranger.v1 is not ours to name"),
        ("a-x-b-x-neighbour", "a-x-b-x-neighbour"),
    ],
)
def test_texts(host: str, virtual: str):
    names = pod_names(pod(volumes=[{"name": "v", "configMap": {"name": "settings"}}]), SCOPE)
    assert rewrite(host, names, namespace="default", scope=SCOPE) == virtual


def test_names_in_no_namespace_in_texts():
    text = 'storageclass "vcli-fast.disk-x-team-a-x-demo" not found, vcli-x-default-x-demo'
    told = rewrite(text, {}, namespace="default", scope=SCOPE)
    assert told == 'storageclass "fast.disk" not found, vcli'


def test_hashed_names_in_texts():
    virtual = pod(name="w" * 63, volumes=[{"name": "v", "secret": {"secretName": "s" * 63}}])
    pod_name, secret = (host_name(VirtualName("default", name * 63), "demo") for name in "ws")
    tokens = token_secret_name(virtual, SCOPE)
    text = rewrite(
        f"{pod_name} {secret} {tokens}", pod_names(virtual, SCOPE), namespace="default", scope=SCOPE
    )
    assert text == f"{'w' * 63} {'s' * 63} {'w' * 63}-tokens"


@given(
    st.lists(st.sampled_from(["team-a", "/", '"', " ", "(", "web-x-default-x-demo", ".", "_", "x"])).map(
        "".join
    )
)
def test_the_host_namespace_never_stands_alone_in_a_text(text: str):
    told = rewrite(text, pod_names(pod(), SCOPE), namespace="default", scope=SCOPE)
    for separator in '/"(._':
        told = told.replace(separator, " ")
    assert "team-a" not in told.split()
