"""Services of other namespaces that are replicated take a ClusterRole: to read these, by name."""

from typing import Any

import pytest
from controlplane_builders import NAMES

from vcli.config import from_mapping
from vcli.controlplane import rights
from vcli.controlplane.rights import Right


def rules(cluster_role: Any, *froms: str) -> list[dict[str, Any]]:
    entries = [{"from": each, "to": f"shop/s{number}"} for number, each in enumerate(froms)]
    chosen = {
        "networking": {"replicateServices": {"fromHost": entries}},
        "rbac": {"clusterRole": {"enabled": cluster_role}},
    }
    values = from_mapping(chosen, name="values")
    rendered = rights.render_of_cluster(NAMES, values)
    granted = {right.resource for right in rights.of_cluster(values, NAMES.namespace)}
    found = [rule for obj in rendered for rule in obj.get("rules", ()) if "services" in rule["resources"]]
    assert ("services" in granted) is bool(found)
    return found


@pytest.mark.parametrize("cluster_role", ["auto", True])
def test_by_their_names(cluster_role: Any) -> None:
    [rule] = rules(cluster_role, "data/db", "own", "team-a/web", "data/cache", "more/db")
    assert rule["resourceNames"] == ["cache", "db"]
    assert rule["resources"] == ["services", "endpoints"]
    assert rule["verbs"] == ["list", "watch"]


def test_not_where_the_values_forbid_it() -> None:
    assert rules(False, "data/db") == []


def test_its_own_namespace_takes_none() -> None:
    assert rules("auto", "own", f"{NAMES.namespace}/web") == []


@pytest.mark.parametrize(
    ("source", "given"),
    [("own", True), (f"{NAMES.namespace}/web", True), ("data/db", False), (None, False)],
)
def test_endpoints_of_its_own_namespace_are_read_where_one_of_its_services_is_replicated(
    source: str | None, *, given: bool
) -> None:
    entries = [] if source is None else [{"from": source, "to": "shop/web"}]
    values = from_mapping({"networking": {"replicateServices": {"fromHost": entries}}}, name="values")
    needed = rights.required(values, NAMES.namespace)
    wanted = {Right("", "endpoints", verb) for verb in ("list", "watch")}
    assert {each for each in needed if each.resource == "endpoints"} == (wanted if given else set())
