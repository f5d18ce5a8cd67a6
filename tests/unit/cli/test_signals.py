import asyncio
import os
import signal
import subprocess
import sys
import time

import pytest

from vcli.cli.signals import SignalledError, ended_by_signals, run

SCRIPT = """
import asyncio, sys
from vcli.cli import app
from vcli.cli.options import command
from vcli.cli.run import run_cli

@command
async def probe():
    try:
        print("ready", flush=True)
        await asyncio.sleep(30)
    finally:
        await asyncio.sleep(0.05)
        print("cleaned", flush=True)

app.COMMANDS["probe"] = app.Entry("x:y", "", app.OTHER)
app.importlib.import_module = lambda _: type("m", (), {"y": staticmethod(probe)})
sys.exit(run_cli(["probe"]))
"""


@pytest.mark.parametrize(
    ("signum", "code", "said"),
    [
        (signal.SIGINT, 130, "error: interrupted\n"),
        (signal.SIGTERM, 143, "error: ended by SIGTERM\n"),
        (signal.SIGHUP, 129, "error: ended by SIGHUP\n"),
    ],
)
def test_signals_clean_up_first(signum, code, said):
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signum)
        out, err = child.communicate(timeout=10)
    assert (child.returncode, out, err) == (code, "cleaned\n", said)


def test_a_result_is_handed_through():
    async def work():
        await asyncio.sleep(0)
        return 7

    assert run(work()) == 7


def test_who_catches_the_signal_has_the_last_word():
    async def work():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            return "fine"

    assert run(work()) == "fine"


def test_a_cancellation_of_other_origin_is_not_a_signal():
    async def work():
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(work())


def test_the_second_signal_does_not_wait_for_a_stuck_clean_up():
    async def work():
        try:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(30)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(30)

    started = time.monotonic()
    with pytest.raises(SignalledError) as raised:
        run(work())
    assert raised.value.exit_code == 130
    assert time.monotonic() - started < 5


def test_ignored_signals_stay_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:

        async def work():
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(0.05)
            return "alive"

        assert run(work()) == "alive"
    finally:
        signal.signal(signal.SIGHUP, before)


LOST = """
import os, signal, sys, weakref

class Thing: pass

class Finder:
    '''As the import of a module that is interrupted where an exception can't be raised.'''

    def find_spec(self, name, path=None, target=None):
        if name == "vcli.cli.run":
            thing = Thing()
            callback = weakref.ref(thing, lambda _: os.kill(os.getpid(), signal.SIGINT))
            del thing

sys.meta_path.insert(0, Finder())
sys.argv = ["vcli", "--help"]
from vcli.__main__ import main
main()
"""


def test_ctrl_c_is_not_lost_while_modules_are_imported():
    done = subprocess.run(
        [sys.executable, "-c", LOST], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_a_block_ends_by_signals_and_leaves_them_as_they_were():
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    cleaned = []
    with pytest.raises(SignalledError) as raised, ended_by_signals():  # noqa: PT012
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(30)
        finally:
            cleaned.append(True)
    assert (raised.value.exit_code, cleaned) == (143, [True])
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
