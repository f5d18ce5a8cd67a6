"""A rendered virtual cluster to look at."""

import base64
from typing import Any

from vcli.bootstrap import layout, pki
from vcli.bootstrap.facts import HostFacts, config_map
from vcli.bootstrap.pki import Files
from vcli.config import Values, load
from vcli.controlplane import render
from vcli.controlplane.bundle import Bundle
from vcli.controlplane.certificates import issue
from vcli.controlplane.facts import Facts, Storage
from vcli.controlplane.names import Names
from vcli.controlplane.rights import features

Object = dict[str, Any]

NAMES = Names("demo", "team-a")
BUNDLE = Bundle("0123456789", b"zip", "3.11")
FACTS = Facts(storage=Storage(name="standard"), features=frozenset(features(load())))
HOST_FACTS = HostFacts(
    service_cidrs=("10.96.0.0/16",), service_ips=("10.96.3.4",), service_uid="uid-of-service"
)
SPEC = render.spec(NAMES, load())
FILES: Files = issue(pki.sans(SPEC, HOST_FACTS.service_ips))
KEYS = [config_map(SPEC, HOST_FACTS), *layout.secrets(SPEC, FILES, owner=HOST_FACTS.service_uid)]


def rendered(
    *sets: str,
    values: Values | None = None,
    facts: Facts = FACTS,
    bundle: Bundle | None = BUNDLE,
    owner: str = "",
) -> list[Object]:
    return render.render(NAMES, values or load([], sets), facts, bundle=bundle, owner=owner)


def find(objects: list[Object], kind: str, name: str) -> Object:
    (found,) = [obj for obj in objects if obj["kind"] == kind and obj["metadata"]["name"] == name]
    return found


def pod_of(objects: list[Object]) -> Object:
    pod: Object = find(objects, "StatefulSet", "demo")["spec"]["template"]["spec"]
    return pod


def container_of(objects: list[Object], name: str) -> Object:
    (found,) = [each for each in pod_of(objects)["containers"] if each["name"] == name]
    return found


def text_of(obj: Object, key: str) -> str:
    return base64.b64decode(obj["data"][key]).decode()
