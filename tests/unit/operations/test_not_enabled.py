"""What `describe` says of kinds that are not synced."""

from collections.abc import Iterable

import pytest

from vcli.catalog import SYNCED
from vcli.config import load
from vcli.controlplane.rights import Right, features, required
from vcli.operations.kinds import not_enabled

INGRESSES = "sync.toHost.ingresses.enabled"


def test_by_default_it_is_what_is_off_by_default():
    off = [kind.switch for kind in SYNCED if not kind.is_on_by_default]
    assert not_enabled(None) == not_enabled("") == off


@pytest.mark.parametrize("kind", [kind for kind in SYNCED if kind.switch], ids=lambda kind: kind.path)
def test_a_kind_that_is_turned_off_is_named(kind):
    # In flow style: a kind may be in a section of several.
    keys = ["sync", kind.direction, *kind.key.split("."), "enabled"]
    values = "".join(f"{{{key}: " for key in keys)
    end = "}" * len(keys)
    assert kind.switch in (not_enabled(f"{values}false{end}") or ())
    assert kind.switch not in (not_enabled(f"{values}true{end}") or ())


@pytest.mark.parametrize("values", ["sync: {later: 1}", "a: [", "- a list"])
def test_values_that_are_not_understood_say_nothing(values):
    assert not_enabled(values) is None


def test_a_kind_that_is_on_where_rights_allow_it_is_named_without_them():
    needed = required(load(), "team")
    given = needed.union(*(each.rights for each in features(load()).values()))
    assert INGRESSES in (not_enabled(None, role(needed)) or ())
    assert INGRESSES not in (not_enabled(None, role(given)) or ())
    assert INGRESSES not in (not_enabled(None, None) or ())
    assert set(not_enabled(None, role(given)) or ()) == set(not_enabled(None) or ())


def role(rights: Iterable[Right]) -> list[dict[str, list[str]]]:
    return [{"apiGroups": [each[0]], "resources": [each[1]], "verbs": [each[2]]} for each in rights]
