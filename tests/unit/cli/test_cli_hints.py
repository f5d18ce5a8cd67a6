"""Commands in hints: those that work when they are pasted."""

import pytest

from vcli import invocation
from vcli.invocation import Invocation, running
from vcli.operations.own_namespace import name_it
from vcli.operations.remedies import Problem, for_rejection, joined


def test_without_flags_they_have_none():
    assert invocation.vcli("list") == "vcli list"
    assert invocation.vcli("connect", "demo", namespace="team") == "vcli connect demo -n team"
    assert invocation.set_namespace("a") == "kubectl config set-context --current --namespace=a"


def test_flags_that_were_given_are_carried_and_quoted():
    with running(Invocation(kubeconfig="my files/config", context="it's")):
        flags = "--context 'it'\"'\"'s' --kubeconfig 'my files/config'"
        assert invocation.vcli("logs", "demo", namespace="team") == f"vcli logs demo -n team {flags}"
        assert invocation.vcli_on_kubeconfig("disconnect") == "vcli disconnect --kubeconfig 'my files/config'"
        assert invocation.kubectl("cluster-info") == f"kubectl cluster-info {flags}"
        assert invocation.helm("list") == f"helm list {flags.replace('--context', '--kube-context')}"
        assert invocation.vcli("connect", "demo", "--", "ls", "-l") == f"vcli connect demo {flags} -- ls -l"
        assert invocation.set_namespace("a") == (
            "kubectl config set-context 'it'\"'\"'s' --namespace=a --kubeconfig 'my files/config'"
        )
    assert invocation.vcli("list") == "vcli list"


def test_kubectl_is_sent_to_the_host_from_inside_a_virtual_cluster():
    with running(Invocation(host=("--context", "prod"))):
        assert invocation.kubectl("get", "nodes") == "kubectl get nodes --context prod"
        assert invocation.vcli("list") == "vcli list"
        assert invocation.set_namespace("a") == "kubectl config set-context prod --namespace=a"


QUOTA = "exceeded quota: q, requested: "
REJECTIONS = {
    QUOTA + "requests.memory=336Mi": (["apiServer.resources", "kubectl describe quota -n team"], []),
    QUOTA + "requests.storage=5Gi": (["volumeClaim.size=1Gi"], ["apiServer"]),
    QUOTA + "pods=1": (["kubectl describe quota -n team"], ["resources"]),
    "failed quota: q: must specify limits.cpu for: etcd": (["etcd.embedded.resources"], []),
    "maximum memory usage per Container is 64Mi, but limit is 1Gi": (["statefulSet.resources"], ["quota"]),
    "denied by policy": (["ask the administrator of the host"], []),
}


@pytest.mark.parametrize("reason", REJECTIONS)
def test_what_helps_against_a_rejection(reason):
    said, unsaid = REJECTIONS[reason]
    hint = for_rejection(reason, "team", ephemeral_helps=False)
    assert [text for text in said if text not in hint] == []
    assert [text for text in [*unsaid, "--ephemeral"] if text in hint] == []


def test_without_a_volume_if_that_helps():
    hint = for_rejection("violates PodSecurity", "team", ephemeral_helps=True)
    assert hint.startswith("--ephemeral ")
    assert "administrator" not in hint
    hint = for_rejection(f"{QUOTA}requests.storage=5Gi", "team", ephemeral_helps=True)
    assert hint.startswith("--ephemeral ")
    assert "volumeClaim.size=1Gi" in hint


def test_one_hint_for_all_says_each_thing_once():
    problems = [Problem("a", "x; y"), Problem("b", "x"), Problem("c")]
    assert joined(problems) == "x; y; ask the administrator of the host; nothing was changed"


def test_a_namespace_to_name():
    assert name_it("team").startswith("the same command with -n team will do")
    assert name_it(None).endswith("kubectl config set-context --current --namespace=NAMESPACE")
