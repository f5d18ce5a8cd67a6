"""Which Secrets with kubeconfigs the syncer is to keep, by the values."""

from typing import Any

import pytest
from controlplane_builders import NAMES, SPEC

from vcli.config import from_mapping, load
from vcli.controlplane import render
from vcli.controlplane.exports import exports
from vcli.controlplane.facts import Facts
from vcli.errors import UsageError

Object = dict[str, Any]
PLAIN = {
    "name": "a",
    "context": "my-vcluster",
    "server": "https://localhost:8443",
    "insecure": False,
}


def exported(**section: Any) -> list[Object]:
    return exports(NAMES, from_mapping({"exportKubeConfig": section}, name="values"))


def test_none_by_default_and_the_settings_do_not_speak_of_it():
    assert exported() == []
    assert "insecure" not in SPEC.dump()
    assert render.spec(NAMES, load([], ["exportKubeConfig.insecure=true"])).dump()["insecure"] is True


def test_one_secret_is_by_what_stands_beside_it():
    found = exported(secret={"name": "a"}, context="ci", server="https://a.example", insecure=True)
    assert found == [{"name": "a", "context": "ci", "server": "https://a.example", "insecure": True}]


def test_more_of_them_are_each_by_their_own():
    more = [{"name": "a", "namespace": "team-a"}, {"name": "b", "context": "ci"}]
    assert exported(additionalSecrets=more, context="mine") == [
        PLAIN,
        {**PLAIN, "name": "b", "context": "ci"},
    ]


def test_a_service_account_is_in_kube_system_unless_it_is_said():
    [found] = exported(additionalSecrets=[{"name": "a", "serviceAccount": {"name": "ci"}}])
    account = {"name": "ci", "namespace": "kube-system", "clusterRole": ""}
    assert found == {**PLAIN, "serviceAccount": account}


ELSEWHERE = {"name": "demo-certs", "namespace": "argocd"}


def test_one_in_another_namespace_has_a_role_there():
    [found] = exported(secret=ELSEWHERE, context="ci")
    role = "vcli:team-a:demo:demo-certs"
    assert found == {**PLAIN, "name": "demo-certs", "context": "ci", "namespace": "argocd", "role": role}
    chosen = {
        "exportKubeConfig": {"additionalSecrets": [ELSEWHERE, {"name": "demo-certs", "namespace": "b"}]}
    }
    values = from_mapping(chosen, name="values")
    objects = render.render(
        NAMES, values, Facts(closed=frozenset({"b"})), bundle=None, owner="uid-of-service"
    )
    made = [each for each in objects if each["metadata"].get("namespace") == "argocd"]
    assert [(each["kind"], each["metadata"]["name"]) for each in made] == [
        ("Role", role),
        ("RoleBinding", role),
    ]
    assert made[0]["rules"] == [
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]},
        {
            "apiGroups": [""],
            "resources": ["secrets"],
            "verbs": ["get", "list", "watch", "patch"],
            "resourceNames": ["demo-certs"],
        },
        {
            "apiGroups": ["rbac.authorization.k8s.io"],
            "resources": ["roles"],
            "verbs": ["get"],
            "resourceNames": [role],
        },
    ]
    # An owner in another namespace would be taken for one that is gone; delete finds it by its labels.
    assert "ownerReferences" not in made[0]["metadata"]
    assert made[0]["metadata"]["labels"]["vcli.dev/host-namespace"] == "team-a"
    # Those in a namespace where none can be made are not rendered.
    assert not [each for each in objects if each["metadata"].get("namespace") == "b"]


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        ({"name": "demo-certs"}, "demo-certs is a Secret of the control plane"),
        ({"name": "vc-demo"}, "vc-demo is a Secret of the control plane"),
    ],
)
def test_what_can_not_be_served_is_refused(secret: Object, message: str):
    with pytest.raises(UsageError, match=message) as raised:
        exported(additionalSecrets=[{"name": "fine"}, secret])
    assert raised.value.message.startswith("exportKubeConfig.additionalSecrets[1].")
    with pytest.raises(UsageError, match=message):
        exported(secret=secret)
