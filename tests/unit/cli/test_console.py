import io
import json
import logging
from contextlib import suppress

import pytest

from vcli.console import Console, LogFormat, Output, colors, table
from vcli.console.progress import elapsed
from vcli.errors import NotFoundError, VcliError
from vcli.result import Column, Result

ROWS = [
    {"name": "demo", "namespace": "team-a", "connected": True, "version": None},
    {"name": "longer-name", "namespace": "b", "connected": False, "version": "v1.36.3"},
]
COLUMNS = (
    Column("NAME", "name"),
    Column("NAMESPACE", "namespace"),
    Column("CONNECTED", "connected"),
    Column("VERSION", "version", wide=True),
)


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


class Pipe(io.StringIO):
    encoding = "utf-8"


def make(**options):
    options.setdefault("stderr", Pipe())
    options.setdefault("environ", {})
    return Console(stdout=io.StringIO(), **options)


def test_table_is_aligned_and_names_absent_values():
    result = Result(data=ROWS, columns=COLUMNS)
    assert make().render(result) == (
        "NAME          NAMESPACE   CONNECTED\n"  # no trailing blanks
        "demo          team-a      yes\n"
        "longer-name   b           no"
    )
    assert (
        make(output=Output.WIDE).render(result).splitlines()[1] == "demo          team-a      yes         -"
    )


def test_an_empty_list_is_an_empty_list():
    result = Result(data=[], columns=COLUMNS, messages=("none here",))
    for output, text in ((Output.JSON, "[]\n"), (Output.YAML, "[]\n"), (Output.TABLE, ""), (Output.NAME, "")):
        console = make(output=output)
        console.show(result)
        assert console.stdout.getvalue() == text
        said = '{"level": "info", "message": "none here"}' if output is Output.JSON else "none here"
        assert console.stderr.getvalue() == f"{said}\n"


def test_json_yaml_and_name():
    result = Result(data=ROWS, columns=COLUMNS)
    assert json.loads(make(output=Output.JSON).render(result)) == ROWS
    assert make(output=Output.YAML).render(result).startswith("- name: demo\n  namespace: team-a\n")
    assert make(output=Output.NAME).render(result) == "demo\nlonger-name"


def test_text_without_data_is_printed_in_every_format():
    for output in Output:
        assert make(output=output).render(Result(text="kind: Config\n")) == "kind: Config\n"


def test_table_of_nothing():
    assert table(COLUMNS, []) == ""
    assert table([], ROWS) == ""


def test_error_as_text():
    console = make()
    console.fail(NotFoundError("there is no virtual cluster demo", hint="vcli list"))
    assert console.stderr.getvalue() == "error: there is no virtual cluster demo\nhint: vcli list\n"
    assert console.stdout.getvalue() == ""


def test_error_as_json_is_the_last_line_of_stderr():
    console = make(output=Output.JSON)
    with console.step("Look"):
        pass
    console.fail(NotFoundError("no demo", hint="vcli list"))
    assert console.stdout.getvalue() == ""
    assert json.loads(console.stderr.getvalue()) == {
        "error": {"code": "NotFound", "message": "no demo", "hint": "vcli list"}
    }


@pytest.mark.parametrize(
    ("env", "terminal", "colored"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_colors(env, terminal, colored):
    stream = Terminal() if terminal else Pipe()
    assert colors(stream, env) is colored
    console = make(stderr=stream, environ=env)
    console.fail(VcliError("x"))
    assert ("\x1b[" in stream.getvalue()) is colored


def run_steps(console, *, failing=False):
    with suppress(ZeroDivisionError), console.step("Make") as step:
        step.detail("half way")
        step.detail("half way")
        _ = 1 / (not failing)
    return console.stderr.getvalue()


def test_steps_in_a_pipe_are_plain_lines():
    lines = run_steps(make()).splitlines()
    assert lines[:2] == [" • Make …", "   half way"]
    assert lines[2].startswith(" ✓ Make (")
    assert len(lines) == 3
    assert run_steps(make(), failing=True).splitlines()[2].startswith(" ✗ Make (")


def test_steps_without_unicode():
    stderr = Pipe()
    stderr.encoding = "ascii"
    text = run_steps(make(stderr=stderr))
    assert text.isascii()
    assert text.splitlines()[0] == " - Make ..."


def test_quiet_leaves_warnings_and_errors():
    console = make(quiet=True)
    run_steps(console)
    console.info("nothing")
    console.warn("careful")
    console.fail(VcliError("bad"))
    assert console.stderr.getvalue() == "warning: careful\nerror: bad\n"


def test_steps_as_json_lines():
    console = make(log_format=LogFormat.JSON)
    run_steps(console, failing=True)
    console.warn("careful")
    lines = [json.loads(line) for line in console.stderr.getvalue().splitlines()]
    assert [line.get("state", line["level"]) for line in lines] == ["begin", "detail", "failed", "warning"]
    assert lines[2]["seconds"] >= 0


def test_steps_on_a_terminal_end_with_a_tick_and_leave_no_spinner():
    terminal = Terminal()
    text = run_steps(make(stderr=terminal, environ={"TERM": "xterm"}))
    assert "✓" in text
    assert "Make" in text
    console = make(stderr=Terminal(), environ={"TERM": "xterm"})
    with console.step("Outer"):
        console.warn("careful")
        with console.step("Inner"):
            pass
    text = console.stderr.getvalue()
    assert text.index("careful") < text.index("✓ ") or "warning" in text
    assert text.count("✓") == 2


def test_confirm_needs_a_terminal(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert make().confirm("Sure?") is False


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0s"), (12.34, "12.3s"), (59.96, "60.0s"), (185, "3m05s")]
)
def test_elapsed(seconds, text):
    assert elapsed(seconds) == text


@pytest.fixture
def _log():
    """The program's logger as it was before."""
    logger = logging.getLogger("vcli")
    before = logger.handlers, logger.level, logger.propagate
    yield
    logger.handlers, logger.level, logger.propagate = before


@pytest.mark.usefixtures("_log")
def test_verbose_shows_the_programs_log():
    console = make(verbose=1)
    console.start_logging()
    logger = logging.getLogger("vcli.kube")
    logger.debug("request")
    logger.info("request", extra={"path": "/api", "status": 200})
    assert console.stderr.getvalue() == "info: vcli.kube: request path=/api status=200\n"
    console = make(verbose=2, log_format=LogFormat.JSON)
    console.start_logging()
    logger.debug("request", extra={"path": "/api"})
    assert json.loads(console.stderr.getvalue()) == {
        "level": "debug", "message": "request", "logger": "vcli.kube", "path": "/api",
    }  # fmt: skip
