"""``vcli connect NAME -- CMD`` on a real host."""

import json
import signal
import sys
from pathlib import Path

import pytest
from bare import Bare
from embedded import Host, Program, run
from keyboard import Keyboard, alive
from polling import eventually

VCLI = [sys.executable, "-m", "vcli"]
NAMESPACES = ["get", "namespaces", "-o", "name"]
# Without readline, which may lose what is typed while it takes the terminal back.
SHELL = ["bash", "--norc", "--noprofile", "--noediting", "-i"]


@pytest.mark.skew
def test_stdout_is_the_commands_alone(desk: Host, bare: Bare) -> None:
    """Trap 2."""
    before = desk.kubeconfig.read_bytes()
    done = desk.vcli("connect", bare.name, "-n", bare.namespace, "--", "kubectl", "get", "ns", "-o", "json")
    assert done.stderr == ""
    assert "kube-system" in [each["metadata"]["name"] for each in json.loads(done.stdout)["items"]]
    assert desk.kubeconfig.read_bytes() == before
    assert json.loads(desk.vcli("tunnels", "-o", "json").stdout) == []


def test_it_runs_also_where_that_context_is_current(desk: Host, bare: Bare, tmp_path: Path) -> None:
    """Trap 1."""
    desk.vcli("connect", bare.name, "-n", bare.namespace)
    desk.vcli("connect", bare.name, "--", "touch", str(tmp_path / "it-ran"))
    assert (tmp_path / "it-ran").exists()


def test_the_command_knows_where_it_is(desk: Host, bare: Bare) -> None:
    script = (
        'echo "$VCLI_NAME $VCLI_NAMESPACE"; echo "$KUBECONFIG"; '
        'stat -c %a "$KUBECONFIG" "$(dirname "$KUBECONFIG")"'
    )
    done = desk.vcli("connect", bare.name, "-n", bare.namespace, "--", "sh", "-c", script)
    names, path, file_mode, folder_mode = done.stdout.splitlines()
    assert (names, file_mode, folder_mode) == (f"{bare.name} {bare.namespace}", "600", "700")
    assert not Path(path).parent.exists()


def test_inside_vcli_still_means_the_host(desk: Host, bare: Bare) -> None:
    inner = [*VCLI, "list", "-n", bare.namespace, "-o", "name"]
    assert desk.vcli("connect", bare.name, "-n", bare.namespace, "--", *inner).stdout == f"{bare.name}\n"


@pytest.mark.skew
def test_stdin_reaches_the_command(desk: Host, bare: Bare) -> None:
    done = desk.vcli("connect", bare.name, "-n", bare.namespace, "--", "cat", stdin="hello")
    assert done.stdout == "hello"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["sh", "-c", "exit 7"], 7),
        (["sh", "-c", "kill -9 $$"], 137),
        (["sh", "-c", "kill -TERM $$"], 143),
        (["no-such-command"], 127),
        (["/etc/passwd"], 126),
        (["/"], 126),
    ],
)
def test_exit_codes(desk: Host, bare: Bare, command: list[str], code: int) -> None:
    """Trap 4."""
    before = set(Path(desk.env["HOME"]).glob("vcli-*"))
    env = desk.env | {"TMPDIR": desk.env["HOME"]}
    argv = [*VCLI, "connect", bare.name, "-n", bare.namespace, "--", *command]
    done = run(argv, env=env, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    assert (done.stderr == "") == (code not in {126, 127})
    assert set(Path(desk.env["HOME"]).glob("vcli-*")) == before


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_command_and_leaves_nothing(
    desk: Host, bare: Bare, tmp_path: Path, signum: int
) -> None:
    """Trap 3: an admin's kubeconfig left behind, the command an orphan."""
    note = tmp_path / "note"
    script = f'echo $$ "$KUBECONFIG" > {note}.new; mv {note}.new {note}; exec sleep 100'
    argv = [*VCLI, "connect", bare.name, "-n", bare.namespace, "--", "sh", "-c", script]
    # In a session of its own, without a terminal: what CI does.
    with Program(argv, env=desk.env, start_new_session=True) as process:
        eventually(note.exists, seconds=30)
        pid, _, path = note.read_text().strip().partition(" ")
        process.send_signal(signum)
        assert process.wait(10) == 128 + signum
    assert not alive(int(pid))
    assert not Path(path).parent.exists()


def test_a_command_that_handles_the_signal_has_the_last_word(desk: Host, bare: Bare, tmp_path: Path) -> None:
    script = f"trap 'exit 9' TERM; touch {tmp_path}/ready; while :; do sleep 0.1; done"
    argv = [*VCLI, "connect", bare.name, "-n", bare.namespace, "--", "sh", "-c", script]
    with Program(argv, env=desk.env, start_new_session=True) as process:
        eventually((tmp_path / "ready").exists, seconds=30)
        process.terminate()
        assert process.wait(10) == 9


def test_ctrl_c_belongs_to_the_command(desk: Host, bare: Bare) -> None:
    """Trap 15: the parent dies of it and leaves a REPL without a tunnel."""
    program = (
        "import subprocess\n"
        "while True:\n"
        "    try: line = input('> ')\n"
        "    except KeyboardInterrupt: print('interrupted'); continue\n"
        "    if line == 'quit': raise SystemExit(5)\n"
        "    print(subprocess.run(['kubectl', 'get', 'ns'], capture_output=True, text=True).stdout)\n"
    )
    argv = [*VCLI, "connect", bare.name, "-n", bare.namespace, "--", sys.executable, "-c", program]
    terminal = Keyboard(argv, desk.env)
    for _ in range(2):
        terminal.expect("> ")
        terminal.reading()  # a Ctrl-C between prompt and read waits for the next key, in any Python
        terminal.type("\x03")
        terminal.expect("interrupted")
    terminal.expect("> ")
    terminal.type("list\n")
    terminal.expect("kube-system")
    terminal.expect("> ")
    terminal.type("quit\n")
    assert terminal.wait() == 5


def test_a_shell_has_job_control(desk: Host, bare: Bare) -> None:
    argv = [*VCLI, "connect", bare.name, "-n", bare.namespace, "--", *SHELL]
    terminal = Keyboard(argv, desk.env | {"PS1": "ready$ ", "TERM": "dumb"})
    terminal.expect("ready$ ")
    terminal.type("sleep 100\n")
    terminal.running("sleep")
    terminal.type("\x1a")
    terminal.expect("Stopped")
    terminal.expect("ready$ ")
    terminal.type("kill %1; fg; echo code=$?\n")
    terminal.expect("code=143")
    terminal.type("sleep 100\n")
    terminal.running("sleep")
    terminal.type("\x03")
    terminal.expect("ready$ ")
    terminal.type("kubectl get ns -o name; echo done=$?\n")
    terminal.expect("namespace/default")
    terminal.expect("done=0")
    terminal.type("exit 3\n")
    assert terminal.wait() == 3


def test_suspending_suspends_both(desk: Host, bare: Bare) -> None:
    """From an interactive shell: Ctrl-Z gives the prompt back, fg goes on with the command."""
    terminal = Keyboard(SHELL, desk.env | {"PS1": "outer$ ", "TERM": "dumb"})
    terminal.expect("outer$ ")
    command = " ".join([*VCLI, "connect", bare.name, "-n", bare.namespace, "--", "sh", "-c"])
    terminal.type(f"{command} 'echo begun; read line; kubectl get ns -o name; echo got $line'\n")
    terminal.expect("begun\r\n")
    terminal.reading()
    terminal.type("\x1a")
    terminal.expect("Stopped")
    terminal.expect("outer$ ")
    terminal.reading()
    terminal.type("fg\n")
    terminal.reading()
    terminal.type("word\n")
    terminal.expect("namespace/default")
    terminal.expect("got word")
    terminal.type("exit\n")
    assert terminal.wait() == 0
