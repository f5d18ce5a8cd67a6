from dataclasses import dataclass, field

import pytest

from vcli.cli.flags import spell_out


@dataclass
class Param:
    opts: list[str]
    secondary_opts: list[str] = field(default_factory=list)
    is_flag: bool = True


PARAMS = [Param(["--wait"], ["--no-wait"]), Param(["--yes", "-y"]), Param(["--set"], is_flag=False)]


@pytest.mark.parametrize(
    ("given", "spelled"),
    [
        ("--wait=false demo", "--no-wait demo"),
        ("--wait=true demo", "--wait demo"),
        ("--wait=FALSE", "--no-wait"),
        ("--wait false demo", "--no-wait demo"),
        ("--wait true", "--wait"),
        ("--wait demo", "--wait demo"),
        ("--wait 1", "--wait 1"),
        ("--wait=perhaps", "--wait=perhaps"),
        ("--yes=false", ""),
        ("--yes false", "--yes false"),
        ("-y=true x", "-y x"),
        ("--set=false --set a=b", "--set=false --set a=b"),
        ("demo -- prog --wait=false", "demo -- prog --wait=false"),
        ("--no-wait", "--no-wait"),
    ],
)
def test_values_of_flags(given, spelled):
    assert spell_out(PARAMS, given.split()) == spelled.split()
