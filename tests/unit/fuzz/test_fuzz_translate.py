"""Objects with anything in them: what a translation makes of one is ours all the same, by our name."""

import copy
import json
from typing import Any

import pytest
from forged import fuzz, mutations
from hypothesis import given
from hypothesis import strategies as st

from every_kind import OWNER, TRANSLATIONS, example, scope
from vcli.kube.wellformed import MalformedError, check
from vcli.syncer.translate import keys
from vcli.syncer.translate.allowed import Allowed

SCOPES = (scope(), scope(allowed=Allowed()))
_ONE_OBJECT = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a reconcile of one object may raise: that object waits, all others go on."""


@pytest.mark.parametrize("plural", TRANSLATIONS)
@fuzz
@given(st.data())
def test_nothing_in_an_object_forges_whose_it_is(plural: str, data: st.DataObject) -> None:
    virtual = data.draw(mutations(example(plural, labels={"app": "web"}, annotations={"a": "b"})))
    try:
        virtual = check(virtual)
    except MalformedError:
        return  # no cache has such an object
    within = data.draw(st.sampled_from(SCOPES))
    before = copy.deepcopy(virtual)
    try:
        host = TRANSLATIONS[plural](virtual, within)
    except _ONE_OBJECT:
        return
    finally:
        assert json.dumps(virtual) == json.dumps(before), "a cache's object was changed"
    metadata = host["metadata"]
    name, namespace = virtual["metadata"]["name"], virtual["metadata"].get("namespace") or ""
    assert metadata["labels"][keys.MANAGED_BY] == "demo"
    assert metadata["annotations"][keys.NAME] == name
    assert len(metadata["name"]) <= 253
    if namespace:
        assert metadata["namespace"] == "team-a"
        [owner] = metadata["ownerReferences"]
        assert {**owner, "controller": True} == {**OWNER, "controller": True}
        assert metadata["name"].endswith("-x-demo") or len(metadata["name"]) == 63
    else:
        assert "namespace" not in metadata
    assert not metadata.keys() & {"finalizers", "uid", "resourceVersion", "generateName"}


@pytest.mark.parametrize("plural", TRANSLATIONS)
def test_the_examples_themselves_are_translated(plural: str) -> None:
    host: dict[str, Any] = TRANSLATIONS[plural](check(example(plural)), SCOPES[0])
    assert host["kind"]
