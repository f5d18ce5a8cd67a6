"""Another CA: which control planes take one, and which step is due."""

import datetime as dt
from typing import Any

import pytest

from scripted_api import NAMESPACE
from vcli.bootstrap import pki
from vcli.bootstrap.pki import CA_LIFE, Files
from vcli.config import load
from vcli.controlplane import authorities, render
from vcli.controlplane.certificates import issue
from vcli.controlplane.names import Names
from vcli.errors import ConflictError, UsageError, VcliError
from vcli.operations import authority_rotation
from vcli.operations.authority_rotation import check_distro
from vcli.operations.certificate_rotation import Kept
from vcli.operations.certificates import Secrets

NAMES = Names("demo", NAMESPACE)
SPEC = render.spec(NAMES, load())
SANS = {name: list(names) for name, names in pki.sans(SPEC, ["10.96.3.4"]).items()}
SIGNING = "--cluster-signing-cert-file=/pki/ca-signing.pem"


def workload(name: str, *command: str) -> Any:
    containers = [{"name": name, "image": "x", "command": list(command)}]
    return {"spec": {"template": {"spec": {"containers": containers}}}}


def test_which_control_planes_take_another_ca():
    check_distro(NAMES, [workload("kube-controller-manager", "kube-controller-manager", SIGNING)])
    with pytest.raises(UsageError, match="k3s, which keeps copies of its CAs"):
        check_distro(NAMES, [workload("k3s")])
    with pytest.raises(ConflictError, match="of an earlier version") as refused:
        check_distro(NAMES, [workload("kube-controller-manager", "kube-controller-manager")])
    assert "vcli upgrade demo" in (refused.value.hint or "")


def kept(files: Files) -> Kept:
    class Read(Secrets):
        @property
        def files(self) -> Files:
            return files

    return Kept(secrets=Read(certificates={}, access={}), spec=SPEC, sans=SANS, owner="uid")


async def test_the_steps_follow_one_another():
    before = issue(SANS)
    with pytest.raises(ConflictError, match="nothing to finish"):
        authority_rotation._finished(NAMES, kept(before))
    both, restart = await authority_rotation._begun(NAMES, kept(before))
    assert not restart
    with pytest.raises(ConflictError, match="still trusts a former CA beside ca, front-proxy-ca") as refused:
        await authority_rotation._begun(NAMES, kept(both))
    assert "--finish" in (refused.value.hint or "")
    after = authority_rotation._finished(NAMES, kept(both))
    assert authorities.under_way(after) == []


async def test_pods_are_made_again_where_a_ca_has_expired():
    old = issue(SANS, now=dt.datetime.now(dt.UTC) - CA_LIFE - dt.timedelta(days=1))
    files, restart = await authority_rotation._begun(NAMES, kept(old))
    assert restart
    assert authorities.under_way(files) == []


async def test_a_ca_without_its_key_is_not_replaced():
    without = {name: data for name, data in issue(SANS).items() if name != "ca.key"}
    with pytest.raises(VcliError, match=r"no good ca\.crt with its ca\.key"):
        await authority_rotation._begun(NAMES, kept(without))
