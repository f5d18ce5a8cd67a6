"""Which objects of the host are mirrored, and as what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcli.syncer.translate.mappings import HostObject, Mappings
from vcli.syncer.translate.names import VirtualName

BY_NAME = {
    "infra/web": "shop/gateway",
    "infra/*": "infra/*",
    "/own": "shop/own",
    "": "team/*",
}
MAPPINGS = Mappings(BY_NAME, own="host")


@pytest.mark.parametrize(
    ("host", "virtual"),
    [
        (("infra", "web"), ("shop", "gateway")),
        (("infra", "other"), ("infra", "other")),
        (("host", "own"), ("shop", "own")),
        (("host", "any"), ("team", "any")),
        (("elsewhere", "web"), None),
    ],
)
def test_as_what_an_object_is_shown(host: tuple[str, str], virtual: tuple[str, str] | None) -> None:
    assert MAPPINGS.to_virtual(HostObject(*host)) == virtual


def test_what_is_mapped_by_its_name_is_not_shown_twice() -> None:
    assert list(MAPPINGS.to_host(VirtualName("infra", "web"))) == []
    assert list(MAPPINGS.to_host(VirtualName("shop", "gateway"))) == [("infra", "web")]


def test_the_namespaces_of_the_host() -> None:
    assert MAPPINGS.host_namespaces == {"infra", "host"}


WORDS = st.sampled_from(["a", "b", "host"])
ONE = st.tuples(WORDS, WORDS).map("/".join)
ALL = WORDS.map(lambda namespace: f"{namespace}/*")
PAIRS = st.tuples(ONE | WORDS.map(lambda name: f"/{name}"), ONE) | st.tuples(ALL | st.just(""), ALL)


@given(st.lists(PAIRS, max_size=4).map(dict), WORDS, WORDS)
def test_what_is_shown_is_found_again(by_name: dict[str, str], namespace: str, name: str) -> None:
    mappings = Mappings(by_name, own="host")
    host = HostObject(namespace, name)
    virtual = mappings.to_virtual(host)
    if virtual is not None:
        assert host in list(mappings.to_host(virtual))
        assert namespace in mappings.host_namespaces
    for found in mappings.to_host(VirtualName(namespace, name)):
        assert mappings.to_virtual(found) == (namespace, name)
