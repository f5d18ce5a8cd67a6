import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from strategies import ENTRY

from vcli.errors import ConflictError
from vcli.kubeconfig.change import add, drop
from vcli.kubeconfig.model import View
from vcli.kubeconfig.paths import Sources
from vcli.kubeconfig.read import KubeconfigError, load

ONE = """
import pathlib, sys
from dataclasses import replace
sys.path.insert(0, sys.argv[3])
from strategies import ENTRY
from vcli.kubeconfig.change import add
from vcli.kubeconfig.paths import Sources
sources = Sources((pathlib.Path(sys.argv[1]),))
for number in range(4):
    name = f"{sys.argv[2]}-{number}"
    entry = replace(ENTRY, name=name, mark=replace(ENTRY.mark, name=name))
    add(sources, entry, make_current=True, warn=print)
"""


def quiet(text):
    raise AssertionError(text)


def view(sources):
    return View({path: file.data for path, file in load(sources).items()})


def test_processes_at_once_lose_nothing(tmp_path):
    """Trap 9: two processes that write at once, each the whole file."""
    path = tmp_path / "config"
    path.write_text("# mine\nusers: [{name: me, user: {}}]\n")
    here = str((tmp_path / __file__).parent)
    running = [subprocess.Popen([sys.executable, "-c", ONE, str(path), name, here]) for name in "abcd"]
    assert [process.wait(60) for process in running] == [0] * 4
    found = view(Sources((path,)))
    assert sorted(found.ours()) == sorted(f"{name}-{number}" for name in "abcd" for number in range(4))
    assert "me" in found.names("users")
    removal = drop(Sources((path,)), lambda data: list(View(data).ours()), warn=quiet)
    assert len(removal.removed) == 16
    assert sorted(tmp_path.iterdir()) == [path]


def test_only_files_that_change_are_written(tmp_path):
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_text("current-context: x\n")
    b.write_text("x:   1\n")
    before = b.stat()
    add(Sources((a, b)), ENTRY, make_current=True, warn=lambda _: None)
    assert b.stat() == before
    assert ENTRY.name in a.read_text()


def test_a_conflict_writes_nothing(tmp_path):
    path = tmp_path / "config"
    text = f"contexts: [{{name: {ENTRY.name}, context: {{cluster: a, user: b}}}}]\n"
    path.write_text(text)
    with pytest.raises(ConflictError):
        add(Sources((path,)), ENTRY, make_current=True, warn=quiet)
    assert path.read_text() == text
    assert sorted(tmp_path.iterdir()) == [path]


def test_taking_rights_away_is_told(tmp_path):
    path = tmp_path / "config"
    path.touch(mode=0o644)
    told = []
    add(Sources((path,)), ENTRY, make_current=True, warn=told.append)
    assert len(told) == 1
    assert "0600" in told[0]


def test_a_file_that_can_not_be_locked_is_not_written():
    with pytest.raises(KubeconfigError, match=r"the lock file .* can't be created"):
        add(Sources((Path("/proc/self/config"),), explicit=True), ENTRY, make_current=True, warn=quiet)


def test_unwritable_files_that_need_no_change_do_not_disturb(tmp_path):
    mine = tmp_path / "config"
    mine.touch(mode=0o600)
    add(Sources((mine, Path("/proc/self/config"))), ENTRY, make_current=True, warn=quiet)
    assert list(view(Sources((mine,))).ours()) == [ENTRY.name]


def test_connect_again_changes_only_what_is_new(tmp_path):
    path = tmp_path / "config"
    path.touch(mode=0o600)
    add(Sources((path,)), ENTRY, make_current=True, warn=quiet)
    before = path.stat()
    add(Sources((path,)), ENTRY, make_current=True, warn=quiet)
    assert path.stat() == before
    add(Sources((path,)), replace(ENTRY, cluster={"server": "https://new"}), make_current=True, warn=quiet)
    assert path.stat() != before
