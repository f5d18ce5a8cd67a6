import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from vcli.errors import TimedOutError
from vcli.kubeconfig.lock import lock_file, locked


def test_the_lock_is_where_client_go_looks_for_it(tmp_path):
    path = tmp_path / "config"
    with locked([path]) as writable:
        assert (tmp_path / "config.lock").exists()
        assert writable == {path}
    assert list(tmp_path.iterdir()) == []


def test_it_is_gone_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), locked([tmp_path / "config"]):
        raise ZeroDivisionError
    assert not (tmp_path / "config.lock").exists()


def test_it_waits_for_the_one_who_holds_it(tmp_path):
    path = tmp_path / "config"
    lock_file(path).touch()
    threading.Timer(0.3, lock_file(path).unlink).start()
    begin = time.monotonic()
    with locked([path]):
        assert time.monotonic() - begin >= 0.25


def test_what_takes_long_is_said_once(tmp_path):
    path = tmp_path / "config"
    lock_file(path).touch()
    os.utime(lock_file(path), (time.time() - 7, time.time() - 7))
    threading.Timer(1.6, lock_file(path).unlink).start()
    said = []
    with locked([path], warn=said.append):
        pass
    assert len(said) == 1
    assert f"waiting for another program to finish with {path}: its lock {path}.lock is 8s old" in said[0]
    assert "at 30s it is taken for a leftover and removed" in said[0]


def test_a_short_wait_is_not_worth_a_word(tmp_path):
    path = tmp_path / "config"
    lock_file(path).touch()
    threading.Timer(0.3, lock_file(path).unlink).start()
    said = []
    with locked([path], warn=said.append):
        pass
    assert said == []


def test_it_gives_up_with_an_error_that_names_the_lock(tmp_path):
    lock_file(tmp_path / "config").touch()
    with (
        pytest.raises(TimedOutError, match="is locked by another process") as caught,
        locked([tmp_path / "config"], timeout=0.1),
    ):
        pass
    assert str(tmp_path / "config.lock") in caught.value.hint
    assert lock_file(tmp_path / "config").exists()


def test_an_old_lock_is_removed_with_a_warning(tmp_path):
    lock = lock_file(tmp_path / "config")
    lock.touch(mode=0)  # as client-go makes it
    os.utime(lock, (time.time() - 31, time.time() - 31))
    warnings = []
    with locked([tmp_path / "config"], timeout=5, warn=warnings.append):
        pass
    assert len(warnings) == 1
    assert str(lock) in warnings[0]


def test_a_lock_whose_owner_died_is_removed_at_once(tmp_path):
    path = tmp_path / "config"
    code = (
        "import os, sys, pathlib; from vcli.kubeconfig.lock import locked\n"
        "with locked([pathlib.Path(sys.argv[1])]): os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert lock_file(path).exists()
    warnings = []
    with locked([path], timeout=1, warn=warnings.append):
        pass
    assert len(warnings) == 1


def test_a_live_owner_is_respected(tmp_path):
    with (
        locked([tmp_path / "config"]),
        pytest.raises(TimedOutError),
        locked([tmp_path / "config"], timeout=0.1, stale_after=30),
    ):
        pass


def test_who_was_taken_for_dead_leaves_the_others_lock_alone(tmp_path):
    path = tmp_path / "config"
    with locked([path]):
        lock_file(path).rename(tmp_path / "old")
        lock_file(path).write_text("somebody else")
    assert lock_file(path).read_text() == "somebody else"


def test_opposite_orders_do_not_deadlock(tmp_path):
    a, b = tmp_path / "a", tmp_path / "b"
    done = []

    def work(files):
        for _ in range(30):
            with locked(files, timeout=20):
                pass
        done.append(files)

    threads = [threading.Thread(target=work, args=(files,)) for files in ([a, b], [b, a])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(done) == 2


def test_a_link_and_its_target_are_one_file(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.touch()
    link.symlink_to(target)
    with locked([link]), pytest.raises(TimedOutError), locked([target], timeout=0.1):
        pass


def test_what_can_not_be_locked_is_not_writable():
    path = Path("/proc/self/nowhere")
    with locked([path]) as writable:
        assert writable == frozenset()


def test_a_missing_folder_is_made_for_the_owner_alone(tmp_path):
    with locked([tmp_path / ".kube" / "config"]):
        assert (tmp_path / ".kube").stat().st_mode & 0o777 == 0o700


def test_a_full_disk_takes_a_lock_that_names_nobody(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with locked([tmp_path / "config"]) as writable:
            assert lock_file(tmp_path / "config").read_text() == ""
            assert writable
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == []
