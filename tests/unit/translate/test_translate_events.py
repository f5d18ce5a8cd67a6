from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translate_builders import SCOPE, pod, unchanged

from vcli.syncer.translate.events import is_of_the_host, to_virtual, virtual_name
from vcli.syncer.translate.messages import rewrite
from vcli.syncer.translate.names import VirtualName, host_name
from vcli.syncer.translate.pods import pod_names, token_secret_name
from vcli.syncer.translate.pods.words import own_words

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


@pytest.mark.parametrize("reason", ["Unhealthy", "ProbeWarning"])
def test_what_a_probe_says_is_the_containers_own(reason: str):
    message = "Readiness probe failed: no route to team-a, nor to web-x-default-x-demo"
    assert to_virtual(event(message, reason=reason), pod(), scope=SCOPE)["message"] == message


def test_an_image_stays_what_it_is_in_events():
    image = "team-a/app:team-a"
    virtual = pod(containers=[{"name": "main", "image": image}])
    for message in (f'Pulling image "{image}"', f'Container image "docker.io/{image}" already present'):
        assert to_virtual(event(message, reason="Pulling"), virtual, scope=SCOPE)["message"] == message


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


@pytest.mark.parametrize(
    ("host", "virtual"),
    [
        ("team-a/web-x-default-x-demo", "default/web"),
        ('"team-a"/"web-x-default-x-demo"', '"default"/"web"'),
        ("web-x-default-x-demo_team-a(uid)", "web_default(uid)"),
        ("container team-a in pod web-x-default-x-demo", "container team-a in pod web"),
        (
            "image stranger-x-other-x-demo:1 of stranger-x-other-x-demo",
            "image stranger-x-other-x-demo:1 of stranger",
        ),
        ("team-a.example.org", "team-a.example.org"),
        ("team-ab/team-a", "team-ab/team-a"),
    ],
)
def test_words_of_the_tenants_own_stay_but_beside_a_host_name(host: str, virtual: str):
    own = {"team-a", "team-a.example.org", "stranger-x-other-x-demo:1", "absent", ""}
    assert rewrite(host, pod_names(pod(), SCOPE), namespace="default", scope=SCOPE, own=own) == virtual


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("busybox", {"busybox"}),
        ("busybox:1.36", {"busybox:1.36", "busybox", "manifests/1.36"}),
        ("a/b:t", {"a/b:t", "a/b", "a%2Fb", "manifests/t"}),
        ("r.io/a/b:t", {"r.io/a/b:t", "a/b", "a%2Fb", "r.io", "manifests/t"}),
        ("localhost/a", {"localhost/a", "a", "localhost"}),
        ("r:5000/a", {"r:5000/a", "a", "r:5000"}),
        ("r.io/a@sha256:0", {"r.io/a@sha256:0", "r.io/a", "a", "r.io"}),
        (None, set()),
    ],
)
def test_words_of_an_image(image: str | None, words: set[str]):
    container = {"name": "main", **({"image": image} if image else {})}
    assert own_words(pod(containers=[container])) == words | {"main"}


def test_words_of_all_containers_and_of_volumes_that_are_images():
    virtual = pod(
        initContainers=[{"name": "first"}],
        ephemeralContainers=[{"name": "debug"}],
        volumes=[{"name": "v", "image": {"reference": "data"}}, {"name": "e", "emptyDir": {}}],
    )
    assert own_words(virtual) >= {"first", "debug", "data", "main"}


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


@given(
    st.lists(st.sampled_from(["team-a", "/", '"', " ", "(", "web-x-default-x-demo", ".", "_", "x"])).map(
        "".join
    )
)
def test_host_names_never_stay_beside_words_of_the_tenants_own(text: str):
    own = {"team-a", "team-a.x"}
    told = rewrite(text, pod_names(pod(), SCOPE), namespace="default", scope=SCOPE, own=own)
    for separator in '/"(._':
        told = told.replace(separator, " ")
    assert "web-x-default-x-demo" not in told.split()
