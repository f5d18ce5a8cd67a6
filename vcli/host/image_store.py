"""Containerd's folder with all images of the host imported: made once, then cloned for each boot.

Importing half a gigabyte takes longer than booting the rest. What is cloned by hard links is never written in
place: content and committed snapshots are immutable, containerd's databases are copied.
"""

import hashlib
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vcli.errors import VcliError
from vcli.host import components, down, images, launch, process
from vcli.host.binaries import Binaries, Say, locked
from vcli.host.instance import Instance
from vcli.host.oci import write_archive
from vcli.host.plan import State

_IMPORT_WITHIN = 600.0


def path(cache: Path, binaries: Binaries, busybox: Path) -> Path:
    """Where the folder for just these images is, or will be."""
    parts = [*(x.key for x in images.offers(binaries, busybox)), str(binaries["containerd"])]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return cache / "host" / f"images-{key[:12]}"


def ensure(cache: Path, binaries: Binaries, busybox: Path, say: Say) -> Path:
    """The folder to clone from; packs and imports the images when there is none for just these.

    Raises:
        VcliError: an import failed.
    """
    store = path(cache, binaries, busybox)
    if not store.is_dir():
        with locked(store.parent, say):
            if not store.is_dir():
                _make(store, images.offers(binaries, busybox), binaries, say)
    return store


def clone(store: Path, to: Path) -> None:
    """Give a host its own containerd folder: hard links on the same file system, copies elsewhere."""
    to.mkdir(parents=True, exist_ok=True)
    same = store.stat().st_dev == to.stat().st_dev
    how = ["--link"] if same else ["--reflink=auto"]
    subprocess.run(["cp", "--archive", *how, f"{store}/.", f"{to}/"], check=True)
    if same:
        for database in to.rglob("*.db"):
            copy = database.with_suffix(".copy")
            shutil.copyfile(database, copy)
            copy.replace(database)


def _make(store: Path, offers: Sequence[images.Offer], binaries: Binaries, say: Say) -> None:
    """Import into the containerd of a node that runs nothing else, then take its folder."""
    base = store.parent
    place = hashlib.sha256(str(base).encode()).hexdigest()[:8]
    instance = replace(Instance.of(f"images-{place}"), root=base / "images.partial")
    with process.locked(instance):
        down.clear(instance)
        try:
            _import(instance, offers, binaries, say)
            (instance.root / "containerd").replace(store)
        finally:
            down.remove(instance)


def _import(instance: Instance, offers: Sequence[images.Offer], binaries: Binaries, say: Say) -> None:
    archives = []
    for offer in offers:
        say(f"packing {offer.name}")
        archives.append(instance.root / f"{offer.name}.tar")
        write_archive(offer.image(), archives[-1])
    components.write_config(instance, runc="runc", cni_plugins="")
    containerd = components.containerd(instance, binaries)
    launch.plan(instance, binaries, [containerd], images=archives).write(instance.plan)
    launch.launch(instance)
    deadline = time.monotonic() + _IMPORT_WITHIN
    while (state := State.read(instance.state)) is None or state.phase != "running":
        if state is not None:
            say(f"importing: {state.imported}/{len(archives)}")
        if (state and state.error) or process.node_pid(instance) is None or time.monotonic() > deadline:
            raise VcliError(f"the host's images could not be imported{launch.tail(instance, 'import')}")
        time.sleep(0.05)
    process.end([instance])
