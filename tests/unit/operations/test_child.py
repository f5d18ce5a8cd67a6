import asyncio
import os
import signal
import stat
import subprocess
import sys
import tempfile

import pytest

from vcli.kubeconfig.private import private_kubeconfig
from vcli.operations.child import CommandNotFoundError, NotRunnableError, check, run


def sh(script):
    return run(["sh", "-c", script], dict(os.environ))


async def there(path):
    while not path.exists():  # noqa: ASYNC110  it is another process that makes it
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 42", 42), ("kill -9 $$", 137), ("kill -HUP $$", 129)]
)
async def test_exit_codes(script, code):
    assert await sh(script) == code


async def test_what_can_not_be_run(tmp_path):
    with pytest.raises(CommandNotFoundError, match="no command 'no-such-thing'") as caught:
        await run(["no-such-thing"], dict(os.environ))
    assert caught.value.exit_code == 127
    script = tmp_path / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    with pytest.raises(NotRunnableError, match="its interpreter does not exist") as caught:
        await run([str(script)], dict(os.environ))
    assert caught.value.exit_code == 126
    script.chmod(0o644)
    with pytest.raises(NotRunnableError, match="Permission denied"):
        check([str(script)])
    with pytest.raises(NotRunnableError, match="Is a directory"):
        check([str(tmp_path)])
    check(["sh"])


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
async def test_signals_are_passed_on(tmp_path, signum):
    ready = tmp_path / "ready"
    name = signal.Signals(signum).name.removeprefix("SIG")
    task = asyncio.create_task(sh(f"trap 'exit 5' {name}; touch {ready}; while :; do sleep 0.05; done"))
    await there(ready)
    os.kill(os.getpid(), signum)
    assert await asyncio.wait_for(task, 10) == 5


async def test_handlers_are_put_back():
    before = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)]
    await sh("true")
    assert [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)] == before


async def test_what_we_were_started_to_ignore_the_command_ignores_too():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert await sh("kill -HUP $$; exit 3") == 3
    finally:
        signal.signal(signal.SIGHUP, before)


async def test_being_cancelled_ends_it(tmp_path):
    note = tmp_path / "pid"
    task = asyncio.create_task(sh(f"echo $$ > {note}.new; mv {note}.new {note}; exec sleep 100"))
    await there(note)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)


def test_what_a_killed_process_left_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code = (
        "import os; from vcli.kubeconfig.private import private_kubeconfig\n"
        "with private_kubeconfig({}): os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)}, check=False)
    assert len(list(tmp_path.iterdir())) == 1
    with private_kubeconfig({}) as mine, private_kubeconfig({}) as another:
        assert sorted(tmp_path.iterdir()) == sorted([mine.parent, another.parent])


def test_the_kubeconfig_is_private_and_gone_afterwards():
    before = os.umask(0)
    seen = []

    def fail():
        with private_kubeconfig({"a": "b"}) as path:
            seen.append(path)
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
            assert path.read_text() == "a: b\n"
            raise ZeroDivisionError

    try:
        with pytest.raises(ZeroDivisionError):
            fail()
    finally:
        os.umask(before)
    assert not seen[0].parent.exists()
