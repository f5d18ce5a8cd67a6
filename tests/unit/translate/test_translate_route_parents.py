"""What lets a route in, judged by virtual namespaces, and what its status says."""

from collections.abc import Sequence
from typing import Any

import pytest
from gateway_builders import NOW, gateway, listener, route
from translate_builders import SCOPE, unchanged

from vcli.syncer.translate.mappings import HostObject
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.route_parents import Judge, Parent, Place
from vcli.syncer.translate.route_status import CONTROLLER, virtual_status

Object = dict[str, Any]
HOST_NAME = "public-x-infra-x-demo"
PUBLIC = VirtualName("infra", "public")


def judged(made: Object, place: Place | None, labels: dict[str, str] | None = None) -> list[Parent]:
    def find(name: VirtualName) -> Place | None:
        return place if name == PUBLIC else None

    judge = Judge(place=find, labels=lambda _: labels or {}, scope=SCOPE)
    with unchanged(made):
        return judge.parents(made)


def attached(*listeners: Object, ref: Object | None = None, **more: Any) -> Parent:
    refs = [{"name": "public", "namespace": "infra", **(ref or {})}]
    [found] = judged(route(parents=refs), Place(gateway(*listeners), is_synced=True), **more)
    return found


@pytest.mark.parametrize(
    ("source", "labels", "is_let_in"),
    [
        (listener("a"), {}, False),
        (listener("a", "Same"), {}, False),
        (listener("a", "All"), {}, True),
        (listener("a", "None"), {}, False),
        (listener("a", "Selector"), {}, False),
        (listener("a", "Selector", matchLabels={"team": "x"}), {"team": "x"}, True),
        (listener("a", "Selector", matchLabels={"team": "x"}), {"team": "y"}, False),
    ],
)
def test_listeners_let_in_by_the_virtual_namespace(
    source: Object, labels: dict[str, str], *, is_let_in: bool
) -> None:
    found = attached(source, labels=labels)
    assert found.on_host == (({"name": HOST_NAME},) if is_let_in else ())
    assert found.reason == ("" if is_let_in else "NotAllowedByListeners")
    if not is_let_in:
        assert "Gateway infra/public" in found.message
        assert "namespace shop" in found.message


def test_a_route_of_the_gateways_own_namespace_is_let_in() -> None:
    [found] = judged(route(namespace="infra", parents=[{"name": "public"}]), Place(gateway(), is_synced=True))
    assert found.on_host == ({"name": HOST_NAME},)


def test_where_some_listeners_let_it_in_those_are_named() -> None:
    found = attached(listener("own"), listener("all", "All"), listener("other", "All", port=81))
    assert found.on_host == (
        {"name": HOST_NAME, "sectionName": "all"},
        {"name": HOST_NAME, "sectionName": "other"},
    )
    of_port = attached(listener("own"), listener("all", "All", port=81), ref={"port": 81})
    assert of_port.on_host == ({"name": HOST_NAME, "port": 81},)
    closed = attached(listener("own"), listener("all", "All"), ref={"sectionName": "own"})
    assert closed.reason == "NotAllowedByListeners"
    none = attached(listener("own"), ref={"sectionName": "gone"})
    assert none.reason == "NoMatchingParent"


def test_what_is_not_for_the_host_is_left_to_others() -> None:
    inside = Place(gateway(), is_synced=False)
    assert [each.is_elsewhere for each in judged(route(), inside)] == [True]
    mesh = {"group": "", "kind": "Service", "name": "public", "namespace": "infra"}
    assert judged(route(parents=[mesh]), inside) == [Parent(ref=mesh, is_elsewhere=True)]
    assert judged(route(), None) == [Parent(ref={"name": "public", "namespace": "infra"})]


def test_a_gateway_of_the_hosts_own_is_named_as_the_host_has_it() -> None:
    shown = Place(gateway(), shown=HostObject("edge", "main"))
    [found] = judged(route(parents=[{"name": "public", "namespace": "infra", "sectionName": "web"}]), shown)
    assert found.on_host == ({"name": "main", "namespace": "edge", "sectionName": "web"},)


# --- status


def entry(ref: Object, *, accepted: str = "True", controller: str = "x.example/c", **more: Any) -> Object:
    conditions = [
        {"type": "Accepted", "status": accepted, "reason": "Accepted", "message": f"by {HOST_NAME}", **more}
    ]
    stamped = [{**each, "lastTransitionTime": "then", "observedGeneration": 7} for each in conditions]
    return {"parentRef": ref, "controllerName": controller, "conditions": stamped}


def status(
    made: Object, parents: Sequence[Parent], *of_host: Object, refused: str = "", now: str = NOW
) -> list[Object]:
    metadata = {"name": "web-x-shop-x-demo", "generation": 7, "annotations": {"vcli.dev/generation": "3"}}
    host = {"metadata": metadata, "spec": {}, "status": {"parents": list(of_host)}}
    names = {HOST_NAME: "public"}
    found = virtual_status(made, host, parents, refused=refused, names=names, scope=SCOPE, now=now)
    parents_found: list[Object] = found["parents"]
    return parents_found


def test_the_hosts_words_come_back_in_the_tenants_names() -> None:
    made = route()
    found = status(
        made, [attached(listener("a", "All"))], entry({"name": HOST_NAME, "namespace": SCOPE.host_namespace})
    )
    assert found == [
        {
            "parentRef": {"name": "public", "namespace": "infra"},
            "controllerName": "x.example/c",
            "conditions": [
                {
                    "type": "Accepted",
                    "status": "True",
                    "reason": "Accepted",
                    "message": "by public",
                    "lastTransitionTime": "then",
                    "observedGeneration": 3,
                }
            ],
        }
    ]


def test_of_several_listeners_the_best_stands_for_the_parent() -> None:
    parent = attached(listener("own"), listener("a", "All"), listener("b", "All"))
    refs = [{"name": HOST_NAME, "sectionName": name} for name in ("a", "b")]
    for order in ((0, 1), (1, 0)):
        entries = [entry(refs[0], accepted="False"), entry(refs[1])]
        [found] = status(route(), [parent], *(entries[i] for i in order))
        assert found["conditions"][0]["status"] == "True"
        assert found["parentRef"] == parent.ref


def test_what_others_say_stays_and_what_the_host_says_of_strangers_is_not_shown() -> None:
    inside = Parent(ref={"name": "inside"}, is_elsewhere=True)
    theirs = entry({"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "inside"})
    stale = entry({"name": "public", "namespace": "infra"}, controller="gone.example/c")
    made = route(status={"parents": [theirs, stale]})
    assert status(made, [inside], entry({"name": "a-stranger"})) == [theirs]


def test_a_refused_parent_has_a_condition_whose_time_stands() -> None:
    refusal = attached(listener("a"))
    [found] = status(route(), [refusal])
    assert found["controllerName"] == CONTROLLER
    [condition] = found["conditions"]
    assert condition == {
        "type": "Accepted",
        "status": "False",
        "reason": "NotAllowedByListeners",
        "message": refusal.message,
        "lastTransitionTime": NOW,
        "observedGeneration": 3,
    }
    again = status(route(status={"parents": [found]}), [refusal], now="later")
    assert again == [found]


def test_a_refused_reference_is_the_hosts_word_no_more() -> None:
    parent = attached(listener("a", "All"))
    theirs = entry({"name": HOST_NAME})
    theirs["conditions"].append(
        {**theirs["conditions"][0], "type": "ResolvedRefs", "reason": "BackendNotFound"}
    )
    [found] = status(route(), [parent], theirs, refused="no grant")
    by_type = {each["type"]: each for each in found["conditions"]}
    assert by_type["Accepted"]["status"] == "True"
    assert by_type["ResolvedRefs"] == {
        "type": "ResolvedRefs",
        "status": "False",
        "reason": "RefNotPermitted",
        "message": "no grant",
        "lastTransitionTime": NOW,
        "observedGeneration": 3,
    }
