"""The audit log of a host's API server: its flags, its policy, and where a running host has it."""

import json
from pathlib import Path

import pytest

from vcli.errors import ConflictError
from vcli.host import audit, components
from vcli.host.instance import Instance
from vcli.host.plan import Component
from vcli.operations import host as operation

PROGRAMS = {x: Path("/bin", x) for x in ("containerd", "etcd", "kubelet", "kube-proxy", "relay")}
PROGRAMS |= {x: Path("/bin", x) for x in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")}
NONE = {"users": set(), "userGroups": set(), "nonResourceURLs": set()}


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(name="lab", root=tmp_path / "root", run=tmp_path / "run")


def api_server(instance: Instance, *, audited: bool) -> Component:
    found = components.components(instance, PROGRAMS, audited=audited)
    return next(x for x in found if x.name == "kube-apiserver")


def test_the_api_server_logs_to_a_file_of_bounded_size(instance: Instance) -> None:
    flags = {x for x in api_server(instance, audited=True).argv if x.startswith("--audit")}
    folder = instance.root / "audit"
    assert flags == {
        f"--audit-policy-file={folder}/policy.json",
        f"--audit-log-path={folder}/audit.log",
        "--audit-log-maxsize=64",
        "--audit-log-maxbackup=3",
    }


def test_without_being_asked_it_logs_nothing(instance: Instance) -> None:
    assert not [x for x in api_server(instance, audited=False).argv if "audit" in x]


def test_what_runs_says_where_the_log_is(instance: Instance) -> None:
    others = components.of_further_node(instance, PROGRAMS)
    assert audit.log_of([*others, api_server(instance, audited=True)]) == audit.log(instance)
    assert audit.log_of([*others, api_server(instance, audited=False)]) is None


def test_requests_of_users_and_accounts_are_logged_once_and_without_bodies(instance: Instance) -> None:
    audit.write_policy(instance)
    policy = json.loads((instance.root / "audit" / "policy.json").read_text())
    assert policy["omitStages"] == ["RequestReceived"]
    *left_out, rest = policy["rules"]
    assert rest == {"level": "Metadata"}
    assert {each["level"] for each in left_out} == {"None"}
    # What is left out is of the host itself, never of all users or all of a namespace that tenants have.
    named = {value for each in left_out for key in NONE for value in each.get(key, ())}
    assert all(x.startswith("system:") or x in {"/healthz*", "/livez*", "/readyz*"} for x in named)
    assert named.isdisjoint({"system:authenticated", "system:serviceaccounts", "system:masters"})


@pytest.mark.parametrize(
    ("has", "asked", "refused"),
    [(False, True, True), (True, False, False), (True, True, False), (False, False, False)],
)
def test_a_host_that_runs_without_one_does_not_get_one(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, *, has: bool, asked: bool, refused: bool
) -> None:
    monkeypatch.setattr(operation.state, "audit_log", lambda _: Path("log") if has else None)
    if not refused:
        operation._same_audit(instance, audited=asked)
        return
    with pytest.raises(ConflictError, match="host lab is up already, with no audit log") as caught:
        operation._same_audit(instance, audited=asked)
    assert "vcli host down --name lab" in str(caught.value.hint)
