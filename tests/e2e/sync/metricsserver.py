"""A stock metrics-server: its image for the embedded host; its manifests are those of the host's add-on."""

import subprocess
import sys
from pathlib import Path

from vcli.host.addons.addon import NAMESPACE
from vcli.host.addons.metrics import API_SERVICE, IMAGE, NAME, manifests
from vcli.host.oci import Image, write_archive

__all__ = ["API_SERVICE", "NAMESPACE", "archive", "manifests"]
_ROOT = Path(__file__).resolve().parents[3]


def archive(folder: Path) -> Path:
    """Build the program, unless it has been; gives an OCI archive of the image."""
    build = [sys.executable, "-m", "lab", "build", NAME]
    done = subprocess.run(build, cwd=_ROOT, capture_output=True, text=True, timeout=1800, check=True)
    [program] = [Path(line) for line in done.stdout.split() if Path(line).name == NAME]
    path = folder / f"{NAME}.tar"
    image = Image(names=[IMAGE], files={"/metrics-server": program}, entrypoint=["/metrics-server"])
    write_archive(image, path)
    return path
