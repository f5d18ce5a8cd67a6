"""What shells offer: the answers that vcli gives them, and the shells themselves on a terminal."""

import json
import os
import pty
import re
import select
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from vcli.cli import app, completing
from vcli.cli.run import run_cli
from vcli.cli.shells import SCRIPTS, answer
from vcli.host.versions import KUBERNETES_RELEASES, minor_of
from vcli.kubeconfig.model import EXTENSION

MINORS = [minor_of(x).removeprefix("v") for x in KUBERNETES_RELEASES]
MARK = {"name": "demo", "namespace": "team", "host-context": "kind-one"}
KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "host", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [],
    "contexts": [
        {"name": "kind-one", "context": {"cluster": "host"}},
        {"name": "arn:aws:eks:one", "context": {"cluster": "host"}},
        {"name": "arn:aws:eks:two", "context": {"cluster": "host"}},
        {
            "name": "vcluster_demo_team_kind-one",
            "context": {
                "cluster": "host",
                "extensions": [
                    {
                        "name": EXTENSION,
                        "extension": {"name": "demo", "namespace": "team", "host-context": "kind-one"},
                    }
                ],
            },
        },
    ],
    "current-context": "kind-one",
}


@pytest.fixture
def desk(tmp_path, monkeypatch) -> Path:
    """A home with a kubeconfig whose host does not answer, and some files."""
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(KUBECONFIG))
    for name in ("values.yaml", "vanilla.yaml"):
        (tmp_path / name).touch()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def offered(line: str, shell: str = "zsh", breaks: str = "") -> list[str]:
    environ = {"_VCLI_COMPLETE": shell, "_VCLI_LINE": line, "_VCLI_BREAKS": breaks}
    return [each.partition("\t")[0] for each in answer(get_command(app.app), environ).splitlines()]


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("line", "candidates"),
    [
        ("vcli cre", ["create"]),
        ("vcli host u", ["up"]),
        ("vcli -n team des", ["describe"]),
        ("vcli list -o ", ["table", "wide", "json", "yaml", "name"]),
        ("vcli list --output js", ["json"]),
        ("vcli list --output=js", ["json"]),
        ("vcli -o y", ["yaml"]),
        ("vcli list --log-format ", ["text", "json"]),
        ("vcli create demo --expose ", ["nodeport", "loadbalancer", "ingress"]),
        ("vcli create demo --distro k8", ["k8s"]),
        ("vcli host up --egress ", ["none", "public", "all"]),
        ("vcli host up --kubernetes ", MINORS),
        ("vcli host build --kubernetes=1.35", ["1.35"]),
        ("vcli host load-image --kubernetes v1.36", ["v1.36"]),
        ("vcli host up --kubernetes 2", []),
        ("vcli completion ", ["bash", "zsh", "fish"]),
        ("vcli list --context ", ["arn:aws:eks:one", "arn:aws:eks:two", "kind-one"]),
        ("vcli --context k", ["kind-one"]),
        ("vcli delete demo --context=arn:aws:eks:t", ["arn:aws:eks:two"]),
        ("vcli disconnect ", ["demo"]),
        ("vcli disconnect de", ["demo"]),
        ("vcli delete demo --del", ["--delete-namespace"]),
        ("vcli logs demo --no", []),
        # Files where a file is meant, and nowhere else.
        ("vcli create demo -f ", [":files"]),
        ("vcli create demo --values=va", [":files"]),
        ("vcli create demo -f a.yaml -f ", [":files"]),
        ("vcli list --kubeconfig ", [":files"]),
        ("vcli --kubeconfig ", [":files"]),
        ("vcli connect demo --kube-config ", [":files"]),
        ("vcli image build -f ", [":files"]),
        ("vcli image push ", [":files"]),
        ("vcli host load-image ", [":files"]),
        ("vcli create ", []),
        ("vcli create demo ", []),
        ("vcli delete demo ", []),
        ("vcli connect demo ", []),
        ("vcli list ", []),
        ("vcli create demo --set ", []),
        ("vcli list --timeout ", []),
        # Half-written and wrong lines.
        ("vcli logs demo --tail x -o ", ["table", "wide", "json", "yaml", "name"]),
        ("vcli create demo --wait=perhaps --expose n", ["nodeport"]),
        ("vcli list 'unclosed -o ", []),
        ("vcli nonsense ", []),
        ("vcli delete '' -o j", ["json"]),
        ("", None),
    ],
)
def test_answers(line, candidates):
    found = offered(line)
    if candidates is None:
        assert "create" in found
    else:
        assert found == candidates


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("line", ["vcli delete ", "vcli list -n ", "vcli logs demo -c ", "vcli connect "])
def test_a_host_that_does_not_answer_is_no_noise(capfd, line):
    assert offered(line) == []
    assert capfd.readouterr() == ("", "")


def test_a_flag_that_was_given_needs_no_file(desk, monkeypatch):
    (desk / "other").write_text(yaml.safe_dump({**KUBECONFIG, "contexts": KUBECONFIG["contexts"][:1]}))
    monkeypatch.setenv("KUBECONFIG", "")
    assert offered(f"vcli --kubeconfig {desk}/other list --context ") == ["kind-one"]
    assert offered(f"vcli list --kubeconfig={desk}/other --context ") == ["kind-one"]
    monkeypatch.setenv("VCLI_KUBECONFIG", f"{desk}/other")
    assert offered("vcli list --context ") == ["kind-one"]
    monkeypatch.setenv("VCLI_KUBECONFIG", "")
    assert offered("vcli list --context ") == []


@pytest.mark.usefixtures("desk")
def test_bash_gets_what_follows_its_own_breaks():
    assert offered("vcli list --context arn:aws:eks:t", "bash", "=: ") == ["two"]
    assert offered("vcli list --context=arn:aws:eks:t", "bash", "=: ") == ["two"]
    assert offered("vcli list --context arn:aws:eks:t", "bash", " ") == ["arn:aws:eks:two"]
    assert offered("vcli list --output=j", "bash", "=: ") == ["json"]
    assert offered("vcli list --output=j", "bash", " ") == ["--output=json"]
    assert offered("vcli list --output=j", "fish") == ["--output=json"]


def test_an_answer_takes_a_second_at_most(desk, monkeypatch, capsys):
    monkeypatch.setenv("_VCLI_COMPLETE", "bash")
    monkeypatch.setenv("_VCLI_LINE", "vcli list -o j")
    guarded = []
    monkeypatch.setattr(completing, "guard", lambda: guarded.append(True))
    assert run_cli([]) == 0
    assert (guarded, capsys.readouterr()) == ([True], ("json\n", ""))


# --- real shells


# As vcli, but a busy machine is no failure; and it only shows what it is run with.
SHIM = """
import json, os, sys
if "_VCLI_COMPLETE" not in os.environ:
    sys.exit(print("ran:", json.dumps(sys.argv[1:])))
from vcli.cli import completing
completing.LIMIT_SECONDS = 60
from vcli.cli.run import run_cli
sys.exit(run_cli())
"""


START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "bind 'set enable-bracketed-paste off'"),
    "zsh": (["zsh", "-f", "-i"], "autoload -U compinit; compinit -u -D"),
    "fish": (["fish", "--no-config", "-i", "-C", "function fish_prompt; echo -n 'ready> '; end"], "true"),
}


class Shell:
    """A shell on a terminal that has read the script of vcli."""

    def __init__(self, name: str, folder: Path) -> None:
        shim = folder / "bin" / "vcli"
        shim.parent.mkdir()
        shim.write_text(f"#!{sys.executable}\n{SHIM}")
        shim.chmod(0o755)
        script = folder / "completion"
        script.write_text(SCRIPTS[name])
        argv, begin = START[name]
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            env = {**os.environ, "PATH": f"{shim.parent}:{os.environ['PATH']}", "TERM": "dumb"}
            prompt = {"PS1": "ready> ", "PROMPT": "ready> ", "COLUMNS": "200"}
            os.execvpe(argv[0], argv, env | prompt | {"XDG_CONFIG_HOME": str(folder)})  # noqa: S606
        self.seen = ""
        self.expect("ready> ")
        self.type(f"{begin}; . {script}; echo loa''ded\n")
        self.expect("loaded\r\n")
        self.expect("ready> ")

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def expect(self, text: str, seconds: float = 90) -> str:
        until = time.monotonic() + seconds
        while text not in self.seen:
            ready, _, _ = select.select([self._fd], [], [], max(until - time.monotonic(), 0))
            assert ready, f"{text!r} did not come: {self.seen!r}"
            raw = os.read(self._fd, 65536).decode(errors="replace")
            self.seen += re.sub(r"\x1b(\[[0-9;?]*[A-Za-z]|[=>(][0-9A-Z]?|\][^\x07]*\x07)", "", raw)
        before, _, self.seen = self.seen.partition(text)
        return before

    def run(self, line: str) -> list[str]:
        """Type a line, a tab and the return key; the words that vcli is run with."""
        self.type(f"{line}\t\n")
        self.expect("ran: ")
        words: list[str] = json.loads(self.expect("\r\n"))
        self.expect("ready> ")
        return words

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._fd)


@pytest.fixture(params=["bash", "zsh", "fish"])
def shell(request, desk) -> Iterator[Shell]:
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    running = Shell(request.param, desk)
    yield running
    running.close()


def test_a_shell_completes(shell):
    assert shell.run("vcli comple") == ["completion"]
    assert shell.run("vcli list -o js") == ["list", "-o", "json"]
    assert shell.run("vcli list --output=js") == ["list", "--output=json"]
    assert shell.run("vcli list --context arn:aws:eks:t") == ["list", "--context", "arn:aws:eks:two"]
    assert shell.run("vcli list --context=ki") == ["list", "--context=kind-one"]
    assert shell.run("vcli disconnect d") == ["disconnect", "demo"]
    # Files where one is meant, nothing where a name is.
    assert shell.run("vcli create demo -f val") == ["create", "demo", "-f", "values.yaml"]
    assert shell.run("vcli create demo --values=val") == ["create", "demo", "--values=values.yaml"]
    assert shell.run("vcli delete val") == ["delete", "val"]
    assert shell.run("vcli delete demo val") == ["delete", "demo", "val"]
    # What follows -- is another program's line.
    assert shell.run("vcli connect demo -- mkfif") == ["connect", "demo", "--", "mkfifo"]
    assert shell.run("vcli connect demo -- cat val") == ["connect", "demo", "--", "cat", "values.yaml"]


def test_no_timer_runs_on_when_the_answer_is_given(monkeypatch, capsys):
    """The interpreter takes a while to end, and SIGALRM kills a process that handles it no more."""
    monkeypatch.setenv("_VCLI_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "vcli vers")
    monkeypatch.setenv("COMP_CWORD", "1")
    before = signal.getsignal(signal.SIGALRM)
    try:
        assert run_cli([]) == 0
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert "version" in capsys.readouterr().out
