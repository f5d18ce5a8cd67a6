import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcli.cli import app
from vcli.cli.options import Common, command, seconds
from vcli.cli.run import run_cli
from vcli.console import LogFormat, Output
from vcli.errors import UsageError
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
    assert (common.quiet, common.yes, common.interactive) == (False, False, True)


def test_before_and_after_the_command(seen):
    assert seen("-n", "a", "probe").namespace == "a"
    assert seen("probe", "-n", "a").namespace == "a"
    assert seen("-n", "a", "probe", "-n", "b").namespace == "b"
    assert seen("-v", "probe", "-vv", "-q").verbose == 3
    assert seen("-o", "json", "--no-input", "probe").output is Output.JSON
    assert seen("--no-input", "--yes", "probe").interactive is False


def test_environment_comes_after_the_command_line(seen, monkeypatch):
    for name, value in {
        "CONTEXT": "kind", "KUBECONFIG": "/k", "NAMESPACE": "ns", "OUTPUT": "yaml", "QUIET": "true",
        "VERBOSE": "2", "LOG_FORMAT": "json", "TIMEOUT": "5m", "YES": "1", "NO_INPUT": "yes",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"VCLI_{name}", value)
    common = seen("probe")
    assert (common.context, common.kubeconfig, common.namespace) == ("kind", "/k", "ns")
    assert (common.output, common.log_format, common.verbose) == (Output.YAML, LogFormat.JSON, 2)
    assert (common.quiet, common.yes, common.interactive, common.timeout) == (True, True, False, 300)
    assert seen("-n", "mine", "probe", "-o", "json").namespace == "mine"


def test_the_namespace_of_a_connected_shell_is_not_taken_for_an_option(seen, monkeypatch):
    monkeypatch.setenv("VCLI_NAME", "demo")
    monkeypatch.setenv("VCLI_NAMESPACE", "team-a")
    assert seen("probe").namespace is None


def test_nonsense_in_the_environment_is_a_usage_error(capsys, monkeypatch):
    monkeypatch.setenv("VCLI_OUTPUT", "xml")
    assert run_cli(["version"]) == 2
    assert "VCLI_OUTPUT=xml is not one of table, wide, json, yaml, name" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "value"), [("90", 90), ("1.5", 1.5), ("30s", 30), ("5m", 300), ("1h30m", 5400), ("500ms", 0.5)]
)
def test_durations(text, value):
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "soon", "5 m", "m", "5x", "-3s"])
def test_what_is_not_a_duration(text):
    with pytest.raises(UsageError):
        seconds(text)


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_durations_add_up(hours, minutes, rest):
    assert seconds(f"{hours}h{minutes}m{rest}s") == hours * 3600 + minutes * 60 + rest
