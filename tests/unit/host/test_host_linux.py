import subprocess
import sys
import time
from pathlib import Path

from vcli.processes import started

_FIRST_THREAD_ENDS = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(60,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def becomes(pid: int, wanted: str) -> bool:
    deadline = time.monotonic() + 30
    while state(pid) != wanted and time.monotonic() < deadline:
        time.sleep(0.01)
    return state(pid) == wanted


def test_a_process_runs_until_its_last_thread_has_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", _FIRST_THREAD_ENDS]) as process:
        assert becomes(process.pid, "Z")
        assert started(process.pid) is not None
        process.kill()
        deadline = time.monotonic() + 30
        while started(process.pid) is not None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert state(process.pid) == "Z"  # not reaped, and yet over
    assert started(process.pid) is None
