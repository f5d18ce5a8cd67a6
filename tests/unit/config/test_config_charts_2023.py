"""Values of the charts of 2023 as people wrote them: k3s as a whole, flags, selectors of Nodes."""

from pathlib import Path

import pytest

from vcli.config import Values, load
from vcli.config.migrate import migrate
from vcli.errors import UsageError

IMAGE = "  image: rancher/k3s:v1.32.5-k3s1\n"


def loaded(tmp_path: Path, text: str, *sets: str) -> Values:
    path = tmp_path / "values.yaml"
    path.write_text(text)
    return load([path], sets)


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        loaded(tmp_path, text)
    return f"{caught.value.message} {caught.value.hint or ''}"


REST = """
  extraArgs:
    - --kube-apiserver-arg
    - --oidc-client-id=kubectl
    - --kube-apiserver-arg=oidc-groups-claim=groups
    - --service-cidr=10.43.0.0/16
    - --tls-san=vc.example.com
    - --disable=traefik,servicelb
  resources: {limits: {memory: 2Gi}}
"""


def test_k3s_gets_its_flags_and_resources(tmp_path: Path):
    values = loaded(tmp_path, f"vcluster:\n{IMAGE}{REST}")
    k3s = values.control_plane.distro.k3s
    assert k3s.extra_args == (
        "--kube-apiserver-arg=oidc-client-id=kubectl",
        "--kube-apiserver-arg=oidc-groups-claim=groups",
        "--disable=traefik,servicelb",
    )
    assert k3s.resources == {"limits": {"memory": "2Gi"}}
    assert values.networking.service_cidr == "10.43.0.0/16"
    assert values.control_plane.proxy.extra_sans == ("vc.example.com",)
    said = "vcluster.extraArgs is now controlPlane.distro.k3s.extraArgs, networking.serviceCIDR"
    assert any(said in each for each in values.warnings)


def test_without_an_image_they_are_those_of_upstream_kubernetes(tmp_path: Path):
    values = loaded(tmp_path, f"vcluster:\n  image: ''\n{REST}")
    server = values.control_plane.distro.k8s.api_server
    assert server.extra_args == ("--oidc-client-id=kubectl", "--oidc-groups-claim=groups")
    assert server.resources == {"limits": {"memory": "2Gi"}}
    assert values.networking.service_cidr == "10.43.0.0/16"
    assert "image" not in str(values.given)


@pytest.mark.parametrize("other", ["controlPlane.distro.k3s.enabled=true", "vcluster.image=k3s:v1.32.5-k3s1"])
def test_k3s_may_be_chosen_in_another_place(tmp_path: Path, other: str):
    values = loaded(tmp_path, f"vcluster:{REST}", other)
    assert values.control_plane.distro.k3s.resources == {"limits": {"memory": "2Gi"}}


def test_k3s_has_no_database(tmp_path: Path):
    said = refusal(tmp_path, f"vcluster:\n{IMAGE}  extraArgs: ['--datastore-endpoint=mysql://a:secret@b/c']")
    assert "--datastore-endpoint: k3s keeps its objects in a store of its own" in said
    assert "secret" not in said


def test_a_version_that_is_too_old_says_what_else_there_is(tmp_path: Path):
    said = refusal(tmp_path, "vcluster: {image: 'rancher/k3s:v1.26.4-k3s1'}")
    assert "older than 1.30" in said
    assert "name a newer one, or none, which is v1." in said


def test_flags_of_the_syncer_that_have_keys(tmp_path: Path):
    values = loaded(
        tmp_path,
        "sync: {nodes: {enabled: true}}\nsyncer:\n  extraArgs:\n"
        "  - --name=demo\n  - --cluster-domain=a.local\n"
        "  - --node-selector=pool=a\n  - --sync-node-changes\n  - --override-hosts=false\n"
        "  - --enforce-pod-security-standard=baseline\n  - --map-host-service=infra/db=default/db\n",
    )
    assert values.networking.advanced.cluster_domain == "a.local"
    assert values.policies.pod_security_standard == "baseline"
    assert values.given["sync"]["fromHost"]["nodes"]["syncBackChanges"] is True
    assert values.given["sync"]["fromHost"]["nodes"]["selector"] == {"labels": {"pool": "a"}}
    assert values.given["sync"]["toHost"]["pods"]["rewriteHosts"]["enabled"] is False
    [service] = values.networking.replicate_services.from_host
    assert (service.from_, service.to) == ("infra/db", "default/db")
    wrong = refusal(tmp_path, "syncer: {extraArgs: [--mount-physical-host-paths, --sync=odd]}")
    assert "--mount-physical-host-paths, --sync=odd can't be given to vcli's syncer" in wrong


def test_a_selector_of_nodes_in_one_line(tmp_path: Path):
    values = loaded(tmp_path, "sync: {nodes: {enabled: true, nodeSelector: 'pool=a, zone == b,spot='}}")
    selector = values.given["sync"]["fromHost"]["nodes"]["selector"]
    assert selector == {"labels": {"pool": "a", "zone": "b", "spot": ""}}
    assert loaded(tmp_path, "sync: {nodes: {nodeSelector: ''}}").given == {}
    for other in ("pool in (a,b)", "pool", "!pool", "pool!=a"):
        said = refusal(tmp_path, f"sync: {{nodes: {{enabled: true, nodeSelector: '{other}'}}}}")
        assert "sync.nodes.nodeSelector: only labels with their values" in said


def test_sleep_of_the_newest_releases(tmp_path: Path):
    values = loaded(tmp_path, "sleep: {auto: {afterInactivity: 95m}}")
    assert (values.sleep_mode.enabled, values.sleep_mode.auto_sleep.seconds) == (True, 5700)
    assert values.warnings == ()
    said = refusal(tmp_path, "sleep: {auto: {schedule: '0 19 * * 1-5', wakeup: {schedule: '0 7 * * 1-5'}}}")
    assert "sleep.auto.schedule: not supported yet" in said
    assert "sleep.auto.wakeup: not supported yet" in said


def test_a_path_may_begin_with_a_dot(tmp_path: Path):
    patch = "{path: '.spec.tls[*].secretName', reference: {apiVersion: v1, kind: Secret}}"
    text = f"sync: {{toHost: {{customResources: {{a.b.c: {{enabled: true, patches: [{patch}]}}}}}}}}"
    assert loaded(tmp_path, text).sync.to_host.custom_resources["a.b.c"].patches[0].path.startswith(".spec")


def test_all_of_it_can_be_migrated(tmp_path: Path):
    text = f"vcluster:\n{IMAGE}{REST}sync: {{nodes: {{enabled: true, nodeSelector: a=b}}}}\n"
    values = loaded(tmp_path, text)
    today = loaded(tmp_path, migrate(tmp_path / "values.yaml").text)
    assert (today.given, today.warnings) == (values.given, ())


def test_values_of_a_chart_around_it_are_said_to_be_such(tmp_path: Path):
    said = refusal(tmp_path, "vcluster:\n  controlPlane: {proxy: {extraSANs: [a]}}\n  sync: {}\n")
    assert "values.yaml:1: vcluster: values of a chart that has vcluster as a dependency" in said
    assert "give what is below vcluster as a file of its own" in said
    assert "unknown key" not in said
