"""``--set``, as Helm's strvals understands it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcli.config import load, setting
from vcli.errors import UsageError


# The expectations are those of Helm's own table (pkg/strvals/parser_test.go).
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("name1=null", {"name1": None}),
        ("name1=value1", {"name1": "value1"}),
        ("name1=value1,name2=value2", {"name1": "value1", "name2": "value2"}),
        ("name1=value1,name2=value2,", {"name1": "value1", "name2": "value2"}),
        ("name1=,name2=value2", {"name1": "", "name2": "value2"}),
        ("leading_zeros=00009", {"leading_zeros": "00009"}),
        ("zero_int=0", {"zero_int": 0}),
        ("long_int=1234567890", {"long_int": 1234567890}),
        ("negative=-5", {"negative": -5}),
        ("boolean=true", {"boolean": True}),
        ("boolean=True", {"boolean": True}),
        ("a=1.5", {"a": "1.5"}),
        (r"name1=one\,two,name2=three\,four", {"name1": "one,two", "name2": "three,four"}),
        (r"name1=one\=two", {"name1": "one=two"}),
        ("name1=one=two", {"name1": "one=two"}),
        (r"name1=one two three", {"name1": "one two three"}),
        ("outer.inner=value", {"outer": {"inner": "value"}}),
        ("outer.middle.inner=value", {"outer": {"middle": {"inner": "value"}}}),
        ("outer.inner1=value,outer.inner2=value2", {"outer": {"inner1": "value", "inner2": "value2"}}),
        ("name1={value1,value2}", {"name1": ["value1", "value2"]}),
        ("name1={1021,902}", {"name1": [1021, 902]}),
        ("name1={}", {"name1": [""]}),
        ("list[0]=foo", {"list": ["foo"]}),
        ("list[0].foo=bar", {"list": [{"foo": "bar"}]}),
        ("list[0].foo=bar,list[0].hello=world", {"list": [{"foo": "bar", "hello": "world"}]}),
        ("list[1]=bar", {"list": [None, "bar"]}),
        ("illegal[0]=1,illegal[1]=2", {"illegal": [1, 2]}),
        ("nested[0][0]=1", {"nested": [[1]]}),
        (r"a\.b=c", {"a.b": "c"}),
        (r"labels.app\.kubernetes\.io/name=x", {"labels": {"app.kubernetes.io/name": "x"}}),
    ],
)
def test_expressions(expression: str, expected: dict[str, Any]):
    assert setting.parse(expression).data == expected


def test_an_element_of_a_list_that_stands_there():
    below = {"tolerations": [{"key": "a", "effect": "NoSchedule"}, {"key": "b"}]}
    data = setting.parse("tolerations[0].key=c", below=below).data
    assert data == {"tolerations": [{"key": "c", "effect": "NoSchedule"}, {"key": "b"}]}
    assert below["tolerations"][0]["key"] == "a"


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("name", "--set: no value for 'name'"),
        ("a..b=1", "--set a..b: 'a..b' is not the path of a key"),
        ("=1", "--set: '' is not the path of a key"),
        ("a[x]=1", "--set a[x]: 'a[x]' has an index that is none"),
        ("a[99999]=1", "--set a[99999]: index 99999 is too large: 65536 is the highest"),
        ("[0]=1", "--set [0]: '[0]' is not the path of a key"),
        ("a=1,b..c=2", "--set a,b..c: 'b..c' is not the path of a key"),
        ("a=hunter2,canary", "--set a: no value for what follows a comma"),
    ],
)
def test_nonsense(expression: str, said: str):
    with pytest.raises(UsageError) as caught:
        setting.parse(expression)
    assert caught.value.message == said


@pytest.mark.parametrize(
    ("option", "expression"),
    [
        ("--set", "nothing.known=canary"),
        ("--set", "sync.toHost.pods=canary"),
        ("--set", "controlPlane.service.spec.type=x,canary"),
        ("--set", "a..b=canary"),
        ("--set-string", "nothing.known=canary,other=canary"),
        ("--set-json", 'a="canary'),
        ("--set-json", 'a="x" canary'),
        ("--set-json", "canary"),
        ("--set-json", '{"nothing":"canary"}'),
        ("--set-json", 'a=1,"canary"'),
    ],
)
def test_no_error_repeats_a_value(option: str, expression: str):
    with pytest.raises(UsageError) as caught:
        load(sets=[(option, expression)])
    assert "canary" not in f"{caught.value.message} {caught.value.hint}"
    chain = caught.value.__cause__
    assert "canary" not in str(chain)


# --set-string, --set-json and --set-file as in Helm's own tables.
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("long_int_string=1234567890", {"long_int_string": "1234567890"}),
        ("boolean=true", {"boolean": "true"}),
        ("is_null=null", {"is_null": "null"}),
        ("zero=0", {"zero": "0"}),
        ("a.b=1.30,c=x", {"a": {"b": "1.30"}, "c": "x"}),
        ("list={1,true,null}", {"list": ["1", "true", "null"]}),
        ("list[0]=1", {"list": ["1"]}),
        (r"a=one\,two", {"a": "one,two"}),
        ("a=", {"a": ""}),
    ],
)
def test_strings(expression: str, expected: dict[str, Any]):
    assert setting.parse(expression, option="--set-string").data == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('outer={"a":"1","b":"2"}', {"outer": {"a": "1", "b": "2"}}),
        ('a={"b":1},list=[1,{"b":null}],c=false', {"a": {"b": 1}, "list": [1, {"b": None}], "c": False}),
        ("a.b[0].c=1.5", {"a": {"b": [{"c": 1.5}]}}),
        ("a=null", {"a": None}),
        ('a="x,y=z"', {"a": "x,y=z"}),
        ('{"a":{"b":1},"c.d":[2]}', {"a": {"b": 1}, "c.d": [2]}),
        ("a = 1 ,b= 2", {"a ": 1, "b": 2}),
    ],
)
def test_json(expression: str, expected: dict[str, Any]):
    assert setting.parse(expression, option="--set-json").data == expected


@pytest.mark.parametrize(
    "expression",
    ["a", "a=NaN", "a=x", "a={", "a=1 2", "a=1b=2", "{}", '{"a":1},b=2', "=1", "[1]", "a=[1"],
)
def test_what_is_no_json(expression: str):
    with pytest.raises(UsageError) as caught:
        setting.parse(expression, option="--set-json")
    key = "a: " if expression.startswith("a=") else ""
    assert caught.value.message.startswith(f"--set-json {key}" if key else "--set-json: ")


def test_the_text_of_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.txt").write_text("true,a=b\n{x}\n")
    data = setting.parse("a.b=one.txt,c=./one.txt", option="--set-file").data
    assert data == {"a": {"b": "true,a=b\n{x}\n"}, "c": "true,a=b\n{x}\n"}
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for name in ("none", ".", "binary", ""):
        with pytest.raises(UsageError, match=r"--set-file a: file .*can't be read: "):
            setting.parse(f"a={name}", option="--set-file")


@pytest.mark.parametrize("expression", [""])
def test_what_sets_nothing_is_no_silent_success(expression: str):
    with pytest.raises(UsageError, match="sets nothing"):
        setting.parse(expression)


KEYS = st.text(min_size=1, max_size=6).filter(lambda text: text == text.strip())


def escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in r"\.,=[]{}" else char for char in text)


@given(st.lists(KEYS, min_size=1, max_size=4), st.text(max_size=6).map(lambda text: "v" + text))
def test_every_path_can_be_written(keys: list[str], value: str):
    data: Any = setting.parse(f"{'.'.join(map(escaped, keys))}={escaped(value)}").data
    for key in keys:
        data = data[key]
    assert data == value
