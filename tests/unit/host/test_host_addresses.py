"""Which Service gets which address; that packets get there is for the end-to-end tests."""

from typing import Any

import pytest

from vcli.host.addresses import CLASS, changes

CIDR = "10.201.0.128/30"  # .128, .129, .130 and the broadcast address


def service(name: str, *has: str, at: int = 0, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "ns", "name": name, "creationTimestamp": f"2026-01-01T00:00:0{at}Z"},
        "spec": {"type": "LoadBalancer", **spec},
        "status": {"loadBalancer": {"ingress": [{"ip": x} for x in has]} if has else {}},
    }


def given(*services: dict[str, Any]) -> dict[str, str | None]:
    return {x.service["metadata"]["name"]: x.address for x in changes(services, CIDR)}


def test_the_oldest_gets_the_lowest_and_who_has_one_keeps_it() -> None:
    kept = service("kept", "10.201.0.128", at=5)
    assert given(service("b", at=2), service("a", at=1), kept) == {"a": "10.201.0.129", "b": "10.201.0.130"}


def test_nothing_to_do_when_all_have_theirs() -> None:
    assert given(service("a", "10.201.0.129"), service("b", "10.201.0.128")) == {}


def test_an_address_is_free_again_when_its_service_is_gone() -> None:
    assert given(service("new"), service("b", "10.201.0.129")) == {"new": "10.201.0.128"}


@pytest.mark.parametrize(
    "spec", [{"type": "ClusterIP"}, {"type": "NodePort"}, {"loadBalancerClass": "example.test/other"}]
)
def test_others_are_left_alone_and_lose_what_was_ours(spec: dict[str, Any]) -> None:
    assert given(service("x", **spec)) == {}
    assert given(service("x", "192.0.2.1", **spec)) == {}
    assert given(service("x", "10.201.0.128", **spec), service("y")) == {"x": None, "y": "10.201.0.128"}


def test_our_own_class_is_ours() -> None:
    assert given(service("x", loadBalancerClass=CLASS)) == {"x": "10.201.0.128"}


def test_the_address_that_is_asked_for() -> None:
    asking = service("asking", at=9, loadBalancerIP="10.201.0.128")
    assert given(service("old"), asking) == {"asking": "10.201.0.128", "old": "10.201.0.129"}
    moved = service("moved", "10.201.0.128", loadBalancerIP="10.201.0.130")
    assert given(moved) == {"moved": "10.201.0.130"}


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ("192.0.2.1", "none of the host's addresses, 10.201.0.128 to 10.201.0.130"),
        ("10.201.0.131", "none of the host's addresses"),
        ("10.201.0.128", "belongs to Service ns/first"),
    ],
)
def test_an_address_that_can_not_be_had_is_said_and_no_other_is_given(asked: str, problem: str) -> None:
    first = service("first", "10.201.0.128")
    [change] = changes([first, service("second", "10.201.0.129", loadBalancerIP=asked)], CIDR)
    assert change.address is None
    assert problem in str(change.problem)


def test_when_all_are_taken_the_newest_has_none() -> None:
    found = changes([service(str(x), at=x) for x in range(4)], CIDR)
    assert [x.address for x in found] == ["10.201.0.128", "10.201.0.129", "10.201.0.130", None]
    assert found[-1].problem == "all addresses from 10.201.0.128 to 10.201.0.130 are taken"


def test_two_with_one_address_are_parted() -> None:
    first, second = service("first", "10.201.0.128", at=1), service("second", "10.201.0.128", at=2)
    assert given(second, first) == {"second": "10.201.0.129"}
