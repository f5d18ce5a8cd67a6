import json
import unicodedata

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from vcli import yaml as kubeconfig_yaml
from vcli.controlplane import manifests
from vcli.escape import in_json, is_plain, one_line, visible

ANY = st.text(st.characters(codec=None), max_size=30)
# What YAML and JSON hold; lone surrogates are in neither.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
DIRECTION = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def is_safe(text: str) -> bool:
    return not any(
        (unicodedata.category(char) in {"Cc", "Zl", "Zp", "Cs"} and char not in "\n\t") or char in DIRECTION
        for char in text
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("a\rb", "a\\rb"),
        ("\x9b31m\x7f\x00", "\\x9b31m\\x7f\\x00"),
        ("user\u202etxt.exe", "user\\u202etxt.exe"),
        ("a\u2028b\u2066c\ufeff", "a\\u2028b\\u2066c\\ufeff"),
        ("\U000e0041", "\\U000e0041"),
        ("caf\udce9", "caf\\udce9"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        (
            "näive 名前 👩\u200d🔬 \u0627\u200c\u0628 ❤\ufe0f e\u0301",
            "näive 名前 👩\u200d🔬 \u0627\u200c\u0628 ❤\ufe0f e\u0301",
        ),
    ],
)
def test_visible(text, shown):
    assert visible(text) == shown
    assert is_plain(text) == (text == shown)


def test_one_line():
    assert one_line("NAME\n\tother\r\n") == "NAME\\n\\tother\\r\\n"


@given(ANY)
def test_nothing_commands_a_terminal(text):
    assert is_safe(visible(text))
    assert visible(visible(text)) == visible(text)
    assert "\n" not in one_line(text)


@given(st.dictionaries(TEXT, TEXT, max_size=3))
def test_json_and_yaml_hold_the_same_data_and_are_safe(data):
    for unicode in (True, False):
        document = in_json(json.dumps(data, ensure_ascii=not unicode, indent=2))
        assert is_safe(document)
        assert json.loads(document) == data
        document = kubeconfig_yaml.dump(data, unicode=unicode)
        assert is_safe(document)
        assert yaml.safe_load(document) == data
        assert unicode or document.isascii()
    document = manifests.dump([data])
    assert is_safe(document)
    assert yaml.safe_load(document) == data


@given(TEXT)
def test_a_text_alone_in_yaml(text):
    data = {"key": text, "list": [text, {"deep": f"{text}\n{text}"}]}
    assert yaml.safe_load(kubeconfig_yaml.dump(data)) == data
    assert yaml.safe_load(manifests.dump([data])) == data


def test_bytes_that_are_no_text_end_no_program():
    assert yaml.safe_load(kubeconfig_yaml.dump({"path": "caf\udce9"})) == {"path": "caf\\udce9"}
    assert json.loads(in_json(json.dumps("caf\udce9", ensure_ascii=False))) == "caf\udce9"
