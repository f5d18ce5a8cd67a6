"""What people, pods and servers send as text: an answer or an error that says what is wrong, nothing else."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest
from forged import JSON, fuzz, mutations
from hypothesis import given
from hypothesis import strategies as st

from vcli import yaml
from vcli.config.document import parse as parse_values
from vcli.config.load import Given, from_mapping
from vcli.errors import VcliError
from vcli.kubeconfig.read import parse as parse_kubeconfig
from vcli.syncer.kubelet.routes import pod_route
from vcli.syncer.metrics_api.selectors import field_selector, label_selector
from vcli.syncer.serving import Refused
from vcli.syncer.serving.requests import parse_head, read_request

GET = b"GET /exec/default/web/main?command=sh&output=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "a",
    "clusters": [{"name": "a", "cluster": {"server": "https://x"}}],
    "users": [{"name": "a", "user": {"token": "t", "exec": {"command": "c", "args": ["a"], "env": []}}}],
    "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a", "extensions": []}}],
}
VALUES = {
    "sync": {"toHost": {"ingresses": {"enabled": True}, "customResources": {"a.b": {"enabled": True}}}},
    "policies": {"hostMetadata": {"enabled": True, "labels": ["a"]}, "resourceQuota": {"quota": {"pods": 1}}},
    "controlPlane": {"backingStore": {"etcd": {"embedded": {"enabled": True}}}},
    "networking": {"replicateServices": {"toHost": [{"from": "a/b", "to": "c"}]}},
}


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """A request with other bytes in some places."""
    text = bytearray(GET)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        text[at : at + draw(st.integers(0, 6))] = draw(
            st.one_of(st.binary(max_size=6), st.sampled_from([b"\r\n", b"%2f", b"%", b"..", b" ", b"\x00"]))
        )
    return bytes(text)


@fuzz
@given(st.one_of(requests(), st.binary(max_size=80)))
def test_a_request_is_understood_or_refused(text: bytes) -> None:
    async def read() -> Any:
        reader = asyncio.StreamReader()
        reader.feed_data(text)
        reader.feed_eof()
        return await read_request(reader)

    with suppress(Refused):
        request = asyncio.run(read())
        route = pod_route(request) if request is not None else None
        if route is not None:
            assert "/" not in route.pod.name + route.pod.namespace
            assert ".." not in (route.pod.namespace, route.pod.name)


@fuzz
@given(st.text(alphabet=st.characters(max_codepoint=0x17F), max_size=60))
def test_a_path_or_query_is_understood_or_refused(text: str) -> None:
    head = f"GET /exec/{text} HTTP/1.1\r\n\r\n".encode("latin-1", "replace")
    with suppress(Refused):
        pod_route(parse_head(head))


@fuzz
@given(st.text(alphabet="abAB/._-=!,() in", max_size=30), st.sampled_from([label_selector, field_selector]))
def test_a_selector_is_understood_or_refused(text: str, parse: Any) -> None:
    with suppress(ValueError):
        assert set(parse(text)) == {"matchExpressions"}


@fuzz
@given(
    st.one_of(
        st.text(max_size=60), mutations(KUBECONFIG).map(json.dumps), mutations(KUBECONFIG).map(yaml.dump)
    )
)
def test_a_kubeconfig_is_read_or_an_error_says_why_not(text: str) -> None:
    with suppress(VcliError):
        assert isinstance(parse_kubeconfig(text, "config"), dict)


@fuzz
@given(mutations(VALUES))
def test_values_are_read_or_an_error_says_why_not(data: Any) -> None:
    with suppress(VcliError):
        if isinstance(data, dict):
            from_mapping(data, name="values.yaml")


@fuzz
@given(st.one_of(st.text(max_size=60), JSON.map(json.dumps)))
def test_a_file_of_values_is_read_or_an_error_says_why_not(text: str) -> None:
    with suppress(VcliError):
        Given(files=(parse_values(text, "values.yaml"),)).values()


@fuzz
@given(
    st.sampled_from(["--set", "--set-string", "--set-json"]),
    st.text(alphabet="ab.[]{}=,\\\"'0 ", max_size=24),
)
def test_a_set_is_read_or_an_error_says_why_not(option: str, expression: str) -> None:
    with suppress(VcliError):
        Given(sets=((option, expression),)).values()


@pytest.mark.parametrize("text", ["[" * 5000, "{a: " * 3000, "&a [*a]", "? ? ? x"])
def test_deep_and_circular_texts_are_errors(text: str) -> None:
    for parse in (parse_kubeconfig, parse_values):
        with pytest.raises(VcliError):
            parse(text, "file")
