from dataclasses import dataclass
from typing import Annotated

import pytest
import typer

from vcli import inputs
from vcli.cli import app
from vcli.cli.options import Common, command
from vcli.cli.run import run_cli
from vcli.console import LogFormat, Output
from vcli.result import Result


@pytest.fixture
def seen(monkeypatch):
    """Run a command line of a command that shows what it was given."""
    given = []

    @command
    def probe(*, common: Common) -> Result:
        given.append(common)
        return Result()

    monkeypatch.setitem(app.COMMANDS, "probe", app.Entry("x:y", "Probe", app.OTHER))
    monkeypatch.setattr(app.importlib, "import_module", lambda _: type("m", (), {"y": staticmethod(probe)}))

    def run(*args):
        given.clear()
        code = run_cli(list(args))
        assert code == 0
        return given[0]

    return run


def test_defaults(seen):
    common = seen("probe")
    assert (common.context, common.namespace, common.timeout) == (None, None, None)
    assert (common.output, common.log_format, common.verbose) == (Output.TABLE, LogFormat.TEXT, 0)
    assert common.quiet is False


def test_before_and_after_the_command(seen):
    assert seen("-n", "a", "probe").namespace == "a"
    assert seen("probe", "-n", "a").namespace == "a"
    assert seen("-n", "a", "probe", "-n", "b").namespace == "b"
    assert seen("-v", "probe", "-vv", "-q").verbose == 3
    assert seen("-o", "json", "probe").output is Output.JSON
    assert seen("--quiet=false", "-n=a", "probe", "-o=yaml").namespace == "a"


def test_environment_comes_after_the_command_line(seen, monkeypatch):
    for name, value in {
        "CONTEXT": "kind", "KUBECONFIG": "/k", "NAMESPACE": "ns", "OUTPUT": "yaml", "QUIET": "true",
        "VERBOSE": "2", "LOG_FORMAT": "json", "TIMEOUT": "5m",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"VCLI_{name}", value)
    common = seen("probe")
    assert (common.context, common.kubeconfig, common.namespace) == ("kind", "/k", "ns")
    assert (common.output, common.log_format, common.verbose) == (Output.YAML, LogFormat.JSON, 2)
    assert (common.quiet, common.timeout) == (True, 300)
    assert seen("-n", "mine", "probe", "-o", "json").namespace == "mine"


def test_the_namespace_of_a_connected_shell_is_not_taken_for_an_option(seen, monkeypatch):
    monkeypatch.setenv("VCLI_NAME", "demo")
    monkeypatch.setenv("VCLI_NAMESPACE", "team-a")
    assert seen("probe").namespace is None


def test_nonsense_in_the_environment_is_a_usage_error(capsys, monkeypatch):
    monkeypatch.setenv("VCLI_OUTPUT", "xml")
    assert run_cli(["version"]) == 2
    assert "VCLI_OUTPUT 'xml' is not one of table, wide, json, yaml, name" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["CONTEXT", "KUBECONFIG", "NAMESPACE"])
def test_an_empty_variable_does_not_widen_what_a_command_works_on(capsys, monkeypatch, name):
    monkeypatch.setenv(f"VCLI_{name}", "")
    assert run_cli(["version"]) == 2
    said = capsys.readouterr().err
    assert said == f"error: VCLI_{name} must not be empty\nhint: unset VCLI_{name} for the default\n"


@pytest.mark.parametrize("name", ["OUTPUT", "TIMEOUT", "QUIET", "VERBOSE", "LOG_FORMAT"])
def test_other_empty_variables_are_as_good_as_none(seen, monkeypatch, name):
    monkeypatch.setenv(f"VCLI_{name}", "")
    assert seen("probe").timeout is None


def test_a_dataclass_stands_for_the_options_that_it_declares(monkeypatch, capsys):
    @dataclass(frozen=True, kw_only=True)
    class Pair:
        size: Annotated[int, typer.Option("--size", parser=inputs.whole)] = 1
        names: Annotated[list[str] | None, typer.Option("--name")] = None

    given = []

    @command
    def probe(pair: Pair, *, common: Common) -> Result:
        given.append((pair, common.namespace))
        return Result()

    monkeypatch.setitem(app.COMMANDS, "probe", app.Entry("x:y", "Probe", app.OTHER))
    monkeypatch.setattr(app.importlib, "import_module", lambda _: type("m", (), {"y": staticmethod(probe)}))
    assert run_cli(["probe", "--size", "3", "--name", "a", "--name", "b", "-n", "x"]) == 0
    assert run_cli(["probe"]) == 0
    assert given == [(Pair(size=3, names=["a", "b"]), "x"), (Pair(), None)]
    assert run_cli(["probe", "--size", "many"]) == 2
    assert "--size 'many' is not a whole number" in capsys.readouterr().err
