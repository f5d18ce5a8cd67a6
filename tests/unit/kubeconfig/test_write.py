import errno
import os
import resource
import signal
import subprocess
import sys

import pytest

from vcli.kubeconfig.read import KubeconfigError
from vcli.kubeconfig.write import _overwrite, write


def mode(path):
    return path.stat().st_mode & 0o777


def test_a_new_file_is_private_and_so_is_its_folder(tmp_path):
    before = os.umask(0)
    try:
        write(tmp_path / "x" / ".kube" / "config", "hello")
    finally:
        os.umask(before)
    assert mode(tmp_path / "x" / ".kube" / "config") == 0o600
    assert mode(tmp_path / "x" / ".kube") == 0o700


def test_a_file_that_others_can_read_gets_no_key(tmp_path):
    path = tmp_path / "config"
    path.touch(mode=0o644)
    assert write(path, "key")
    assert mode(path) == 0o600


def test_the_mode_stays_where_no_key_is_added(tmp_path):
    path = tmp_path / "config"
    path.touch()
    path.chmod(0o640)
    assert not write(path, "no key", private=False)
    assert mode(path) == 0o640


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    target = tmp_path / "real" / "config"
    target.write_text("old")
    link = tmp_path / "config"
    link.symlink_to("real/config")
    write(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert [path.name for path in (tmp_path / "real").iterdir()] == ["config"]


def test_a_link_to_nothing_makes_its_target(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "later" / "config")
    write(tmp_path / "link", "new")
    assert (tmp_path / "later" / "config").read_text() == "new"


def test_another_link_to_the_old_content_shows_that_it_was_replaced_whole(tmp_path):
    path = tmp_path / "config"
    path.write_text("old")
    os.link(path, tmp_path / "hard")
    write(path, "new")
    assert (tmp_path / "hard").read_text() == "old"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, as sudo does")
def test_under_sudo_the_owner_stays(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 1000, 1000)
    write(home / ".kube" / "config", "x")
    for path in (home / ".kube", home / ".kube" / "config"):
        assert (path.stat().st_uid, path.stat().st_gid) == (1000, 1000)
    os.chown(home / ".kube" / "config", 1001, 1002)
    write(home / ".kube" / "config", "y")
    assert ((home / ".kube" / "config").stat().st_uid, (home / ".kube" / "config").stat().st_gid) == (
        1001,
        1002,
    )


def test_a_full_disk_leaves_the_old_content(tmp_path):
    path = tmp_path / "config"
    path.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(KubeconfigError, match="it is as it was"):
            write(path, "x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["config"]


def test_in_place_a_full_disk_leaves_the_old_content_too(tmp_path):
    path = tmp_path / "config"
    path.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
            _overwrite(path, "x" * 5000, mode=0o600)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_text() == "old"


def test_in_place_shorter_and_longer(tmp_path):
    path = tmp_path / "config"
    path.write_text("old")
    for text in ("longer than before", "x", ""):
        _overwrite(path, text, mode=0o600)
        assert path.read_text() == text


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_file_that_is_a_mount_is_written_in_place(tmp_path):
    path, behind = tmp_path / "config", tmp_path / "behind"
    path.write_text("")
    behind.write_text("old")
    code = (
        "import sys, pathlib, subprocess; from vcli.kubeconfig.write import write\n"
        "subprocess.run(['mount', '--bind', sys.argv[2], sys.argv[1]], check=True)\n"
        "write(pathlib.Path(sys.argv[1]), 'new')"
    )
    done = subprocess.run(
        ["unshare", "--mount", sys.executable, "-c", code, str(path), str(behind)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare failed" in done.stderr or "permission denied" in done.stderr.lower():
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    assert behind.read_text() == "new"


def test_a_folder_in_its_place_is_a_clear_error(tmp_path):
    with pytest.raises(KubeconfigError, match="not a regular file"):
        write(tmp_path, "x")


def test_what_a_killed_writer_left_is_removed(tmp_path):
    path = tmp_path / "config"
    code = (
        "import os, signal, sys; from pathlib import Path; from vcli.kubeconfig import write;"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL); write.write(Path(sys.argv[1]), 'key')"
    )
    for name in (".config.swp", ".other.abcd1234.tmp", ".config.tmp"):
        (tmp_path / name).write_text("not ours")
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(list(tmp_path.glob(".config.*.tmp"))) == 1
    write(path, "new")
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        ".config.swp",
        ".config.tmp",
        ".other.abcd1234.tmp",
        "config",
    ]
