"""Where state is kept: the named folder, the platform's, or a private one where that can't be written to."""

import os
from pathlib import Path

import pytest

from vcli.errors import VcliError
from vcli.portforward import background, place, state


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    """A home, and a folder for temporary files beside it."""
    (tmp_path / "home").mkdir()
    (tmp_path / "tmp").mkdir()
    for variable in ("VCLI_STATE_DIR", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    return tmp_path / "home"


@pytest.fixture
def unusable(home):
    """A home in which no user can make a folder, not even root."""
    home.rmdir()
    home.write_text("no folder")


def test_the_platforms_folder(home):
    assert place.root() is None  # to look for it makes nothing
    assert state.check() is None
    assert place.root() == str(home / ".local/state/vcli")
    assert (home / ".local/state/vcli").stat().st_mode & 0o777 == 0o700


def test_a_home_that_is_unusable_gives_way_to_a_private_folder(unusable, tmp_path, home):
    warning = state.check()
    there = tmp_path / "tmp" / f"vcli-{os.geteuid()}"
    assert (
        warning
        == f"can't write to {home}/.local/state/vcli: what is known about the tunnel is kept in {there}"
    )
    assert state.folder() == there / "tunnels"
    assert there.stat().st_mode & 0o777 == 0o700
    assert place.root() == str(there)


def test_the_runtime_folder_is_preferred(unusable, monkeypatch, tmp_path):
    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    assert state.folder() == tmp_path / "run/vcli/tunnels"


@pytest.mark.parametrize("trap", ["open", "link"])
def test_a_folder_that_others_may_have_made_is_not_used(unusable, trap, tmp_path):
    there = tmp_path / "tmp" / f"vcli-{os.geteuid()}"
    if trap == "open":
        there.mkdir()
        there.chmod(0o777)
    else:
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        there.symlink_to(tmp_path / "elsewhere")
    assert place.root() is None
    with pytest.raises(VcliError, match="can't write the state of tunnels"):
        state.check()


def test_a_folder_that_was_named_is_used_or_nothing(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("VCLI_STATE_DIR", str(tmp_path / "file" / "state"))
    assert place.root() is None
    with pytest.raises(VcliError, match="file/state") as caught:
        state.check()
    assert caught.value.hint is not None
    assert "VCLI_STATE_DIR" in caught.value.hint


def test_without_a_place_there_are_no_tunnels(monkeypatch):
    monkeypatch.setenv("VCLI_STATE_DIR", "/proc/nothing")
    assert background.list() == []
    assert background.records() == []


def test_to_look_makes_no_folder(home):
    assert background.records() == []
    assert list(Path(home).iterdir()) == []
