"""Flags of the user that would undo what vcli's own turn off."""

import pytest

from vcli import yaml
from vcli.config import from_mapping
from vcli.config.controllers import OFF
from vcli.controlplane import manifests
from vcli.errors import UsageError

ALL_OFF = "*," + ",".join(f"-{each}" for each in OFF)


def chosen(flag: str, *, k3s: bool = False) -> object:
    if k3s:
        return {"controlPlane": {"distro": {"k3s": {"enabled": True, "extraArgs": [flag]}}}}
    return {"controlPlane": {"distro": {"k8s": {"controllerManager": {"extraArgs": [flag]}}}}}


@pytest.mark.parametrize("distro", ["k8s", "k3s"])
def test_they_are_those_that_are_off_by_default(distro: str):
    text = yaml.dump({"all": manifests.load(f"control-plane/distros/{distro}.yaml")})
    assert f"controllers={ALL_OFF}" in text


def test_a_list_of_controllers_that_turns_on_what_the_syncer_does_is_refused():
    with pytest.raises(UsageError, match="has root-ca-cert-publisher run") as caught:
        from_mapping(chosen(f"--controllers={ALL_OFF.replace('-root-ca-cert-publisher,', '')}"), name="a")
    assert caught.value.hint == "add -root-ca-cert-publisher"
    for k3s, form in ((False, "--controllers="), (True, "--kube-controller-manager-arg=controllers=")):
        with pytest.raises(UsageError, match="nodeipam, nodelifecycle"):
            from_mapping(chosen(f"{form}*,bootstrapsigner", k3s=k3s), name="a")
        from_mapping(chosen(f"{form}{ALL_OFF},-job,bootstrapsigner", k3s=k3s), name="a")
    from_mapping(chosen("--controllers=deployment,replicaset"), name="a")
