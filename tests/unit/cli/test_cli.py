"""The program from outside: exit code, stdout and stderr together."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import vcli
from vcli.cli import app
from vcli.cli.options import command
from vcli.cli.run import run_cli
from vcli.errors import (
    ConflictError,
    NotAllowedError,
    NotFoundError,
    TimedOutError,
    UnreachableError,
    UsageError,
    VcliError,
)
from vcli.result import Result

PUBLIC = [name for name, entry in app.COMMANDS.items() if entry.is_listed]


def run(capsys, *args):
    code = run_cli(list(args))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def program(*args, **env):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("VCLI_")}
    return subprocess.run(
        [sys.executable, "-m", "vcli", *args], capture_output=True, text=True, env=clean | env, check=False
    )


@pytest.fixture
def probe(monkeypatch):
    """Enter a command `probe` that does what the test says."""

    def enter(function):
        monkeypatch.setitem(app.COMMANDS, "probe", app.Entry("x:y", "Probe", app.OTHER))
        module = type("module", (), {"y": staticmethod(command(function))})
        monkeypatch.setattr(app.importlib, "import_module", lambda _: module)

    return enter


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_version(capsys, flag):
    assert run(capsys, flag) == (0, f"vcli {vcli.__version__}\n", "")
    done = program(flag)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"vcli {vcli.__version__}\n", "")


def test_version_imports_nothing():
    code = "import sys; sys.argv[1:] = ['-V']; from vcli.__main__ import main; main(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"typer", "rich", "yaml", "asyncio", "httpx", "pydantic"} & set(done.stdout.split())


def test_help_of_the_program_imports_no_command_and_nothing_heavy():
    code = "import sys; from vcli.cli.run import run_cli; run_cli(['--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not {"rich", "yaml", "httpx", "cryptography", "kubernetes", "pydantic"} & loaded
    assert not {entry.target.partition(":")[0] for entry in app.COMMANDS.values()} & loaded


def test_a_command_imports_nothing_heavy_that_it_does_not_need():
    code = "import sys; from vcli.cli.run import run_cli; run_cli(['version']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not {"rich", "yaml", "httpx", "cryptography", "kubernetes", "pydantic", "asyncio"} & loaded


def test_no_arguments_show_the_help(capsys):
    code, out, err = run(capsys)
    assert (code, err) == (0, "")
    assert out.startswith("Usage: vcli [OPTIONS] COMMAND [ARGS]...")
    assert all(name in out for name in PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_help_of_every_command(capsys, name):
    code, out, err = run(capsys, name, "-h")
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: vcli {name}")
    assert all(len(line) <= 100 for line in out.splitlines())
    assert run(capsys, name, "--help") == (code, out, err)


def test_unknown_command(capsys):
    assert run(capsys, "crate") == (
        2, "", "error: there is no command 'crate'\nhint: did you mean 'vcli create'?\n",
    )  # fmt: skip
    assert run(capsys, "xyzzy") == (
        2, "", "error: there is no command 'xyzzy'\nhint: run 'vcli --help' for the list\n",
    )  # fmt: skip


def test_unknown_option(capsys):
    assert run(capsys, "version", "--outptu") == (
        2,
        "",
        (
            "error: no such option: --outptu (Possible options: --output)\n"
            "hint: run 'vcli version --help' for the options\n"
        ),
    )


@pytest.mark.parametrize("asked", [["-o", "json"], ["-ojson"], ["--output=json"], ["--output", "json"]])
def test_usage_errors_are_json_when_json_is_asked_for(capsys, asked):
    code, out, err = run(capsys, "version", "--xyz", *asked)
    assert (code, out) == (2, "")
    assert json.loads(err)["error"]["code"] == "Usage"
    code, out, err = run(capsys, *asked, "crate")
    assert json.loads(err)["error"] == {
        "code": "Usage", "message": "there is no command 'crate'", "hint": "did you mean 'vcli create'?",
    }  # fmt: skip


def test_a_childs_json_is_not_ours(capsys):
    assert run(capsys, "version", "--xyz", "--", "-o", "json")[2].startswith("error: ")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (VcliError, 1),
        (UsageError, 2),
        (NotFoundError, 3),
        (TimedOutError, 4),
        (ConflictError, 5),
        (UnreachableError, 6),
        (NotAllowedError, 6),
    ],
)
def test_exit_codes(capsys, probe, error, code):
    def fail():
        raise error("it is so", hint="try that")

    probe(fail)
    assert run(capsys, "probe") == (code, "", "error: it is so\nhint: try that\n")
    status, out, err = run(capsys, "-o", "json", "probe")
    assert (status, out) == (code, "")
    assert json.loads(err) == {"error": {"code": error.code, "message": "it is so", "hint": "try that"}}


def test_the_exit_code_of_a_child(capsys, probe):
    probe(lambda: Result(exit_code=42))
    assert run(capsys, "probe") == (42, "", "")


def test_unexpected_errors_say_how_to_see_more(capsys, probe, monkeypatch):
    def fail():
        return {}["key"]

    probe(fail)
    code, out, err = run(capsys, "probe")
    assert (code, out) == (1, "")
    assert err.splitlines()[0] == "error: unexpected error: KeyError: 'key'"
    assert "VCLI_DEBUG=1" in err
    assert "Traceback" not in err
    monkeypatch.setenv("VCLI_DEBUG", "1")
    code, out, err = run(capsys, "probe")
    assert (code, out) == (1, "")
    assert "Traceback" in err


def test_ctrl_c(capsys, probe):
    def interrupted():
        raise KeyboardInterrupt

    probe(interrupted)
    assert run(capsys, "probe")[:2] == (130, "")


def test_a_reader_that_has_gone():
    done = subprocess.run(
        ["bash", "-c", f"'{sys.executable}' -m vcli --help | true; echo ${{PIPESTATUS[0]}}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() in {"0", "141"}
    assert done.stderr == ""


def test_data_that_nobody_reads(probe, monkeypatch):
    read, write = os.pipe()
    os.close(read)
    probe(lambda: Result(text="x" * 100_000))
    with os.fdopen(write, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        assert run_cli(["probe"]) == 141


def test_entries_are_complete():
    for name, entry in app.COMMANDS.items():
        module = entry.target.partition(":")[0]
        path = Path(vcli.__file__).parent.parent / (module.replace(".", "/") + ".py")
        assert path.is_file(), f"{name}: {path} is not there"
        assert entry.alias_of is None or entry.alias_of in app.COMMANDS


def test_the_reference_is_what_the_program_says():
    root = Path(vcli.__file__).parents[1]
    code = "import sys, cli_reference; sys.stdout.write(cli_reference.reference())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root / "scripts", capture_output=True, text=True, check=True
    )
    written = (root / "docs" / "reference" / "cli.md").read_text()
    assert done.stdout == written, "run: python scripts/cli_reference.py"
