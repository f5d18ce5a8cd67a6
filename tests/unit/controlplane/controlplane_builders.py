"""A rendered virtual cluster to look at."""

from typing import Any

from vcli.config import Values, load
from vcli.controlplane import render
from vcli.controlplane.bundle import Bundle
from vcli.controlplane.certificates import Files, issue
from vcli.controlplane.facts import Facts, Storage
from vcli.controlplane.names import Names
from vcli.controlplane.rights import features

Object = dict[str, Any]

NAMES = Names("demo", "team-a")
BUNDLE = Bundle("0123456789", b"zip", "3.11")
FACTS = Facts(
    service_cidrs=("10.96.0.0/16",),
    service_ips=("10.96.3.4",),
    service_uid="uid-of-service",
    storage=Storage(name="standard"),
    features=frozenset(features()),
)
FILES: Files = issue(render.sans(NAMES, load(), FACTS.service_ips))


def rendered(
    *sets: str, values: Values | None = None, facts: Facts = FACTS, bundle: Bundle | None = BUNDLE
) -> list[Object]:
    return render.render(NAMES, values or load([], sets), facts, files=FILES, bundle=bundle)


def find(objects: list[Object], kind: str, name: str) -> Object:
    (found,) = [obj for obj in objects if obj["kind"] == kind and obj["metadata"]["name"] == name]
    return found


def pod_of(objects: list[Object]) -> Object:
    pod: Object = find(objects, "StatefulSet", "demo")["spec"]["template"]["spec"]
    return pod


def container_of(objects: list[Object], name: str) -> Object:
    (found,) = [each for each in pod_of(objects)["containers"] if each["name"] == name]
    return found
