"""Objects of the host that the values name: what an entry means, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcli.config import from_mapping
from vcli.config.synced import mappings
from vcli.contract.mappings import ANY, NameMapping, parse, parse_all
from vcli.errors import UsageError

LABELS = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
ENTRIES = st.one_of(
    st.tuples(st.just("") | LABELS, LABELS, LABELS, LABELS),
    st.tuples(st.just("") | LABELS, st.just(ANY), LABELS, st.just(ANY)),
).map(lambda fields: NameMapping(*fields))


@given(ENTRIES, LABELS)
def test_what_is_shown_leads_back_to_what_the_host_has(entry: NameMapping, name: str) -> None:
    assert parse(f"{entry.host_namespace}/{entry.host_name}", entry.target) == entry
    target = entry.target_of(name)
    if entry.is_for_all:
        assert target == (entry.namespace, name)
    else:
        assert (target is not None) is (name == entry.host_name)
    if target is not None:
        assert entry.source_of(*target) == name
    assert entry.source_of(f"not-{entry.namespace}", name) is None


@pytest.mark.parametrize(
    ("on_host", "inside", "meant"),
    [
        ("", "apps/*", NameMapping("", ANY, "apps", ANY)),
        ("", "apps", NameMapping("", ANY, "apps", "")),
        ("/*", "apps/*", NameMapping("", ANY, "apps", ANY)),
        ("/ca.crt", "apps/ca", NameMapping("", "ca.crt", "apps", "ca")),
        ("shared/*", "apps/*", NameMapping("shared", ANY, "apps", ANY)),
    ],
)
def test_the_forms_of_an_entry(on_host: str, inside: str, meant: NameMapping) -> None:
    found = parse(on_host, inside)
    assert found[:3] == meant[:3]
    assert found.name == (ANY if meant.is_for_all else meant.name)


@pytest.mark.parametrize(
    ("on_host", "inside"),
    [
        *((wrong, "apps/a") for wrong in ("a", "a/b/c", "A/b", "a/B", "*/a", "a/b*", "a b/c", "/", "a/")),
        *(("a/b", wrong) for wrong in ("", "apps", "apps/", "apps/*", "/a", "apps/A", "apps/a/b")),
        *((every, wrong) for every in ("", "a/*") for wrong in ("", "apps/a", "*", "*/*", "Apps/*")),
    ],
)
def test_what_is_no_entry(on_host: str, inside: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        parse(on_host, inside)


def test_one_object_comes_before_all_of_a_namespace() -> None:
    found = parse_all({"": "all", "a/*": "all", "z/x": "all/x", "b/x": "all/y"})
    assert [(each.host_namespace, each.host_name) for each in found] == [
        ("b", "x"),
        ("z", "x"),
        ("", ANY),
        ("a", ANY),
    ]


def test_a_mistake_names_its_place() -> None:
    section = {"enabled": True, "mappings": {"byName": {"shared": "apps/*"}}}
    with pytest.raises(UsageError) as raised:
        from_mapping({"sync": {"fromHost": {"secrets": section}}}, name="values.yaml")
    assert raised.value.message.startswith("values.yaml: sync.fromHost.secrets.mappings.byName.shared: ")


def test_the_syncer_is_told_of_what_is_on() -> None:
    section = {"enabled": True, "mappings": {"byName": {"": "apps/*"}}}
    values = from_mapping({"sync": {"fromHost": {"configMaps": section}}}, name="values")
    assert mappings(values) == {"fromHost.configMaps": {"": "apps/*"}}
