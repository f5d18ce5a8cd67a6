"""Values for a purpose: below all that is given, and the same for the Helm chart."""

from typing import Any

import pytest

from vcli import yaml
from vcli.cli.run import run_cli
from vcli.cli.values import Profile, ValueOptions
from vcli.config import from_mapping
from vcli.config.profiles import PROFILES, values_of
from vcli.config.schema import Values
from vcli.controlplane import manifests
from vcli.errors import UsageError


def loaded(**options: Any) -> Values:
    return ValueOptions(**options).load(warn=pytest.fail)


def without_controllers(flags: list[str]) -> set[str]:
    [flag] = [each for each in flags if each.startswith("--controllers=*,")]
    return set(flag.removeprefix("--controllers=*,").split(","))


def test_each_profile_is_an_option_and_right_by_itself() -> None:
    assert {each.value for each in Profile} == PROFILES.keys()
    for name, data in PROFILES.items():
        assert loaded(profile=Profile(name)).given == from_mapping(data, name=name).given


def test_what_is_given_wins() -> None:
    claim = "controlPlane.statefulSet.persistence.volumeClaim.enabled=true"
    values = loaded(profile=Profile.CI, sets=[claim])
    assert values.control_plane.stateful_set.persistence.volume_claim.enabled is True
    assert values.control_plane.distro.k8s.api_server.extra_args == (
        *loaded(profile=Profile.CI).control_plane.distro.k8s.api_server.extra_args,
    )


def test_a_contradiction_names_the_profile() -> None:
    with pytest.raises(UsageError, match="--profile ci"):
        loaded(profile=Profile.CI, ha=True)


def test_a_profile_stays_as_it_is() -> None:
    before = yaml.dump(values_of("ci"))
    loaded(profile=Profile.CI, sets=["controlPlane.distro.k8s.apiServer.extraArgs={--v=2}"])
    assert yaml.dump(values_of("ci")) == before


def test_no_controller_runs_that_does_not_run_by_default() -> None:
    """The list of the profile takes the place of the one in the manifest."""
    [k8s] = manifests.load("control-plane/distros/k8s.yaml")
    [by_default] = [
        without_controllers(each["command"])
        for each in k8s["containers"]
        if each["name"] == "kube-controller-manager"
    ]
    found = loaded(profile=Profile.CI).control_plane.distro.k8s.controller_manager.extra_args
    assert by_default < without_controllers(list(found))


def test_an_unknown_one_is_named() -> None:
    with pytest.raises(UsageError, match='no profile "cx"') as caught:
        values_of("cx")
    assert "ci" in str(caught.value.hint)


def test_the_command_prints_what_the_chart_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["values", "profile", "ci"]) == 0
    assert yaml.parse(capsys.readouterr().out) == values_of("ci")
