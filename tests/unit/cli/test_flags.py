from dataclasses import dataclass, field

import pytest

from vcli.cli.flags import ALONE, positionals, spell_out
from vcli.cli.values import Expose
from vcli.errors import UsageError


@dataclass
class Param:
    opts: list[str]
    secondary_opts: list[str] = field(default_factory=list)
    is_flag: bool = True


PARAMS = [
    Param(["--wait"], ["--no-wait"]),
    Param(["--yes", "-y"]),
    Param(["--set"], is_flag=False),
    Param(["--expose"], is_flag=False),
    Param(["--namespace", "-n"], is_flag=False),
]


@pytest.mark.parametrize(
    ("given", "spelled"),
    [
        ("--wait=false demo", "--no-wait demo"),
        ("--wait=true demo", "--wait demo"),
        ("--wait=FALSE", "--no-wait"),
        ("--wait false demo", "--no-wait demo"),
        ("--wait true", "--wait"),
        ("--wait demo", "--wait demo"),
        ("--wait False", "--no-wait"),
        ("--wait TRUE demo", "--wait demo"),
        ("--wait=0", "--no-wait"),
        ("--wait=no", "--no-wait"),
        ("--no-wait=false", "--wait"),
        ("--no-wait=true", "--no-wait"),
        ("--no-wait FALSE", "--wait"),
        ("--yes=false", ""),
        ("--yes false demo", "demo"),
        ("--yes FALSE", ""),
        ("-y 1", "-y 1"),
        ("-n=a", "-n a"),
        ("-n=", "-n "),
        ("-n a -y=false", "-n a"),
        ("--namespace=a", "--namespace=a"),
        ("--namespace -", "--namespace -"),
        ("--namespace -5", "--namespace -5"),
        ("--namespace -weird", "--namespace -weird"),
        ("-y=true x", "-y x"),
        ("--set=false --set a=b", "--set=false --set a=b"),
        ("demo -- prog --wait=false", "demo -- prog --wait=false"),
        ("--no-wait", "--no-wait"),
        ("--expose", "--expose loadbalancer"),
        ("--expose demo", "--expose loadbalancer demo"),
        ("--expose -n a", "--expose loadbalancer -n a"),
        ("--expose -- prog", "--expose loadbalancer -- prog"),
        ("--expose NodePort demo", "--expose NodePort demo"),
        ("--expose=ingress demo", "--expose=ingress demo"),
    ],
)
def test_values_of_flags(given, spelled):
    assert spell_out(PARAMS, given.split()) == (spelled.split(" ") if spelled else [])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("--wait=perhaps", "--wait 'perhaps' is not true or false"),
        ("--wait=", "--wait '' is not true or false"),
        ("-y=2", "-y '2' is not true or false"),
        ("--wait 0", "--wait 0: is '0' the value?"),
        ("--wait No demo", "--wait No: is 'No' the value?"),
        ("-n --set", "-n has no value: '--set' is an option itself"),
        ("-n --set=a=b", "-n has no value: '--set=a=b' is an option itself"),
        ("-n -y", "-n has no value: '-y' is an option itself"),
        ("-n -ny", "-n has no value: '-ny' is an option itself"),
        ("-n -- x", "-n has no value: '--' is an option itself"),
        ("--set --no-wait", "--set has no value: '--no-wait' is an option itself"),
    ],
)
def test_values_that_can_not_be_meant(given, message):
    with pytest.raises(UsageError) as caught:
        spell_out(PARAMS, given.split())
    assert caught.value.message == message
    assert spell_out(PARAMS, given.split(), strict=False)


def test_an_option_whose_value_is_being_typed_hides_no_other_word():
    assert spell_out(PARAMS, ["demo", "-n"], strict=False) == ["demo"]
    assert spell_out(PARAMS, ["demo", "-n"]) == ["demo", "-n"]


def test_the_words_of_another_command_are_left_alone():
    words = ["-y=false", "--wait=0", "list", "--wait=perhaps", "-n=x"]
    assert spell_out(PARAMS, words, only_leading=True) == ["--no-wait", "list", "--wait=perhaps", "-n=x"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("demo ls -l", ["demo", "ls"]),
        ("-n team demo --wait ls -n x", ["demo", "ls"]),
        ("-n=team --namespace=a demo -y ls", ["demo", "ls"]),
        ("--wait FALSE demo -y false ls", ["demo", "ls"]),
        ("demo -- ls", ["demo"]),
        ("- demo", ["-", "demo"]),
        ("-n", []),
        ("-nteam demo", ["demo"]),
        ("demo ls --color always", ["demo", "ls"]),
        ("demo --color always", ["demo"]),
    ],
)
def test_words_that_are_no_options(words, found):
    assert [words.split()[index] for index in positionals(PARAMS, words.split())] == found


def test_what_stands_alone_knows_its_values():
    assert set(ALONE["--expose"]) == {each.value for each in Expose}
    assert list(positionals(PARAMS, ["--expose", "demo"])) == [1]
    assert list(positionals(PARAMS, ["--expose", "nodeport", "demo"])) == [2]
