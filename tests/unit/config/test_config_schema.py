"""The schema: one table, from which parsing and the JSON Schema agree."""

from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from vcli.config import Image, Values, load
from vcli.config.image import image
from vcli.config.jsonschema import json_schema
from vcli.config.known import KNOWN, Key
from vcli.config.shape import keys_of, paths

ALL = frozenset(paths(Values))


def leaves(schema: dict[str, Any], prefix: str = "") -> dict[str, dict[str, Any]]:
    found = {}
    for name, below in schema["properties"].items():
        if below.get("additionalProperties") is False:
            found |= leaves(below, f"{prefix}{name}.")
        else:
            found[prefix + name] = below
            if "properties" in (element := below.get("items", {})):
                found |= leaves(element, f"{prefix}{name}[].")
            named = below.get("additionalProperties")
            if isinstance(named, dict) and "properties" in named:
                found |= leaves(named, f"{prefix}{name}.*.")
    return found


def test_every_key_is_described():
    for path, schema in leaves(json_schema()).items():
        assert schema.get("description"), path


def test_the_json_schema_knows_what_the_parser_knows():
    known = {path for path in leaves(json_schema()) if not path.endswith(".image")}
    assert known <= ALL
    assert {path for path in ALL if not any(other.startswith(path + ".") for other in ALL)} - known == {
        path for path in ALL if ".image." in path
    }


def test_defaults_of_the_schema_are_accepted():
    for path, schema in leaves(json_schema()).items():
        if (
            "[]" not in path
            and "*" not in path
            and "default" in schema
            and isinstance(schema["default"], bool | int | str)
        ):
            value = (
                str(schema["default"]).lower() if isinstance(schema["default"], bool) else schema["default"]
            )
            load([], [f"{path}={value}"])


@pytest.mark.parametrize("path", KNOWN)
def test_known_keys_are_not_keys_of_the_schema(path: str):
    assert path not in ALL, "it has an effect now: take its line out of vcli/config/known"


@pytest.mark.parametrize("key", [key for key in KNOWN.values() if key.what == "moved" and not key.convert])
def test_old_keys_lead_to_keys(key: Key):
    later = [each.path for each in KNOWN.values() if each.what in ("later", "scope")]
    assert key.to in ALL or any(f"{key.to}.".startswith(f"{each}.") for each in later)


def test_names_are_those_of_vcluster_yaml():
    for path in (
        "controlPlane.distro.k8s.version",
        "controlPlane.statefulSet.persistence.volumeClaim.storageClass",
        "controlPlane.statefulSet.highAvailability.replicas",
        "controlPlane.proxy.extraSANs",
        "controlPlane.coredns.overwriteConfig",
        "controlPlane.advanced.defaultImageRegistry",
        "networking.advanced.clusterDomain",
        "exportKubeConfig.server",
    ):
        assert path in ALL


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("registry.k8s.io/etcd:3.6.8-0", Image(registry="registry.k8s.io", repository="etcd", tag="3.6.8-0")),
        ("localhost:5000/a/b", Image(registry="localhost:5000", repository="a/b")),
        ("library/python:3.11", Image(repository="library/python", tag="3.11")),
        ("me/x@sha256:abc", Image(repository="me/x", tag="sha256:abc")),
        ("me/x:1@sha256:abc", Image(repository="me/x", tag="1@sha256:abc")),
        ("busybox", Image(repository="busybox")),
    ],
)
def test_images(reference: str, expected: Image):
    assert image(reference) == expected
    assert image(expected.reference()) == expected


def test_no_section_is_mutable():
    def walk(kind: Any) -> None:
        assert kind.__dataclass_params__.frozen
        for _, hint in keys_of(kind).values():
            if is_dataclass(hint):
                walk(hint)

    walk(Values)
    assert fields(Values)[-1].name == "warnings"
