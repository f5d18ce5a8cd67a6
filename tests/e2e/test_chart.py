"""The chart by Helm itself, 3 and 4: it renders what vcli renders, and a release comes, changes and goes."""

import base64
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from embedded import Host, run
from polling import eventually
from test_create import left, on_host

from value_examples import COMBINATIONS, EXAMPLES, REFUSED, SWITCHED, SWITCHES, nested
from vcli.config.load import from_mapping
from vcli.config.schema import Values
from vcli.config.shape import paths
from vcli.controlplane import chart as charts
from vcli.controlplane import render
from vcli.controlplane.bundle import Bundle
from vcli.controlplane.facts import Facts, Storage
from vcli.controlplane.names import Names
from vcli.controlplane.rights import features
from vcli.errors import UsageError

Object = dict[str, Any]
ROOT = Path(__file__).parents[2]
# Not the real code: a hundred times the real one takes minutes.
BUNDLE = Bundle("0123456789", bytes(range(256)) * 1000, "3.11")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FACTS = Facts(storage=Storage(name=""), features=frozenset(features(from_mapping({}, name="values"))))


@dataclass(frozen=True)
class Helm:
    """One of the two, and the chart."""

    program: Path
    chart: Path
    small: Path
    env: dict[str, str]

    def run(self, *args: str, check: bool = True, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        return run([str(self.program), *args], env=self.env, check=check, timeout=timeout)

    def template(
        self, values: Object, folder: Path, *, name: str = "demo", check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        file = folder / f"{name}-{abs(hash(json.dumps(values)))}.json"
        file.write_text(json.dumps(values))
        return self.run(
            *("template", name, str(self.small), "-n", "team", "-f", str(file), "--kube-version", "1.36.3"),
            check=check,
        )


@pytest.fixture(scope="session", params=["helm3", "helm4"])
def helm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Helm, built if it was not before."""
    built = run([sys.executable, "-m", "lab", "build", request.param], env=dict(os.environ), timeout=3600)
    folder = tmp_path_factory.mktemp(request.param)
    env = {"HOME": str(folder), "PATH": os.environ["PATH"], "VCLI_CACHE_DIR": str(folder / "cache")}
    chart = folder / "chart"
    run([sys.executable, "-m", "vcli", "chart", str(chart)], env={**env, "PYTHONPATH": str(ROOT)})
    small = folder / "small"
    for path, content in charts.chart(BUNDLE).items():
        (small / path).parent.mkdir(parents=True, exist_ok=True)
        (small / path).write_bytes(content)
    return Helm(Path(built.stdout.split()[-1]), chart, small, env)


def load_all(text: str) -> list[Object]:
    return [each for each in yaml.load_all(text, Loader=LOADER) if each]


def by_name(objects: list[Object]) -> dict[tuple[str, str], Object]:
    return {(obj["kind"], obj["metadata"]["name"]): obj for obj in objects}


def expected(values: Object, name: str = "demo") -> dict[tuple[str, str], Object]:
    checked = from_mapping(values, name="values")
    bundle = None if checked.control_plane.stateful_set.image.repository else BUNDLE
    # Whoever installs the chart may give all that it asks for.
    facts = replace(FACTS, features=frozenset(features(checked)))
    return by_name(render.render(Names(name, "team"), checked, facts, bundle=bundle))


def kept(objects: dict[tuple[str, str], Object]) -> Values:
    """The values that the cluster keeps: Helm leaves out what is the default; a secret is in a Secret."""
    config = objects.pop(("ConfigMap", "vc-config-demo"))
    values = yaml.safe_load(config["data"]["config.yaml"])
    if secret := objects.get(("Secret", Names("demo", "team").data_source)):
        source = base64.b64decode(secret["data"]["dataSource"]).decode()
        values["controlPlane"]["backingStore"]["database"]["external"]["dataSource"] = source
    return from_mapping(values, name="kept")


def test_each_key_of_the_schema_has_an_example():
    leaves = {path for path in paths(Values) if not any(p.startswith(f"{path}.") for p in paths(Values))}
    assert {key for key in [*EXAMPLES, *SWITCHES] if not key.endswith("mage")} == {
        leaf for leaf in leaves if not leaf.endswith("mage") and "[]" not in leaf and "*" not in leaf
    }
    for key in {leaf.partition(".*")[0] for leaf in leaves if "*" in leaf}:
        assert any(key in each for each in COMBINATIONS), key
    for key, values in EXAMPLES.items():
        others = [*COMBINATIONS, *(refused for refused, _ in REFUSED)]
        assert values or any(key in each for each in others), key


CASES = [
    *COMBINATIONS,
    *SWITCHED,
    *({key: value} for key, values in EXAMPLES.items() for value in values),
]


def test_helm_renders_what_vcli_renders(helm: Helm, tmp_path: Path):
    def difference(flat: Object) -> str:
        values = nested(flat)
        done = helm.template(values, tmp_path, check=False)
        if done.returncode:
            return f"{flat}: {done.stderr}"
        found, wanted = by_name(load_all(done.stdout)), expected(values)
        mine, theirs = kept(found), kept(wanted)
        if render_all(mine) != render_all(theirs):
            return f"{flat}: keeps other values"
        parts = [key for key in {**found, **wanted} if found.get(key) != wanted.get(key)]
        return "".join(f"{flat}: {key}: {found.get(key)}\n  not {wanted.get(key)}\n" for key in parts)

    with ThreadPoolExecutor(2) as pool:
        differences = [each for each in pool.map(difference, CASES) if each]
    assert not differences, "\n".join(differences[:3])


def render_all(values: Values) -> list[Object]:
    objects = render.render(Names("demo", "team"), values, FACTS, bundle=None)
    return [obj for obj in objects if obj["metadata"]["name"] != "vc-config-demo"]


@pytest.mark.parametrize("name", ["a", "true", "null", "no", "e1", "a" * 52])
def test_any_name_will_do(helm: Helm, tmp_path: Path, name: str):
    found = by_name(load_all(helm.template({}, tmp_path, name=name).stdout))
    wanted = expected({}, name)
    config = ("ConfigMap", f"vc-config-{name}")
    found.pop(config)
    wanted.pop(config)
    assert found == wanted


def test_what_vcli_refuses_helm_refuses(helm: Helm, tmp_path: Path):
    for flat, message in REFUSED:
        values = nested(flat)
        with pytest.raises(UsageError):
            expected(values)
        done = helm.template(values, tmp_path, check=False)
        assert done.returncode != 0, flat
        assert message in done.stderr


def test_an_exported_kubeconfig_is_no_secret_of_its_cluster(helm: Helm, tmp_path: Path):
    message, secret = "is a Secret of the control plane", {"name": "vc-demo"}
    values = {"exportKubeConfig": {"additionalSecrets": [secret]}}
    with pytest.raises(UsageError, match=message):
        expected(values)
    assert message in helm.template(values, tmp_path, check=False).stderr
    beside = {"exportKubeConfig": {"secret": {"name": "a", "namespace": "team"}}}
    found = by_name(load_all(helm.template(beside, tmp_path).stdout))
    settings = ("ConfigMap", "vc-syncer-demo")
    assert found[settings] == expected(beside)[settings]


def test_names_that_wont_do(helm: Helm, tmp_path: Path):
    for name in ("1a", "a" * 53):
        done = helm.template({}, tmp_path, name=name, check=False)
        assert done.returncode != 0
        assert "is not a DNS label of 52 characters at most" in done.stderr


def test_helm_finds_nothing_to_complain_about(helm: Helm):
    assert "0 chart(s) failed" in helm.run("lint", "--strict", str(helm.chart)).stdout


def test_a_release_comes_changes_and_goes(helm: Helm, desk: Host, tmp_path: Path):
    user = Helm(helm.program, helm.chart, helm.small, desk.env | {"HELM_KUBECONTEXT": desk.name})
    namespace = f"chart-{helm.program.parent.parent.name[:5]}-{os.getpid()}"
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump(nested({"controlPlane.coredns.enabled": False})))
    install = ["upgrade", "--install", "demo", str(helm.chart), "-n", namespace, "-f", str(values)]
    host = ("-n", namespace)
    try:
        user.run(*install, "--create-namespace")
        assert "namespace/kube-system" in inside(desk, namespace)
        secrets = {name: on_host(desk, "secret", name, *host) for name in ("demo-certs", "vc-demo")}
        pod = on_host(desk, "pod", "demo-0", *host)["metadata"]["uid"]
        user.run(*install)
        assert on_host(desk, "pod", "demo-0", *host)["metadata"]["uid"] == pod
        same = desk.vcli(*("template", "demo", "-n", namespace, "-f", str(values)))
        done = run(
            ["kubectl", "diff", "--context", desk.name, "-f", "-"],
            env=desk.env,
            stdin=same.stdout,
            check=False,
        )
        assert done.returncode in {0, 1}
        assert "kind: StatefulSet" not in done.stdout
        user.run(*install, "--set", "integrations.metricsServer.enabled=false")
        eventually(lambda: on_host(desk, "pod", "demo-0", *host)["metadata"]["uid"] != pod)
        assert "namespace/kube-system" in inside(desk, namespace)
        for name, secret in secrets.items():
            assert on_host(desk, "secret", name, *host)["data"] == secret["data"]
        user.run("delete", "demo", *host)
        assert left(desk, namespace) == set()
    finally:
        desk.kubectl("delete", "namespace", namespace, "--context", desk.name, "--wait=false", check=False)


def inside(desk: Host, namespace: str) -> set[str]:
    done = desk.vcli("connect", "demo", "-n", namespace, "--", "kubectl", "get", "ns", "-o", "name")
    return set(done.stdout.split())
