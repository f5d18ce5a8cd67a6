"""Folders of volumes are opened to all users as soon as they are made."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from vcli.host import volumes


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def becomes_open(path: Path) -> bool:
    deadline = time.monotonic() + 30
    while mode(path) != 0o777 and time.monotonic() < deadline:
        time.sleep(0.005)
    return mode(path) == 0o777


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A watched folder that was not there before."""
    root = tmp_path / "hostpath_pv"
    argv = [sys.executable, "-P", "-S", "-m", "vcli.host.volumes", str(root)]
    with subprocess.Popen(argv, env={"PYTHONPATH": str(Path(volumes.__file__).parents[2])}) as process:
        deadline = time.monotonic() + 30
        while not root.is_dir() and time.monotonic() < deadline:
            time.sleep(0.01)
        yield root
        assert process.poll() is None
        process.kill()


def test_new_folders_are_opened(folder: Path) -> None:
    made = [folder / str(number) for number in range(50)]
    for path in made:
        path.mkdir(mode=0o750)
    assert all(map(becomes_open, made))


def test_what_is_in_them_stays_as_it_is(folder: Path) -> None:
    volume = folder / "volume"
    volume.mkdir(mode=0o750)
    assert becomes_open(volume)
    inside = volume / "inside"
    inside.mkdir(mode=0o700)
    (folder / "file").touch(mode=0o600)
    later = folder / "later"
    later.mkdir(mode=0o750)
    assert becomes_open(later)
    assert mode(inside) == 0o700
    assert mode(folder / "file") == 0o600


def test_those_from_before_are_opened_and_links_are_not_followed(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir(mode=0o700)
    root.mkdir()
    (root / "old").mkdir(mode=0o750)
    (root / "link").symlink_to(outside)
    volumes.widen(root)
    assert mode(root / "old") == 0o777
    assert mode(outside) == 0o700
