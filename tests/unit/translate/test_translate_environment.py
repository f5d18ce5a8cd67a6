from typing import Any

import pytest
import translate_kubelet as kubelet
from hypothesis import given, settings
from hypothesis import strategies as st
from translate_builders import context, pod, service, unchanged

from vcli.syncer.translate.names import VirtualName, host_name
from vcli.syncer.translate.pods import ephemeral_containers, to_host


def kubernetes(address: str) -> dict[str, Any]:
    ports = [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]
    return service("kubernetes", "default", clusterIP=address, ports=ports, selector=None)


VIRTUAL_API, HOST_API = kubernetes("10.96.3.4"), kubernetes("10.96.0.1")


def on_host(name: str, namespace: str = "default") -> str:
    return host_name(VirtualName(namespace, name), "demo")


def both_environments(
    virtual: dict[str, Any],
    services: list[dict[str, Any]],
    configs: dict[tuple[str, str], dict[str, str]],
) -> tuple[dict[str, str], dict[str, str]]:
    """The environment on a plain cluster, and the one that the host's kubelet makes of the translated pod."""
    namespace = virtual["metadata"]["namespace"]
    own = [each for each in services if each["metadata"]["namespace"] == namespace]
    surroundings = context(services=own, environment_keys={key: set(data) for key, data in configs.items()})
    with unchanged(virtual, services):
        host = to_host(virtual, surroundings)
    plain = kubelet.environment(
        virtual, virtual["spec"]["containers"][0], services=[VIRTUAL_API, *services], configs=configs
    )
    moved = {(kind, on_host(name, namespace)): data for (kind, name), data in configs.items()}
    stranger = service("stranger", "team-a", clusterIP="10.96.9.9")
    translated = kubelet.environment(
        host, host["spec"]["containers"][0], services=[HOST_API, stranger], configs=moved
    )
    return plain, translated


names = st.sampled_from(
    ["A", "B", "WEB_SERVICE_HOST", "WEB_PORT", "KUBERNETES_SERVICE_HOST", "KUBERNETES_PORT"]
)
texts = st.lists(
    st.sampled_from(
        ["x", "$", "$$", "(", ")", "$(A)", "$(WEB_SERVICE_HOST)", "$(KUBERNETES_PORT)", "$(NOBODY)"]
    ),
    max_size=4,
).map("".join)
fields = st.sampled_from(
    [
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "spec.serviceAccountName",
        "spec.nodeName",
        "status.podIP",
        "metadata.labels['app']",
        "metadata.labels['release']",
        "metadata.labels['vcli.dev/managed-by']",
        "metadata.annotations['note']",
        "metadata.annotations['vcli.dev/uid']",
        "metadata.annotations['missing']",
    ]
)
sources = st.one_of(
    fields.map(lambda path: {"valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}}}),
    st.sampled_from(["configMapKeyRef", "secretKeyRef"]).flatmap(
        lambda kind: st.sampled_from(["A", "missing"]).map(
            lambda key: {"valueFrom": {kind: {"name": "settings", "key": key, "optional": True}}}
        )
    ),
    texts.map(lambda text: {"value": text}),
)
variables = st.builds(lambda name, source: {"name": name, **source}, names, sources)
env_from = st.sampled_from(
    [
        {"configMapRef": {"name": "settings"}},
        {"secretRef": {"name": "settings"}},
        {"prefix": "WEB_", "configMapRef": {"name": "settings"}},
        {"configMapRef": {"name": "gone", "optional": True}},
    ]
)
data = st.dictionaries(
    names | st.sampled_from(["SERVICE_HOST", "PORT"]), st.sampled_from(["one", "$(A)", ""])
)
ports = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["", "http", "grpc-web"]), "port": st.sampled_from([80, 9090])},
        optional={"protocol": st.sampled_from(["TCP", "UDP"])},
    ),
    min_size=1,
    max_size=3,
)
services_strategy = st.lists(
    st.builds(
        lambda name, namespace, ip, ports: service(name, namespace, clusterIP=ip, ports=ports),
        st.sampled_from(["web", "my-db", "kubernetes"]),
        st.sampled_from(["apps", "elsewhere"]),
        st.sampled_from(["10.96.1.1", "10.96.1.2", "fd00::7", "None", ""]),
        ports,
    ),
    max_size=4,
    unique_by=lambda each: (each["metadata"]["name"], each["metadata"]["namespace"]),
)


@settings(max_examples=300)
@given(
    st.lists(variables, max_size=5),
    st.lists(env_from, max_size=2),
    st.tuples(data, data),
    services_strategy,
    st.booleans(),
)
def test_the_environment_is_that_of_a_plain_cluster(env, sources, configs, services, links):
    virtual = pod(
        namespace="apps",
        labels={"app": "vcluster", "release": "demo", "vcli.dev/managed-by": "inner"},
        annotations={"note": "$(A)", "vcli.dev/uid": "inner-uid"},
        serviceAccountName="builder",
        enableServiceLinks=links,
        containers=[{"name": "main", "image": "i", "env": env, "envFrom": sources}],
    )
    data_of = {("ConfigMap", "settings"): configs[0], ("Secret", "settings"): configs[1]}
    plain, translated = both_environments(virtual, services, data_of)
    # A tenant's own Service named kubernetes hides the API's, as there; what it lacks must not be the host's.
    assert translated == kubelet.service_variables([VIRTUAL_API], "apps", links=False) | plain


def test_in_the_default_namespace_the_api_is_the_virtual_one():
    plain, translated = both_environments(pod(), [], {})
    assert translated == plain
    assert translated == {
        "KUBERNETES_SERVICE_HOST": "10.96.3.4",
        "KUBERNETES_SERVICE_PORT": "443",
        "KUBERNETES_SERVICE_PORT_HTTPS": "443",
        "KUBERNETES_PORT": "tcp://10.96.3.4:443",
        "KUBERNETES_PORT_443_TCP": "tcp://10.96.3.4:443",
        "KUBERNETES_PORT_443_TCP_PROTO": "tcp",
        "KUBERNETES_PORT_443_TCP_PORT": "443",
        "KUBERNETES_PORT_443_TCP_ADDR": "10.96.3.4",
    }


def test_the_virtual_kubernetes_service_itself_does_not_matter():
    stale = kubernetes("10.96.200.200")
    host = to_host(pod(), context(services=[stale]))
    assert {"name": "KUBERNETES_SERVICE_HOST", "value": "10.96.3.4"} in host["spec"]["containers"][0]["env"]


def test_a_service_named_like_no_variable_is_left_out():
    host = to_host(pod(), context(services=[service("1st")]))
    assert not [each for each in host["spec"]["containers"][0]["env"] if each["name"].startswith("1ST")]


def test_service_links_of_the_host_are_off():
    assert to_host(pod(enableServiceLinks=True), context())["spec"]["enableServiceLinks"] is False


@pytest.mark.parametrize("group", ["containers", "initContainers"])
def test_every_container_gets_it(group: str):
    extra = {} if group == "containers" else {group: [{"name": "init", "image": "i"}]}
    containers = to_host(pod(**extra), context())["spec"][group]
    assert {"name": "KUBERNETES_SERVICE_HOST", "value": "10.96.3.4"} in containers[0]["env"]


def test_ephemeral_containers_get_it_by_their_subresource_only():
    debugger = {
        "name": "debug",
        "image": "i",
        "targetContainerName": "main",
        "env": [{"name": "A", "value": "$(B)"}],
    }
    virtual = pod(ephemeralContainers=[debugger])
    assert "ephemeralContainers" not in to_host(virtual, context())["spec"]
    (translated,) = ephemeral_containers(virtual, context())
    assert translated["targetContainerName"] == "main"
    assert translated["env"][-1] == {"name": "A", "value": "$(B)"}
    assert {"name": "KUBERNETES_SERVICE_HOST", "value": "10.96.3.4"} in translated["env"]


def test_names_in_the_environment_are_translated():
    env = [
        {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k", "optional": True}}},
        {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        {"name": "C", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
        {"name": "D", "valueFrom": {"fileKeyRef": {"volumeName": "v", "path": "p", "key": "k"}}},
    ]
    env_from = [
        {"prefix": "P_", "configMapRef": {"name": "c"}},
        {"secretRef": {"name": "s", "optional": True}},
    ]
    virtual = pod(containers=[{"name": "main", "image": "i", "env": env, "envFrom": env_from}])
    container = to_host(virtual, context())["spec"]["containers"][0]
    assert container["env"][-4:] == [
        {"name": "A", "valueFrom": {"configMapKeyRef": {"name": on_host("c"), "key": "k", "optional": True}}},
        {"name": "B", "valueFrom": {"secretKeyRef": {"name": on_host("s"), "key": "k"}}},
        *env[2:],
    ]
    assert container["envFrom"] == [
        {"prefix": "P_", "configMapRef": {"name": on_host("c")}},
        {"secretRef": {"name": on_host("s"), "optional": True}},
    ]
