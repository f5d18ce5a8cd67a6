"""A root file system of a few Debian packages, for images; the machine itself stays as it is."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from vcli.errors import VcliError
from vcli.host.binaries import Say, locked, mark_used
from vcli.host.oci import architecture

_RECIPE = "1"
# Packages of this Debian still ship files in both.
_MERGED = ("bin", "sbin", "lib", "lib64")
_UNWANTED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/lintian")


def path(cache: Path, packages: Sequence[str]) -> Path:
    """Where the root of just these packages is, or will be."""
    release = Path("/etc/os-release")
    parts = [_RECIPE, architecture(), release.read_text() if release.is_file() else "", *packages]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
    return cache / "host" / f"debian-{key}"


def ensure(cache: Path, packages: Sequence[str], say: Say) -> Path:
    """The folder with these packages and all that they depend on, from the machine's own apt sources.

    Raises:
        VcliError: no apt, or a package could not be had.
    """
    root = path(cache, packages)
    if not root.is_dir():
        with locked(root.parent, say):
            if not root.is_dir():
                _make(root, packages, say)
    return root


def _make(root: Path, packages: Sequence[str], say: Say) -> None:
    missing = [x for x in ("apt-get", "dpkg-deb") if not shutil.which(x)]
    if missing:
        raise VcliError(
            f"images for tests are made of Debian packages, and there is no {' or '.join(missing)}"
        )
    work = root.with_name(f".{root.name}.part")
    shutil.rmtree(work, ignore_errors=True)
    (work / "archives" / "partial").mkdir(parents=True)
    # With nothing installed, as far as apt can see, it fetches the packages with all their dependencies.
    (work / "status").touch()
    try:
        say(f"downloading {', '.join(packages)}")
        _run(
            *("apt-get", "-qq", "-y", "--no-install-recommends", "--download-only"),
            *("-o", f"Dir::State::status={work}/status", "-o", f"Dir::Cache::archives={work}/archives"),
            *("-o", "APT::Sandbox::User=root", "install", *packages),
        )
        unpacked = work / "root"
        for name in _MERGED:
            (unpacked / "usr" / name).mkdir(parents=True)
            (unpacked / name).symlink_to(f"usr/{name}")
        archives = sorted((work / "archives").glob("*.deb"))
        say(f"unpacking {len(archives)} packages")
        for archive in archives:
            _unpack(archive, unpacked)
        for name in _UNWANTED:
            shutil.rmtree(unpacked / name, ignore_errors=True)
        mark_used([unpacked])
        unpacked.replace(root)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _unpack(archive: Path, into: Path) -> None:
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE) as content:
        subprocess.run(
            ["tar", "--extract", "--keep-directory-symlink", f"--directory={into}"],
            stdin=content.stdout,
            check=True,
        )
    if content.returncode != 0:
        raise VcliError(f"{archive.name} could not be unpacked")


def _run(*argv: str) -> None:
    done = subprocess.run(
        argv,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
    )
    if done.returncode != 0:
        raise VcliError(
            f"apt-get failed: {done.stdout.strip().rpartition(chr(10))[2]}", hint="apt-get update, as root"
        )
