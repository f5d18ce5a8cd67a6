"""Maps and lists of sections both ways: dumped and parsed, listed and set."""

import copy
import json
from typing import Any

import yaml
from config_builders import SET, YAML, Custom, Own, Patch, Root, ToHost, parsed
from hypothesis import given
from hypothesis import strategies as st

from vcli.config import Image, Values, load, setting
from vcli.config.document import Document
from vcli.config.dump import dump
from vcli.config.parse import build
from vcli.controlplane.names import Names
from vcli.operations.changes import compare

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


def test_what_fills_an_empty_list_is_the_only_change():
    names, before = Names("demo", "t"), {"args": [], "labels": {}}
    after = {"args": [{"a": 1}], "labels": {"b": "c"}}
    for one, other in ((before, after), (after, before)):
        found = compare(names, stored=one, values=other, planned=[], surplus=[]).values
        assert [each.key for each in found] == ["args[0].a", "labels.b"]


def test_an_empty_element_of_a_map_is_a_change():
    before: dict[str, Any] = {"own": {"toHost": {"customResources": {}}}}
    after = {"own": {"toHost": {"customResources": {"a.b": {}}}}}
    names = Names("demo", "t")
    [change] = compare(names, stored=before, values=after, planned=[], surplus=[]).values
    assert (change.key, change.before, change.after) == (r"own.toHost.customResources.a\.b", None, {})
