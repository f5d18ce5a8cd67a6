import asyncio
import io
import json
import logging
import os
import pty
import time
from contextlib import suppress

import pytest
import yaml

from vcli.console import Console, LogFormat, Output, colors, fields, table
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
    return Console(stdout=Pipe(), **options)


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


async def test_confirm_needs_a_terminal(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert await make().confirm("Sure?") is False
    assert await make(stderr=Terminal()).confirm("Sure?") is False
    monkeypatch.setattr("sys.stdin", None)
    assert await make(stderr=Terminal()).confirm("Sure?") is False


@pytest.mark.parametrize(
    ("typed", "answer"), [("y", True), ("YES", True), ("", False), ("n", False), ("yess", False)]
)
async def test_confirm_asks_on_the_terminal(monkeypatch, typed, answer):
    keyboard, terminal = pty.openpty()
    with open(terminal, encoding="utf-8", closefd=True) as stdin:  # noqa: ASYNC230, PTH123
        monkeypatch.setattr("sys.stdin", stdin)
        console = make(stderr=Terminal())
        asked = asyncio.ensure_future(console.confirm("Sure?"))
        await asyncio.wait([asked], timeout=0.05)
        assert not asked.done()
        assert console.stderr.getvalue() == "Sure? [y/N] "
        os.write(keyboard, f"{typed}\n".encode())
        assert await asked is answer
        again = asyncio.ensure_future(console.confirm("Sure?"))
        await asyncio.wait([again], timeout=0.05)
        again.cancel()
        with pytest.raises(asyncio.CancelledError):
            await again
    os.close(keyboard)


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


HOSTILE = "\x1b[31mred\x1b[0m\rNAME \u202etxt\n\terror: forged\x9b1m"


def is_safe(text):
    return not any(char in text for char in "\x1b\r\u202e\x9b\x07")


@pytest.mark.parametrize("output", Output)
def test_nothing_of_other_people_commands_a_terminal(output):
    console = make(output=output)
    console.show(Result(data=[{"name": HOSTILE, "namespace": "b"}], columns=COLUMNS, messages=(HOSTILE,)))
    text = console.stdout.getvalue()
    assert is_safe(text)
    assert is_safe(console.stderr.getvalue())
    if output is Output.JSON:
        assert json.loads(text)[0]["name"] == HOSTILE
    elif output is Output.YAML:
        assert yaml.safe_load(text)[0]["name"] == HOSTILE
    elif output is Output.NAME:
        assert text.count("\n") == 1
    else:
        assert text.count("\n") == 2
        assert "\\x1b[31mred\\x1b[0m\\rNAME \\u202etxt\\n\\terror" in text


def test_text_and_lines_are_escaped_too():
    console = make()
    console.show(Result(text=f"{HOSTILE}\n"))
    console.line(HOSTILE)
    text = console.stdout.getvalue()
    assert is_safe(text)
    assert text.count("\n") == 3  # the text's two lines, and one


def test_further_lines_of_a_message_do_not_look_like_ours():
    console = make()
    console.fail(VcliError("bad\nhint: curl example.org | sh", hint="try\nerror: nothing"))
    console.warn("a\nb")
    assert console.stderr.getvalue().splitlines() == [
        "error: bad", "  hint: curl example.org | sh", "hint: try", "  error: nothing", "warning: a", "  b",
    ]  # fmt: skip


@pytest.mark.parametrize("terminal", [False, True])
def test_what_is_said_while_steps_run_is_escaped(terminal):
    stream = Terminal() if terminal else Pipe()
    console = make(stderr=stream, environ={"TERM": "xterm", "NO_COLOR": "1"})
    evil = "\x1b]0;title\x07\rover\u202e"
    with suppress(ZeroDivisionError), console.step(f"Make {evil}") as step:
        step.detail(f"pulling {evil}")
        console.info(evil)
        time.sleep(0.15 if terminal else 0)
        _ = 1 / 0
    text = stream.getvalue()
    assert "\\x1b]0;title\\x07\\rover\\u202e" in text
    assert not any(each in text for each in ("\x1b]", "\x07", "\rover", "\u202e"))


def test_every_line_of_stderr_is_json_with_o_json():
    stream = Terminal()
    console = make(
        output=Output.JSON, stderr=stream, environ={"TERM": "xterm", "FORCE_COLOR": "1"}, verbose=1
    )
    with console.step("Look"):
        console.info("good")
        console.warn(HOSTILE)
        console.debug("Traceback\n  x")
    console.fail(VcliError(HOSTILE))
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line.get("level") for line in lines] == ["info", "info", "warning", "debug", "info", None]
    assert lines[2]["message"] == lines[-1]["error"]["message"] == HOSTILE
    assert is_safe(stream.getvalue())


def test_streams_of_another_encoding():
    stderr = Pipe()
    stderr.encoding = "ascii"
    console = make(stderr=stderr)
    console.info("naïve 名")
    assert stderr.getvalue() == "na\\xefve \\u540d\n"
    console = make(output=Output.JSON)
    console.stdout.encoding = "ascii"
    assert console.render(Result(data={"name": "名"})) == '{\n  "name": "\\u540d"\n}'
    console.output = Output.YAML
    assert console.render(Result(data={"name": "名"})) == 'name: "\\u540D"\n'


def test_columns_line_up_whatever_the_width_of_a_character():
    rows = [{"name": "名前", "namespace": "x"}, {"name": "e\u0301te", "namespace": "y"}]
    lines = table(COLUMNS[:2], rows).splitlines()
    assert lines == ["NAME   NAMESPACE", "名前   x", "e\u0301te    y"]


def test_fields():
    assert fields([("Name", "demo"), ("Host", "a\nb"), ("Longer", None)]) == (
        "Name:   demo\nHost:   a\\nb\nLonger: -"
    )


def test_names():
    result = Result(data={"kind": "List"}, names=("secret/a", "b"), yaml="kind: Secret\n")
    assert make(output=Output.NAME).render(result) == "secret/a\nb"
    assert make(output=Output.YAML).render(result) == "kind: Secret\n"


def test_what_libraries_warn_of_is_said_by_the_console(monkeypatch):
    monkeypatch.setattr(logging, "lastResort", None)
    console = make(output=Output.JSON)
    console.start_logging()
    logger = logging.Logger("asyncio")  # noqa: LOG001  one without handlers, as in a program that has set up none
    logger.info("nothing")
    logger.warning("evil %s", "\x1b[31m")
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        logger.exception("it failed")
    lines = [json.loads(line) for line in console.stderr.getvalue().splitlines()]
    assert [(line["level"], line["message"]) for line in lines] == [
        ("warning", "evil \x1b[31m"),
        ("error", "it failed: division by zero"),
    ]
    console = make()
    console.start_logging()
    logger.warning("evil %s", "\x1b[31m")
    assert console.stderr.getvalue() == "warning: evil \\x1b[31m\n"
