"""Both JSON libraries do the same."""

import json
from collections.abc import Iterator

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from vcli.kube import codec


@pytest.fixture(params=["plain", "fastest"], scope="module", autouse=True)
def library(request) -> Iterator[None]:
    before = codec._decode, codec._encode
    if request.param == "fastest":
        assert codec.use_fastest()
    yield
    codec._decode, codec._encode = before


numbers = st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values)
def test_what_goes_in_comes_out(value):
    encoded = codec.dumps(value)
    assert codec.loads(encoded) == value
    assert json.loads(encoded) == value


@given(st.text() | st.text('\x7f\x80\x85\x9f\xa0\u2028\u2029\ufeff\ufffe\uffff\U0001f600\\"\n'))
def test_what_is_json_and_yaml_is_the_same_in_both(text):
    encoded = codec.dumps_yaml({"key": text})
    assert codec.loads(encoded) == {"key": text}
    assert yaml.safe_load(encoded) == {"key": text}


@pytest.mark.parametrize("data", [b"", b"{", b"<html>", b'{"a":1} x', b"\xff"])
def test_what_is_not_json_is_one_error(data):
    with pytest.raises(codec.DecodeError):
        codec.loads(data)
