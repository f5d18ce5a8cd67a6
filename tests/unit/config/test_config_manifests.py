"""Manifests of the values: which objects they are, and what is none."""

import json

import pytest

from vcli.config import load
from vcli.config.inside import objects
from vcli.config.load import from_mapping
from vcli.controlplane.facts import Facts
from vcli.controlplane.names import Names
from vcli.controlplane.render import render
from vcli.errors import UsageError

ONE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n"


def test_documents_and_the_items_of_a_list_are_objects():
    two = "apiVersion: v1\nkind: List\nitems: [{apiVersion: a/v1, kind: B, metadata: {name: two}}]\n"
    found = objects(f"# nothing\n---\n{ONE}--- # more\n{two}---\n")
    assert [each["metadata"]["name"] for each in found] == ["one", "two"]
    assert objects("") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: b: c", "document 1 is not YAML: line 1: "),
        ("- 1", "document 1 is no object, but list"),
        (f"{ONE}---\nkind: Pod", "document 2 has no apiVersion"),
        ("apiVersion: v1", "document 1 has no kind"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}", "of kind Pod, has no metadata.name"),
        ("apiVersion: v1\nkind: List\nitems: [{kind: Pod}]", "document 1, item 1 has no apiVersion"),
    ],
)
def test_what_is_no_object_is_a_mistake_in_the_values(text: str, message: str):
    with pytest.raises(UsageError) as caught:
        load([], [("--set-json", f"experimental.deploy.vcluster.manifests={json.dumps(text)}")])
    assert "experimental.deploy.vcluster.manifests: " in caught.value.message
    assert message in caught.value.message


def test_they_are_for_the_virtual_cluster_alone():
    values = from_mapping({"init": {"manifests": ONE}}, name="values")
    rendered = render(Names("demo", "team"), values, Facts(), bundle=None)
    assert not [each for each in rendered if each["metadata"]["name"] == "one"]
    assert '"manifests":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one"}}]' in str(rendered)


def test_templates_are_refused_with_the_way_out():
    with pytest.raises(UsageError, match="manifestsTemplate: vcli does not do this"):
        load([], ["experimental.deploy.vcluster.manifestsTemplate=x"])
