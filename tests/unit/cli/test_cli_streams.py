"""Standard streams that can't be used, with real processes: the interpreter's own end counts too."""

import json
import os
import shlex
import subprocess
import sys

import pytest

PROGRAM = f"{shlex.quote(sys.executable)} -m vcli"


def shell(line, *, text=True, **env):
    """Run a line of bash, in which ``vcli`` is the program; exit code, stdout, stderr."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("VCLI_")}
    done = subprocess.run(
        ["bash", "-c", f'vcli() {{ {PROGRAM} "$@"; }}; {line}'],
        capture_output=True,
        text=text,
        env=clean | env,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "command", ["version", "--version", "-V", "--help", "template demo", "completion bash"]
)
def test_closed_stdout(command):
    assert shell(f"vcli {command} >&-") == (
        1,
        "",
        (
            "error: can't write to standard output: Bad file descriptor\n"
            "hint: redirect it to a file or a program\n"
        ),
    )


@pytest.mark.parametrize("command", ["version", "--version", "--help", "template demo -o json"])
def test_a_full_disk(command):
    code, out, err = shell(f"vcli {command} >/dev/full")
    assert (code, out) == (1, "")
    assert "can't write to standard output: No space left on device" in err
    assert len(err.splitlines()) == (1 if "json" in command else 2)


@pytest.mark.parametrize("command", ["version", "--version", "--help", "template demo"])
def test_a_reader_that_has_ended(command):
    code, _, err = shell(f"vcli {command} | true; exit ${{PIPESTATUS[0]}}")
    assert code in {0, 141}
    assert err == ""


@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full", "2> >(true)"])
@pytest.mark.parametrize(("command", "code"), [("version", 0), ("nothing", 2), ("template UPPER", 2)])
def test_stderr_that_can_not_be_written_changes_nothing(stderr, command, code):
    expected = shell(f"vcli {command}")
    assert expected[0] == code
    assert shell(f"sleep 0.1; vcli {command} {stderr}")[:2] == expected[:2]


def test_everything_closed():
    assert shell("vcli version <&- >&- 2>&-")[0] == 1
    assert shell("vcli nothing <&- >&- 2>&-")[0] == 2


def test_closed_stdin():
    assert shell("vcli version <&-")[0] == 0
    code, out, err = shell("vcli template demo -f - <&-")
    assert (code, out) == (2, "")
    assert err == "error: values file <stdin> can't be read: Bad file descriptor\n"


def test_stdin_that_is_no_text():
    code, out, err = shell("printf '\\xff' | vcli template demo -f -")
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert "<stdin>" in err


def test_files_do_not_get_the_descriptors_of_closed_streams(tmp_path):
    """What is written to a closed stream must not end up in a file that was opened next."""
    values = tmp_path / "values.yaml"
    values.write_text("{}")
    assert shell(f"vcli template UPPER -f {values} >&- 2>&-")[0] == 2
    assert values.read_text() == "{}"


@pytest.mark.parametrize("env", [{"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"PYTHONIOENCODING": "ascii"}])
def test_characters_that_the_encoding_lacks(env):
    code, _, err = shell("vcli template näive", text=False, **env)
    assert code == 2
    assert b"n\xc3\xa4ive" in err or b"n\\xe4ive" in err
    code, out, _ = shell("vcli template demo -o json", text=False, **env)
    assert code == 0
    assert json.loads(out)["kind"] == "List"


def test_arguments_that_are_no_text():
    code, out, err = shell("vcli template $'caf\\xe9'")
    assert (code, out) == (2, "")
    assert "caf\\udce9" in err
