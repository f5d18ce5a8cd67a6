"""Gateways, their classes and BackendTLSPolicies: on the host, and as they are shown."""

from typing import Any

from gateway_builders import NOW, gateway, grant, listener, meta, referrer
from translate_builders import SCOPE, unchanged

from vcli.syncer.translate import backendtlspolicies, gatewayclasses
from vcli.syncer.translate import gateways as translate
from vcli.syncer.translate.gateway_refs import Referrer
from vcli.syncer.translate.mappings import HostObject
from vcli.syncer.translate.names import VirtualName

Object = dict[str, Any]
SECRET = {"group": "", "kind": "Secret"}


def own(*grants: Object) -> Referrer:
    return referrer(*grants, kind="Gateway", namespace="infra")


def secure(*refs: Object) -> Object:
    return {**listener("tls", port=443), "protocol": "HTTPS", "tls": {"certificateRefs": list(refs)}}


def on_host(made: Object, *grants: Object) -> Object:
    with unchanged(made):
        return translate.to_host(made, own(*grants))


def test_listeners_are_open_to_all_routes_of_the_host_namespace() -> None:
    kinds = [{"kind": "HTTPRoute"}]
    closed = listener("a", "Selector", matchLabels={"x": "y"})
    closed["allowedRoutes"]["kinds"] = kinds
    made = on_host(gateway(closed, listener("b")))
    assert made["metadata"]["name"] == "public-x-infra-x-demo"
    assert made["spec"]["gatewayClassName"] == "host"
    assert [each["allowedRoutes"] for each in made["spec"]["listeners"]] == [
        {"namespaces": {"from": "Same"}, "kinds": kinds},
        {"namespaces": {"from": "Same"}},
    ]


def test_certificates_are_those_of_the_hosts_copies_and_others_take_a_grant() -> None:
    made = gateway(
        secure({"name": "own"}, {"name": "other", "namespace": "shop"}),
        tls={
            "backend": {"clientCertificateRef": {"name": "client"}},
            "frontend": {
                "default": {
                    "validation": {"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}]}
                }
            },
        },
    )
    permitted = grant("shop", kind="Gateway", source="infra", to=SECRET)
    host = on_host(made, permitted)
    refs = host["spec"]["listeners"][0]["tls"]["certificateRefs"]
    assert [each["name"] for each in refs] == ["own-x-infra-x-demo", "other-x-shop-x-demo"]
    tls = host["spec"]["tls"]
    assert tls["backend"]["clientCertificateRef"] == {"name": "client-x-infra-x-demo"}
    [ca] = tls["frontend"]["default"]["validation"]["caCertificateRefs"]
    assert ca["name"] == "ca-x-infra-x-demo"
    refused = on_host(made)["spec"]["listeners"][0]["tls"]["certificateRefs"][1]
    assert refused["name"] not in (refs[1]["name"], "other")
    assert "namespace" not in refused
    assert list(map(str, translate.refused(made, own()))) == ["Secret shop/other"]
    assert translate.refused(made, own(permitted)) == []
    assert sorted(translate.configs_of(made)) == [
        ("ConfigMap", VirtualName("infra", "ca")),
        ("Secret", VirtualName("infra", "client")),
        ("Secret", VirtualName("infra", "own")),
        ("Secret", VirtualName("shop", "other")),
    ]


def test_what_a_controller_makes_can_not_pass_for_a_control_plane() -> None:
    infrastructure = {
        "labels": {"app": "vcluster", "release": "demo", "vcli.dev/managed-by": "x"},
        "annotations": {"a": "b"},
        "parametersRef": {"group": "", "kind": "ConfigMap", "name": "privileged"},
    }
    made = gateway(infrastructure=infrastructure, allowedListeners={}, defaultScope="All")
    assert on_host(made)["spec"]["infrastructure"] == {
        "labels": {"release": "demo", "v.vcli.dev/managed-by": "x"},
        "annotations": {"a": "b"},
    }
    assert on_host(made)["spec"].keys() == {"gatewayClassName", "listeners", "infrastructure"}
    said = " ".join(translate.ignored(made))
    for word in ("allowedListeners", "defaultScope", "parametersRef"):
        assert word in said
    assert translate.unknown(made) == []
    assert translate.ignored(gateway()) == []


def test_a_field_that_is_not_known_is_named() -> None:
    assert translate.unknown(gateway({**listener("a"), "filters": {}}, newer=1)) == [
        "spec.listeners.filters",
        "spec.newer",
    ]


def test_the_status_comes_back_and_says_what_is_not_permitted() -> None:
    made = gateway(secure({"name": "other", "namespace": "shop"}), listener("web"))
    condition = {"type": "ResolvedRefs", "status": "True", "lastTransitionTime": "then", "message": "m"}
    listeners = [
        {"name": name, "attachedRoutes": 1, "conditions": [condition], "supportedKinds": []}
        for name in ("tls", "web")
    ]
    host = on_host(made) | {
        "status": {
            "addresses": [{"type": "IPAddress", "value": "192.0.2.1"}],
            "conditions": [{"type": "Programmed", "message": "public-x-infra-x-demo is up"}],
            "listeners": listeners,
        }
    }
    found = translate.virtual_status(made, host, own(), now=NOW)
    assert found["addresses"] == [{"type": "IPAddress", "value": "192.0.2.1"}]
    assert found["conditions"][0]["message"] == "public is up"
    first, second = found["listeners"]
    assert first["conditions"][0]["reason"] == "RefNotPermitted"
    assert "Secret shop/other" in first["conditions"][0]["message"]
    assert second == listeners[1]
    again = translate.virtual_status({**made, "status": found}, host, own(), now="later")
    assert again == found
    shown = {"status": {"addresses": []}}
    assert translate.virtual_status({**made, **shown}, on_host(made), own(), now=NOW) == shown["status"]


def test_one_of_the_hosts_is_shown_without_what_it_names() -> None:
    listeners = [secure({"name": "wildcard"}), {**listener("raw"), "tls": {"mode": "Passthrough"}}]
    host = gateway(*listeners, infrastructure={"parametersRef": {"name": "p"}})
    host["metadata"] |= {"labels": {"tier": "edge"}, "annotations": {"secret": "x"}}
    with unchanged(host):
        shown = translate.to_virtual(host, VirtualName("gateways", "main"))
    assert shown["metadata"]["labels"] == {"tier": "edge", "vcli.dev/mirror": "true"}
    assert shown["metadata"]["annotations"] == {"vcli.dev/mirror-name": "gateways/main"}
    assert "wildcard" not in str(shown)
    assert shown["spec"].keys() == {"gatewayClassName", "listeners"}
    assert [each["tls"]["mode"] for each in shown["spec"]["listeners"]] == ["Terminate", "Passthrough"]


def test_classes_are_shown_without_parameters_and_with_their_status() -> None:
    spec = {"controllerName": "x.example/c", "description": "d", "parametersRef": {"name": "p"}}
    status = {"conditions": [{"type": "Accepted"}], "supportedFeatures": [{"name": "Gateway"}], "new": 1}
    host = {"metadata": {"name": "edge"}, "spec": spec, "status": status}
    shown = gatewayclasses.to_virtual(host)
    assert shown["spec"] == {"controllerName": "x.example/c", "description": "d"}
    assert gatewayclasses.virtual_status(host) == {
        key: status[key] for key in ("conditions", "supportedFeatures")
    }
    other = {**shown, "spec": {"controllerName": "y.example/c"}}
    assert gatewayclasses.must_be_replaced(other, shown)
    assert not gatewayclasses.must_be_replaced(shown, shown)


def policy() -> Object:
    return {
        "metadata": meta("tls", "shop"),
        "spec": {
            "targetRefs": [{"group": "", "kind": "Service", "name": "web", "sectionName": "https"}],
            "validation": {
                "hostname": "web.example",
                "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}],
            },
        },
    }


def test_policies_name_the_hosts_services_and_certificates() -> None:
    made = policy()
    with unchanged(made):
        host = backendtlspolicies.to_host(made, referrer(kind="BackendTLSPolicy"))
    [target] = host["spec"]["targetRefs"]
    assert (target["name"], target["sectionName"]) == ("web-x-shop-x-demo", "https")
    [ca] = host["spec"]["validation"]["caCertificateRefs"]
    assert ca["name"] == "ca-x-shop-x-demo"
    assert list(backendtlspolicies.configs_of(made)) == [("ConfigMap", VirtualName("shop", "ca"))]
    assert backendtlspolicies.unknown(made) == []
    made["spec"]["validation"]["newer"] = made["spec"]["newer"] = 1
    assert backendtlspolicies.unknown(made) == ["spec.newer", "spec.validation.newer"]


def test_the_ancestors_of_a_policy_are_virtual_gateways() -> None:
    refs = [{"kind": "Gateway", "name": "public-x-infra-x-demo"}, {"name": "a-stranger", "namespace": "edge"}]
    entries = [{"ancestorRef": ref, "controllerName": "x.example/c", "conditions": []} for ref in refs]
    host = backendtlspolicies.to_host(policy(), referrer()) | {"status": {"ancestors": entries}}

    def find(found: HostObject) -> VirtualName | None:
        known = HostObject(SCOPE.host_namespace, "public-x-infra-x-demo")
        return VirtualName("infra", "public") if found == known else None

    status = backendtlspolicies.virtual_status(policy(), host, gateway=find, scope=SCOPE)
    assert [each["ancestorRef"] for each in status["ancestors"]] == [
        {"kind": "Gateway", "name": "public", "namespace": "infra"}
    ]
