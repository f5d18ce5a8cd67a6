"""Maps and lists of sections: parsed, with each mistake at its place, and set."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from config_builders import (
    CERTIFICATES,
    CERTIFICATES_PATH,
    SET,
    YAML,
    Custom,
    Patch,
    Root,
    complaint,
    parsed,
)

from vcli.config import Values, document, load, setting
from vcli.config.dump import dump
from vcli.config.jsonschema import section_schema
from vcli.config.load import drop_empty
from vcli.config.parse import build
from vcli.config.shape import default_of, is_element, keys_of, paths, shape_of
from vcli.controlplane import chart_values
from vcli.errors import UsageError


def test_maps_and_lists_of_sections():
    resources = parsed(YAML).own.to_host.custom_resources
    assert resources == {
        CERTIFICATES: Custom(
            enabled=False, patches=(Patch(path="spec.name", expression="x"), Patch(path="spec.other"))
        ),
        "issuers.cert-manager.io": Custom(),
    }
    assert resources["issuers.cert-manager.io"].image.reference() == "ghcr.io/me/it"


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        (
            "enabled: false",
            "enabled: 1",
            f"values.yaml:5: {CERTIFICATES_PATH}.enabled: must be true or false, not 1 or must be 'auto'",
            None,
        ),
        (
            "enabled: false",
            "enable: false",
            f"values.yaml:5: {CERTIFICATES_PATH}.enable: unknown key",
            f"did you mean {CERTIFICATES_PATH}.enabled?",
        ),
        (
            "- path: spec.other",
            "- path: spec.OTHER",
            f"values.yaml:9: {CERTIFICATES_PATH}.patches[1].path: 'spec.OTHER' is not",
            None,
        ),
        (
            "- path: spec.other",
            "- expression: y",
            f"values.yaml:9: {CERTIFICATES_PATH}.patches[1].path: must be given",
            None,
        ),
        (
            "- path: spec.other",
            "- text",
            f"values.yaml:9: {CERTIFICATES_PATH}.patches[1]: must be a mapping, not text",
            None,
        ),
        (
            "- path: spec.other",
            "- {path: a, paths: b}",
            f"values.yaml:9: {CERTIFICATES_PATH}.patches[1].paths: unknown key",
            f"did you mean {CERTIFICATES_PATH}.patches[1].path?",
        ),
        (
            "- path: spec.other",
            "- {path: a, path: b}",
            f"values.yaml:9: the key {CERTIFICATES_PATH}.patches[1].path is given twice",
            "keep one of them; YAML would take the last one without a word",
        ),
        (
            "issuers.cert-manager.io",
            "issuers",
            "values.yaml:10: own.toHost.customResources.issuers: 'issuers' is not a plural with its group",
            None,
        ),
        (
            "issuers.cert-manager.io",
            "12",
            "values.yaml:10: own.toHost.customResources.12: a key must be a",
            None,
        ),
        (
            "{}",
            "[]",
            "values.yaml:10: own.toHost.customResources.issuers.cert-manager.io: must be a mapping",
            None,
        ),
    ],
)
def test_mistakes_name_path_and_line(old: str, new: str, message: str, hint: str | None):
    error = complaint(YAML.replace(old, new, 1))
    assert error.message.startswith(message)
    assert error.hint == hint


def test_a_map_or_list_of_another_type():
    start = "own: {toHost: {customResources: "
    assert complaint(f"{start}[]}}}}").message.endswith("customResources: must be a mapping, not a list")
    patches = f"{start}{{a.b: {{patches: {{}}}}}}}}}}"
    assert complaint(patches).message.endswith("customResources.a.b.patches: must be a list, not a mapping")


def test_set_in_maps_and_lists():
    custom = parsed("{}", f"{SET}.patches[0].path=spec.a").own.to_host.custom_resources[CERTIFICATES]
    assert custom == Custom(patches=(Patch(path="spec.a"),))
    changed = parsed(YAML, f"{SET}.patches[1].expression=y,{SET}.patches[2].path=z")
    assert changed.own.to_host.custom_resources[CERTIFICATES].patches == (
        Patch(path="spec.name", expression="x"),
        Patch(path="spec.other", expression="y"),
        Patch(path="z"),
    )
    removed = parsed(YAML, f"{SET}=null").own.to_host.custom_resources
    assert list(removed) == ["issuers.cert-manager.io"]
    labelled = parsed(YAML, rf"{SET}.patches[0].labels.a\.b/c=d").own.to_host.custom_resources[CERTIFICATES]
    assert labelled.patches[0].labels == {"a.b/c": "d"}


def test_an_element_whose_keys_are_removed_stays():
    whole = document.parse(YAML, "values.yaml")
    for each in (f"{SET}.enabled=null,{SET}.patches=null", f"{SET}.image.tag=null"):
        whole.merge(setting.parse(each, below=whole.data))
    whole.drop_emptied(stays=partial(is_element, Root))
    drop_empty(Root, whole.data)
    assert whole.data["own"]["toHost"]["customResources"][CERTIFICATES] == {}
    assert build(Root, whole).own.to_host.custom_resources[CERTIFICATES] == Custom()


def test_sections_without_anything_are_dropped():
    data: dict[str, Any] = {"own": {"toHost": {"customResources": {"a.b": {"image": {}, "patches": [{}]}}}}}
    drop_empty(Root, data)
    assert data == {"own": {"toHost": {"customResources": {"a.b": {"patches": [{}]}}}}}
    data = {"own": {"toHost": {}}}
    drop_empty(Root, data)
    assert data == {}


def test_mistakes_in_set_name_it():
    wrong = f"{SET}.patches[1].paht"
    error = complaint(YAML, f"{wrong}=y")
    assert error.message == (
        f"--set {wrong}: own.toHost.customResources.{CERTIFICATES}.patches[1].paht: unknown key"
    )
    gap = f"{SET}.patches[3].path"
    assert complaint(YAML, f"{gap}=y").message.startswith(f"--set {gap}: ")
    assert complaint(YAML, f"{gap}=y").message.endswith(".patches[2]: must be a mapping, not nothing")


def test_what_set_leaves_as_it_is_keeps_its_line():
    text = YAML.replace("path: spec.name", "path: SPEC")
    error = complaint(text, f"{SET}.patches[1].expression=y")
    assert error.message.startswith("values.yaml:7: ")


def test_a_list_that_is_replaced_forgets_its_lines():
    whole = document.parse(YAML, "values.yaml")
    other = setting.parse(
        f'{SET}.patches=[{{"path":"a"}},{{"path":"B"}}]', option=setting.SET_JSON, below=whole.data
    )
    whole.merge(other)
    with pytest.raises(UsageError, match=r"^--set-json .*patches\[1\]\.path: 'B' is not"):
        build(Root, whole)


def test_the_json_schema():
    schema = section_schema(Root)["properties"]["own"]["properties"]["toHost"]["properties"]
    resources = schema["customResources"]
    assert resources["type"] == "object"
    assert resources["default"] == {}
    assert resources["propertyNames"] == {"pattern": r"^[a-z]+(\.[-a-z0-9]+)+$"}
    custom = resources["additionalProperties"]
    assert custom["additionalProperties"] is False
    patches = custom["properties"]["patches"]
    assert (patches["type"], patches["default"]) == ("array", [])
    assert patches["items"]["required"] == ["path"]
    assert patches["items"]["additionalProperties"] is False


def test_paths():
    found = set(paths(Root))
    assert "own.toHost.customResources" in found
    assert "own.toHost.customResources.*.enabled" in found
    assert "own.toHost.customResources.*.patches[].path" in found


def test_values_yaml_shows_what_an_element_has():
    text = chart_values.text(Root)
    assert yaml.safe_load(text) == dump(Root())
    shown = text[text.index("customResources:") :]
    assert "#  NAME:" in shown
    assert "#    enabled: true" in shown
    assert "#    #  -" in shown
    assert "#    #    path:" in shown
    assert chart_values.text(Root, comments=False).count("#") == 0


def test_defaults_of_maps_and_lists_are_empty():
    def walk(kind: Any) -> None:
        for key, (each, hint) in keys_of(kind).items():
            shape = shape_of(hint)
            if shape.of in ("map", "list"):
                assert not default_of(each), key
            if shape.section is not None:
                walk(shape.section)

    walk(Values)
    walk(Root)


def test_no_map_or_list_of_sections_without_effect():
    with pytest.raises(UsageError, match=r"sync\.toHost\.namespaces: not supported yet"):
        load([], ["sync.toHost.namespaces.mappings.byName.a=b"])


def test_a_file_that_repeats_itself(tmp_path: Path):
    path = tmp_path / "values.yaml"
    path.write_text("a: &a [1, 2]\nb: &b [*a, *a]\nc: [*b, *b]\n")
    assert len(document.read(path).places) == 3 + 2 + 2 * 3 + 2 * 7
    path.write_text("a: &a [*a]\n")
    with pytest.raises(UsageError, match="nested too deeply"):
        document.read(path)
