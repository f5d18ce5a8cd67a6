"""Maps and lists of sections, with a schema of the test's own."""

# ruff: noqa: RUF009  doc and section make fields

import copy
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from vcli.config import Image, Values, document, load, setting
from vcli.config.document import Document
from vcli.config.dump import dump
from vcli.config.fields import doc, required, section
from vcli.config.jsonschema import section_schema
from vcli.config.load import drop_empty
from vcli.config.parse import build
from vcli.config.shape import default_of, keys_of, paths, shape_of
from vcli.controlplane import chart_values
from vcli.controlplane.names import Names
from vcli.errors import UsageError
from vcli.operations.changes import compare


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A change of one field."""

    path: str = required("Path of the field.", pattern=r"^[a-z.]+$")
    expression: str = doc("", "What it becomes.")
    labels: dict[str, str] = doc({}, "Labels.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Custom:
    """A custom resource."""

    enabled: bool | Literal["auto"] = doc(True, "Sync them.")
    patches: tuple[Patch, ...] = doc((), "Changes on the way.")
    image: Image = field(default_factory=lambda: Image(registry="ghcr.io", repository="me/it"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ToHost:
    """From the virtual cluster."""

    custom_resources: dict[str, Custom] = doc(
        {}, "By plural.group.", keys=r"^[a-z]+(\.[-a-z0-9]+)+$", form="a plural with its group"
    )
    names: tuple[str, ...] = doc((), "Names.")
    args: tuple[dict[str, Any], ...] = doc((), "Anything.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What is synced."""

    to_host: ToHost = section(ToHost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """All values."""

    own: Own = section(Own)


CERTIFICATES = "certificates.cert-manager.io"
CERTIFICATES_PATH = f"own.toHost.customResources.{CERTIFICATES}"
YAML = f"""\
own:
  toHost:
    customResources:
      {CERTIFICATES}:
        enabled: false
        patches:
          - path: spec.name
            expression: x
          - path: spec.other
      issuers.cert-manager.io: {{}}
"""


def parsed(text: str, *sets: str, name: str = "values.yaml") -> Root:
    whole = Document()
    whole.merge(document.parse(text, name))
    for each in sets:
        whole.merge(setting.parse(each, below=whole.data))
    return build(Root, whole)


def complaint(text: str, *sets: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parsed(text, *sets)
    return caught.value


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
            f"values.yaml:9: {CERTIFICATES_PATH}.patches[1]: must be a mapping, not 'text'",
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


ESCAPED = CERTIFICATES.replace(".", r"\.")
SET = rf"own.toHost.customResources.{ESCAPED}"


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
    wrong = f"{SET}.patches[1].paht=y"
    error = complaint(YAML, wrong)
    assert error.message == (
        f"--set {wrong}: own.toHost.customResources.{CERTIFICATES}.patches[1].paht: unknown key"
    )
    gap = f"{SET}.patches[3].path=y"
    assert complaint(YAML, gap).message.startswith(f"--set {gap}: ")
    assert complaint(YAML, gap).message.endswith(".patches[2]: must be a mapping, not nothing")


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


# --- both ways

WORDS = st.text("abc.", min_size=1, max_size=5)
KEYS = st.text(min_size=1, max_size=3).filter(lambda text: text == text.strip())
PATCHES = st.builds(
    Patch,
    path=WORDS,
    expression=st.text(max_size=5),
    labels=st.dictionaries(KEYS, st.text(max_size=3)),
)
IMAGES = st.builds(Image, registry=WORDS, repository=WORDS, tag=WORDS)
CUSTOM = st.builds(
    Custom,
    enabled=st.sampled_from([True, False, "auto"]),
    patches=st.lists(PATCHES, max_size=3).map(tuple),
    image=IMAGES,
)
PLURALS = st.from_regex(r"\A[a-z]{1,4}(\.[a-z0-9-]{1,4}){1,2}\Z")
ROOTS = st.builds(
    Root,
    own=st.builds(
        Own,
        to_host=st.builds(
            ToHost,
            custom_resources=st.dictionaries(PLURALS, CUSTOM, max_size=3),
            names=st.lists(st.text(max_size=3), max_size=3).map(tuple),
            args=st.lists(st.dictionaries(KEYS, st.integers(), max_size=2), max_size=2).map(tuple),
        ),
    ),
)


@given(ROOTS)
def test_what_is_dumped_is_parsed_to_the_same(values: Root):
    assert build(Root, Document(dump(values))) == values


@given(ROOTS)
def test_also_by_way_of_yaml_and_of_what_is_stored(values: Root):
    text = yaml.safe_dump(dump(values), sort_keys=False)
    assert parsed(text, name="configmap/vc-config-demo") == values


@given(ROOTS, ROOTS)
def test_laid_over_nothing_or_itself_it_is_the_same(one: Root, other: Root):
    whole = Document()
    for each in (one, other, other):
        whole.merge(Document(copy.deepcopy(dump(each))))
    merged = build(Root, whole).own.to_host
    assert merged.names == other.own.to_host.names
    assert merged.custom_resources.keys() == one.own.to_host.custom_resources.keys() | (
        other.own.to_host.custom_resources.keys()
    )
    for name, custom in other.own.to_host.custom_resources.items():
        assert merged.custom_resources[name].patches == custom.patches


def test_the_real_values_are_dumped_and_parsed():
    values = load([], ["controlPlane.proxy.extraSANs={a,b}", "controlPlane.coredns.enabled=false"])
    again = build(Values, Document(dump(values)))
    assert dump(again) == dump(values)


@given(ROOTS, ROOTS)
def test_changes_are_shown_exactly_where_values_differ(one: Root, other: Root):
    before, after = dump(one), dump(other)
    found = compare(Names("demo", "team"), stored=before, values=after, planned=[], surplus=[]).values
    assert bool(found) is (before != after)
    for each in found:
        assert each.before != each.after


@given(ROOTS)
def test_what_is_listed_key_by_key_can_be_set_key_by_key(values: Root):
    """As upgrade --dry-run lists values, put into --set-json one after the other."""
    whole = Document()
    for each in compare(Names("demo", "t"), stored={}, values=dump(values), planned=[], surplus=[]).values:
        expression = f"{each.key}={json.dumps(each.after)}"
        whole.merge(setting.parse(expression, below=whole.data, option=setting.SET_JSON))
    assert build(Root, whole) == values


def test_changes_in_maps_and_lists_are_named_as_set_takes_them():
    before = yaml.safe_load(YAML)
    for expression in (
        f"{SET}.patches[1].expression=y",
        f"{SET}.patches[0].labels.a=b",
        r"own.toHost.customResources.a\.b.enabled=true",
    ):
        whole = Document(copy.deepcopy(before))
        whole.merge(setting.parse(expression, below=whole.data))
        [change] = compare(
            Names("demo", "t"), stored=before, values=whole.data, planned=[], surplus=[]
        ).values
        assert change.key == expression.partition("=")[0]
        assert json.dumps(change.after).strip('"') == expression.partition("=")[2]


def test_an_empty_element_of_a_map_is_a_change():
    before: dict[str, Any] = {"own": {"toHost": {"customResources": {}}}}
    after = {"own": {"toHost": {"customResources": {"a.b": {}}}}}
    names = Names("demo", "t")
    [change] = compare(names, stored=before, values=after, planned=[], surplus=[]).values
    assert (change.key, change.before, change.after) == (r"own.toHost.customResources.a\.b", None, {})


# --- schema, reference, rules


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
    with pytest.raises(UsageError, match="that has no effect in vcli yet"):
        load([], [rf"sync.toHost.customResources.{ESCAPED}.enabled=true"])


def test_a_file_that_repeats_itself(tmp_path: Path):
    path = tmp_path / "values.yaml"
    path.write_text("a: &a [1, 2]\nb: &b [*a, *a]\nc: [*b, *b]\n")
    assert len(document.read(path).places) == 3 + 2 + 2 * 3 + 2 * 7
    path.write_text("a: &a [*a]\n")
    with pytest.raises(UsageError, match="nested too deeply"):
        document.read(path)
