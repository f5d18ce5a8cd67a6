"""Volumes of the host are for any user, as those of real local provisioners are.

kube-controller-manager's provisioner makes a folder that only root may write to, and a pod's fsGroup has no
effect on folders of the node. So each new folder is opened to all.

``python -m vcli.host.volumes FOLDER``; standard library only.
"""

import os
import sys
from pathlib import Path

from vcli.host import linux

PROVISIONED = "/tmp/hostpath_pv"  # noqa: S108  it is fixed in the provisioner, and the node's own /tmp
_MODE = 0o777
_EVENTS = 4096


def widen(folder: Path) -> None:
    """Open all folders in this one to every user."""
    for path in folder.iterdir():
        try:
            if path.is_dir() and not path.is_symlink() and path.stat().st_mode & _MODE != _MODE:
                path.chmod(_MODE)
        except FileNotFoundError:  # deleted meanwhile
            continue


def watch(folder: Path) -> None:
    """Open what is there, and then each new folder as soon as it is made."""
    folder.mkdir(parents=True, exist_ok=True)
    events = linux.watch_folder(str(folder))
    while True:
        widen(folder)
        os.read(events, _EVENTS)


if __name__ == "__main__":
    watch(Path(sys.argv[1]))
