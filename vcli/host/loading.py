"""Putting images into a running host."""

import json
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from vcli.errors import NotFoundError, VcliError
from vcli.host import process
from vcli.host.instance import Instance

_KINDS = "it has to be an OCI archive, or one of docker save"
_PULLED_BY_CRI = "io.cri-containerd.image=managed"


def load(instance: Instance, archive: Path, program: Mapping[str, Path]) -> list[str]:
    """Import an archive (OCI or ``docker save``) into a node; returns the names of the images in it.

    Raises:
        NotFoundError: no such file, or the host is not up.
        VcliError: containerd does not take it.
    """
    pid = process.node_pid(instance)
    if pid is None:
        raise NotFoundError(f"{instance} is not up", hint=f"vcli host status --name {instance.host}")
    inside = ["nsenter", f"--target={pid}", "--mount", "--pid"]
    ctr = [str(program["ctr"]), "--address", str(instance.containerd), "--namespace", "k8s.io"]
    # Opened here: inside the node the same path may be another folder.
    with opened(archive) as content:
        names = names_in(content, archive)
        content.seek(0)
        done = subprocess.run(
            [*inside, *ctr, "images", "import", "--label", _PULLED_BY_CRI, "-"],
            stdin=content,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).rpartition("\n")[2]
        raise VcliError(
            f"{archive} could not be imported: {said}",
            hint="it has to be an OCI archive or one of docker save",
        )
    return names


def opened(archive: Path) -> BinaryIO:
    """The archive for reading.

    Raises:
        NotFoundError: it can't be read.
    """
    try:
        return archive.open("rb")
    except OSError as error:
        raise NotFoundError(f"{archive} can not be read: {error.strerror}") from error


def names_of(archive: Path) -> list[str]:
    """The names of the images in an archive.

    Raises:
        NotFoundError: it can't be read.
        VcliError: no archive of images.
    """
    with opened(archive) as content:
        return names_in(content, archive)


def names_in(content: BinaryIO, archive: Path) -> list[str]:
    """The names in its index (OCI) or its manifest (``docker save``).

    Raises:
        VcliError: no archive of images.
    """
    try:
        with tarfile.open(fileobj=content, mode="r:*") as tar:
            inside = {x.name: x for x in tar}

            def read(name: str) -> Any:
                member = tar.extractfile(inside[name])
                return json.load(member) if member else {}

            if "manifest.json" in inside:
                return [name for x in read("manifest.json") for name in x.get("RepoTags") or ()]
            annotations = [x.get("annotations", {}) for x in read("index.json")["manifests"]]
            return [x["io.containerd.image.name"] for x in annotations if "io.containerd.image.name" in x]
    except (tarfile.TarError, KeyError, ValueError) as error:
        raise VcliError(f"{archive} is not an archive of images", hint=_KINDS) from error
