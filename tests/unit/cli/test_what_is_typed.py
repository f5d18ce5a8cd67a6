"""What can't be meant is refused with exit code 2, before a host is asked or anything is done."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from program import below
from typer.main import get_command

from vcli.cli import app
from vcli.cli.helptext import takes_command
from vcli.cli.run import run_cli


def commands() -> Iterator[tuple[list[str], list[Any]]]:
    """All commands as they are typed, and their parameters."""
    root = get_command(app.app)
    for name in app.COMMANDS:
        found: Any = root.get_command(None, name)
        yield from ((list(words), each.params) for words, each in below((name,), found).items())


def takes_value(param: Any) -> bool:
    if param.param_type_name == "argument":
        return not takes_command(param)
    return not param.is_flag and not param.count


CASES = [(words, params, param) for words, params in commands() for param in params if takes_value(param)]


@pytest.fixture(autouse=True)
def _nowhere(tmp_path, monkeypatch):
    """A desk without any host: to ask one would be error 6."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("VCLI_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    Path("archive.tar").touch()


def line(words: list[str], params: list[Any], chosen: Any, value: str) -> list[str]:
    """A command line where one parameter has a value; those that are required have one that is right."""
    valid = {"FILE": "archive.tar", "NAME": "demo", "NODE": "demo-2", "bash|zsh|fish": "bash"}
    typed = list(words)
    for param in params:
        if param is chosen:
            typed += [value] if param.param_type_name == "argument" else [f"{param.opts[0]}={value}"]
        elif param.required:
            typed.append(valid[param.metavar])
    return typed


@pytest.mark.parametrize(
    ("words", "params", "param"), CASES, ids=[f"{' '.join(words)} {param.name}" for words, _, param in CASES]
)
def test_nothing_takes_an_empty_value(capsys, words, params, param):
    names = [*param.opts, param.metavar] if param.param_type_name == "option" else [param.metavar]
    assert run_cli(line(words, params, param, "")) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    message = captured.err.splitlines()[0]
    assert any(message == f"error: {name} must not be empty" for name in names)


# disconnect takes the name of a context too, which may be anything.
@pytest.mark.parametrize(
    "words",
    [
        words
        for words, _, param in CASES
        if param.metavar == "NAME" and param.name == "name" and words != ["disconnect"]
    ],
)
@pytest.mark.parametrize(
    "name",
    ["Demo", "a b", "a,b", "a=b", "a!=b", "a in (b)", "ünï", "a.b", "-a-", "a-", "a\n", "x" * 64, "x" * 300],
)
def test_names_of_any_command_are_labels(capsys, words, name):
    option = words[0] in {"host", "image"}
    assert run_cli([*words, f"--name={name}" if option else "--", *([] if option else [name])]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("delete '' --delete-namespace", "NAME must not be empty"),
        ("connect '' -- ls", "NAME must not be empty"),
        ("delete demo -n ''", "--namespace must not be empty"),
        ("-n '' delete demo", "--namespace must not be empty"),
        ("delete demo -n a,b", "--namespace 'a,b' is not a DNS label"),
        ("connect demo --local-port 99999", "--local-port 99999 is not a port"),
        ("connect demo --local-port -1", "--local-port -1 is not a port"),
        ("connect demo --local-port=http", "--local-port 'http' is not a whole number"),
        ("connect demo --address nope", "--address 'nope' is not an IP address"),
        ("connect demo --address 203.0.113.9", "this machine can't listen on 203.0.113.9"),
        ("connect demo --server ftp://x", "'ftp://x' is not the https URL of an API server"),
        ("connect demo --server https://h:0", "'https://h:0' is not the https URL of an API server"),
        ("connect demo --server 'https://a b'", "'https://a b' is not the https URL of an API server"),
        ("connect demo --kube-config .", "--kube-config '.' is a folder, not a file"),
        ("connect demo --service-account a --token-expiration 1m", "--token-expiration '1m' is too short"),
        ("connect demo --service-account a --token-expiration 2000000h", "'2000000h' is too long"),
        ("connect demo --service-account a/b/c", "--service-account"),
        ("connect demo --service-account a --cluster-role a/b", "--cluster-role 'a/b'"),
        ("logs demo --tail -1", "--tail -1 is not a number of lines"),
        ("logs demo --tail 1e3", "--tail '1e3' is not a whole number"),
        ("logs demo -c Syncer", "--component 'Syncer' is not a DNS label"),
        ("list --timeout 0", "--timeout '0' is too short"),
        ("list --timeout -5", "--timeout '-5' is not a duration"),
        ("list --timeout nan", "--timeout 'nan' is not a duration"),
        ("list --timeout 999999999999s", "--timeout '999999999999s' is too long"),
        ("--timeout 0s list", "--timeout '0s' is too short"),
        ("host up --port 70000", "--port 70000 is not a port"),
        ("host up --port -1", "--port -1 is not a port"),
        ("host up --nodes 0", "--nodes 0 is not possible"),
        ("host up --nodes 100", "--nodes 100 is not possible"),
        ("host node stop A_B", "NODE 'A_B' is not a DNS label"),
        ("host up --egress some", "--egress 'some' is not one of none, public, all"),
        ("host up --name Host", '"Host" can not name a host'),
        ("list -o xml", "--output 'xml' is not one of table, wide, json, yaml, name"),
        ("list demo", "unexpected argument 'demo'"),
        ("delete a b", "unexpected argument 'b'"),
        ("create demo --wait 0", "--wait 0: is '0' the value?"),
        ("create demo --wait=maybe", "--wait 'maybe' is not true or false"),
        ("delete demo -n --delete-namespace", "-n has no value: '--delete-namespace' is an option itself"),
        ("create demo --no-wait --connect", "--connect needs a virtual cluster that is ready"),
        ("create demo --no-wait --update-current", "with --no-wait nothing is connected"),
        ("create demo --no-connect --update-current", "with --no-connect nothing is connected"),
        ("connect demo --print --kube-config x", "--print and --kube-config don't go together"),
        ("connect demo --print --update-current", "--print and --update-current don't go together"),
        ("connect demo --print -- ls", "the command and --print don't go together"),
        ("connect demo --no-update-current -- ls", "the command and --no-update-current don't go together"),
        ("connect demo --foreground -- ls", "the command and --foreground don't go together"),
        ("connect demo --", "no command stands after --"),
        ("list --kubeconfig .", "--kubeconfig '.' is a folder, not a file"),
        ("create demo --syncer-image ü", "--syncer-image 'ü' is not the name of an image"),
        ("image build --name A:", "--name 'A:' is not the name of an image"),
        ("image build --file none/x.tar", "--file 'none/x.tar': there is no folder 'none'"),
        ("image build --file .", "--file '.' is a folder, not a file"),
        ("host fly", "there is no command 'fly'"),
        ("template demo --set-string=", "--set-string must not be empty"),
    ],
)
def test_what_can_not_be_meant(capsys, typed, message):
    assert run_cli(shlex.split(typed)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err.splitlines()[0]


@pytest.mark.parametrize("name", ["CONTEXT", "KUBECONFIG", "NAMESPACE", "HOST_NAME"])
def test_an_empty_variable_is_refused_by_what_would_work_on_more(capsys, monkeypatch, name):
    monkeypatch.setenv(f"VCLI_{name}", "")
    words = ["host", "down"] if name == "HOST_NAME" else ["delete", "demo"]
    assert run_cli(words) == 2
    assert capsys.readouterr().err.startswith(f"error: VCLI_{name} must not be empty\n")


def test_an_empty_root_of_hosts_is_refused(capsys, monkeypatch):
    monkeypatch.setenv("VCLI_HOST_ROOT", "")
    assert run_cli(["host", "down"]) == 2
    assert "VCLI_HOST_ROOT must not be empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        (
            "connect demo kubectl delete pod victim -n team",
            "vcli connect demo -- kubectl delete pod victim -n team",
        ),
        ("-n x connect -n y demo ls", "vcli -n x connect -n y demo -- ls"),
        (
            "connect --update-current FALSE demo sh -c 'a b'",
            "vcli connect --update-current FALSE demo -- sh -c 'a b'",
        ),
        ("connect demo kubectl -- get pods", "vcli connect demo -- kubectl get pods"),
    ],
)
def test_a_command_stands_after_two_dashes(capsys, typed, right):
    assert run_cli(shlex.split(typed)) == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert error.endswith("a command stands after --, and its options with it")
    assert hint == f"hint: to run that command: {right}"


@pytest.mark.parametrize(
    ("flag", "into_current"),
    [
        ("--update-current FALSE", False),
        ("--update-current False", False),
        ("--update-current=0", False),
        ("--update-current=no", False),
        ("--no-update-current", False),
        ("--no-update-current=false", True),
        ("--update-current True", True),
        ("", True),
    ],
)
def test_update_current_is_understood_in_every_spelling(monkeypatch, flag, into_current):
    seen = []

    async def connect(options, *, into, steps):
        seen.append((options.name, into.default.name))
        raise AssertionError

    monkeypatch.setattr("vcli.operations.connect.connect", connect)
    assert run_cli(["connect", "demo", *flag.split()]) == 1
    assert seen == [("demo", "none" if into_current else "kubeconfig.yaml")]


def test_what_belongs_to_the_command_is_not_read(monkeypatch):
    seen = []

    async def run_child(options, command, *, steps):
        seen.append((options.namespace, command))
        return 7

    monkeypatch.setattr("vcli.operations.child.run_child", run_child)
    command = ["kubectl", "-n", "", "--wait=perhaps", "--", "-o=json"]
    assert run_cli(["connect", "demo", "-n", "team", "--", *command]) == 7
    assert seen == [("team", command)]
