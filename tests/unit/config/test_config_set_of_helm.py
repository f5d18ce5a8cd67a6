"""The ``--set`` family beside Helm's: expressions, what is there already, and what Helm makes of them."""

import copy
from typing import Any

import pytest

from vcli.config import load, setting
from vcli.config.document import Document
from vcli.errors import UsageError

DEEP = ".".join(f"n{number}" for number in range(31))


def applied(option: str, *expressions: str, over: dict[str, Any] | None = None) -> dict[str, Any]:
    whole = Document(copy.deepcopy(over or {}))
    for expression in expressions:
        whole.merge(setting.parse(expression, below=whole.data, option=option))
    return whole.data


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("name1=null,f=false,t=true", {"f": False, "t": True}),
        ("a=TRUE,b=False,c=NULL", {"a": True, "b": False}),
        ("a=+5,b=-05,c=-0,d=05", {"a": 5, "b": -5, "c": 0, "d": "05"}),
        ("a=9223372036854775807", {"a": 9223372036854775807}),
        ("a=9223372036854775808", {"a": "9223372036854775808"}),
        ("a=-9223372036854775808", {"a": -9223372036854775808}),
        ("a=1_000,b=0x1f,c=1e3,d=٣", {"a": "1_000", "b": "0x1f", "c": "1e3", "d": "٣"}),
        ("a= 1,b=x ", {"a": " 1", "b": "x "}),
        ("a={x, 1 ,2}", {"a": ["x", " 1 ", 2]}),
        ("a={x}b=1", {"a": ["x"], "b": 1}),
        (r"a={x\,y,\}}", {"a": ["x,y", "}"]}),
        (r"a=\{x\,y}", {"a": "{x,y}"}),
        ("a={{}", {"a": ["{"]}),
        ("a=x{y}", {"a": "x{y}"}),
        ("a{b}=1", {"a{b}": 1}),
        ("a={},b={,}", {"a": [""], "b": ["", ""]}),
        ("a=b\\", {"a": "b"}),
        ("name1.name2=", {"name1": {"name2": ""}}),
        (
            "outer.inner1=value,outer.middle.inner=value",
            {"outer": {"inner1": "value", "middle": {"inner": "value"}}},
        ),
        ("name1.name2={value1,value2}", {"name1": {"name2": ["value1", "value2"]}}),
        ("list[0]=foo,list[3]=bar,", {"list": ["foo", None, None, "bar"]}),
        ("list[+1]=foo", {"list": [None, "foo"]}),
        ("noval[0]", {"noval": []}),
        ("noval[0]=", {"noval": [""]}),
        ("nested[1][1]=1", {"nested": [None, [None, 1]]}),
        ("a.b[1].c=x,a.b[0].c=y", {"a": {"b": [{"c": "y"}, {"c": "x"}]}}),
        ("list[0]={a,b}", {"list": [["a", "b"]]}),
        ("list[0]=x,list[0].a=y", {"list": [{"a": "y"}]}),
        (r"a.nginx\.ingress\.kubernetes\.io/x=1", {"a": {"nginx.ingress.kubernetes.io/x": 1}}),
        (r"a\[0\]\=b=1", {"a[0]=b": 1}),
    ],
)
def test_set(expression: str, expected: dict[str, Any]):
    assert applied("--set", expression) == expected


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("name1=value1,,,,name2=value2,", "--set name1,name2: no value for what follows a comma"),
        (",a=1", "--set a: no value for ''"),
        ("name1,name2=", "--set name2: no value for 'name1'"),
        ("name1,name2=value2\\", "no value for 'name1'"),
        ("name1.name2", "no value for 'name1.name2'"),
        ("name1.=name2", "'name1.' is not the path of a key"),
        ("name1.,name2", "no value for 'name1.'"),
        ("name1={1021,902", "the list does not end"),
        ("a={x}}", "--set a: no value for what follows a comma"),
        ("a={x,{y}}", "--set a: no value for what follows a comma"),
        ("list[0].foo=bar,list[-30].hello=world", "'list[-30].hello' has an index that is none"),
        ("list[-20]=bar", "'list[-20]' has an index that is none"),
        ("list[1_0]=bar", "'list[1_0]' has an index that is none"),
        ("list[]=bar", "'list[]' has an index that is none"),
        ("list[0", "'list[0' has an index that is none"),
        ("list[65537]=x", "index 65537 is too large: 65536 is the highest"),
        ("illegal[0]name.foo=bar", "something else follows the index 0"),
        ("]={}].", "no value for what follows a comma"),
        (f"{DEEP}.one=x", "more than 30 dots in one key"),
        ("a=1,a[0]=2", "a is a value, not a list"),
        ("a=x,a.b=2", "a is a string, not a mapping"),
        ("a={x},a.b=2", "a is a list, not a mapping"),
        ("a[0]=x,a[0][0]=y", "0 is a string, not a list"),
    ],
)
def test_what_helm_refuses(expression: str, said: str):
    with pytest.raises(UsageError) as caught:
        setting.parse(expression)
    assert caught.value.message.startswith("--set")
    assert said in caught.value.message


def test_thirty_dots_are_taken():
    assert applied("--set", f"{DEEP}=x")


@pytest.mark.parametrize(
    ("over", "expressions", "expected"),
    [
        (
            {"outer": {"inner1": "old", "inner2": "value2"}},
            ["outer.inner1=value1,outer.inner3=3"],
            {"outer": {"inner1": "value1", "inner2": "value2", "inner3": 3}},
        ),
        ({"a": {"b": 1, "c": 2}}, ["a.b=null"], {"a": {"c": 2}}),
        ({"a": {"b": 1}}, ["a=null"], {}),
        ({"a": [1, 2, 3]}, ["a={x}"], {"a": ["x"]}),
        ({"a": [1, 2, 3]}, ["a[1]=x"], {"a": [1, "x", 3]}),
        ({"a": [1, 2, 3]}, ["a[1]=null"], {"a": [1, None, 3]}),
        ({"a": [1]}, ["a[0]"], {"a": [1]}),
        (
            {"a": [{"b": 1, "c": {"d": 2, "e": 3}}]},
            ["a[0].c.d=x"],
            {"a": [{"b": 1, "c": {"d": "x", "e": 3}}]},
        ),
        ({}, ["l[0][0].type=x", "l[0][0].status=y"], {"l": [[{"type": "x", "status": "y"}]]}),
        ({}, ["l[0][0].type=x", "l[1][0].status=y"], {"l": [[{"type": "x"}], [{"status": "y"}]]}),
        (
            {"l": [[[{"exited": "old"}]]]},
            ["l[0][1][0].type=x", "l[0][0][1].status=y"],
            {"l": [[[{"exited": "old"}, {"status": "y"}], [{"type": "x"}]]]},
        ),
    ],
)
def test_over_what_is_there(over: dict[str, Any], expressions: list[str], expected: dict[str, Any]):
    before = copy.deepcopy(over)
    assert applied("--set", *expressions, over=over) == expected
    assert over == before


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a=TRUE,b=+1,c={1,null}", {"a": "TRUE", "b": "+1", "c": ["1", "null"]}),
        ("list[0].a=1", {"list": [{"a": "1"}]}),
    ],
)
def test_set_string(expression: str, expected: dict[str, Any]):
    assert applied("--set-string", expression) == expected


@pytest.mark.parametrize(
    ("over", "expression", "expected"),
    [
        (
            {"outer": {"inner1": "old", "inner2": "value2"}},
            'outer.inner1="1",outer.inner3=3,outer.inner4=true,outer.inner5="true"',
            {"outer": {"inner1": "1", "inner2": "value2", "inner3": 3, "inner4": True, "inner5": "true"}},
        ),
        (
            {"outer": {"inner1": {"x": 1}, "inner2": "value2"}},
            'outer.inner1=,outer.inner3={"aa":"1","cc":[1,2,3]},outer.inner3.cc[1]=null',
            {"outer": {"inner2": "value2", "inner3": {"aa": "1", "cc": [1, None, 3]}}},
        ),
        ({"a": 1}, "a=", {}),
        ({"a": 1}, "a= ,b=1", {"b": 1}),
        ({}, "a=1 b=2", {"a": 1, "b": 2}),
        ({}, 'a[0]={"b":1},a[1]=', {"a": [{"b": 1}, None]}),
        ({"a": {"b": 1}}, ' {"a":{"c":2}} ', {"a": {"b": 1, "c": 2}}),
    ],
)
def test_set_json(over: dict[str, Any], expression: str, expected: dict[str, Any]):
    assert applied("--set-json", expression, over=over) == expected


@pytest.mark.parametrize("expression", ["a=[1,2]]", "a=Infinity", "a=1b", 'a="x', "a=01x"])
def test_what_is_no_json(expression: str):
    with pytest.raises(UsageError) as caught:
        setting.parse(expression, option="--set-json")
    assert caught.value.message.startswith("--set-json a: ")


def test_set_file_reads_each_of_a_list(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "1").write_text("one\n")
    (tmp_path / "two,2").write_text("true")
    assert applied("--set-file", r"a={1,two\,2},b[0]=1") == {"a": ["one\n", "true"], "b": ["one\n"]}


def test_an_option_of_helm_that_goes_back_to_the_default():
    values = load([], ["controlPlane.coredns.enabled=false", "controlPlane.coredns.enabled=null"])
    assert values.control_plane.coredns.enabled is True
