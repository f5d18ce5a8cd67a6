"""Values of how the API server is reached: what goes together, and what is refused by name."""

from typing import Any

import pytest

from value_examples import nested
from value_examples_exposure import REFUSED, SERVICES
from vcli.config import from_mapping, load
from vcli.controlplane import render
from vcli.controlplane.facts import Facts, Storage
from vcli.controlplane.names import Names
from vcli.errors import UsageError

SPEC = "controlPlane.service.spec"


@pytest.mark.parametrize("flat", SERVICES)
def test_what_is_said_of_the_service_is_in_it(flat: dict[str, Any]):
    values = from_mapping(nested(flat), name="values")
    objects = render.render(Names("demo", "team"), values, Facts(storage=Storage(name="")), bundle=None)
    [service] = [each for each in objects if (each["kind"], each["metadata"]["name"]) == ("Service", "demo")]
    wanted = nested(flat)["controlPlane"]["service"]["spec"]
    assert {key: service["spec"][key] for key in wanted} == wanted


@pytest.mark.parametrize(("flat", "said"), REFUSED)
def test_what_does_not_go_together(flat: dict[str, Any], said: str):
    with pytest.raises(UsageError, match=said):
        from_mapping(nested(flat), name="values")


@pytest.mark.parametrize("key", ["ports", "selector", "clusterIP", "externalIPs", "ipFamilyPolicy"])
def test_what_can_not_be_chosen_is_refused_by_name(key: str):
    with pytest.raises(UsageError, match=f"{SPEC}.{key}: ") as refused:
        load([], [("--set-string", f"{SPEC}.{key}=x")])
    assert "unknown" not in str(refused.value)
    assert refused.value.hint


def test_a_range_that_is_none():
    with pytest.raises(UsageError, match="nowhere"):
        load([], [f"{SPEC}.type=LoadBalancer", f"{SPEC}.loadBalancerSourceRanges={{nowhere}}"])


def test_charts_of_2023_said_it_elsewhere():
    values = load([], ["service.type=LoadBalancer,service.loadBalancerIP=203.0.113.7,syncer.replicas=1"])
    assert values.control_plane.service.spec.load_balancer_ip == "203.0.113.7"
