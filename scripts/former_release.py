"""Write tests/e2e/former_release.yaml.xz: the host objects of a virtual cluster as a commit makes them.

    python scripts/former_release.py COMMIT

They are what ``vcli template`` of that commit prints: no keys are among them, as the control plane
makes its own. Run it after a release, with the commit of that release.
"""

import lzma
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "tests" / "e2e" / "former_release.yaml.xz"
VALUES = (
    "controlPlane.coredns.enabled=false",
    "controlPlane.statefulSet.persistence.volumeClaim.enabled=true",
)


def documents(commit: str) -> bytes:
    """What `vcli template` of a commit prints."""
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder, "former")
        subprocess.run(["git", "worktree", "add", "--detach", checkout, commit], cwd=ROOT, check=True)
        try:
            options = [word for value in VALUES for word in ("--set", value)]
            command = [sys.executable, "-m", "vcli", "template", "demo", "-n", "former", *options]
            env = os.environ | {"PYTHONPATH": str(checkout)}
            return subprocess.run(command, cwd=checkout, env=env, check=True, capture_output=True).stdout
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", checkout], cwd=ROOT, check=True)


def main() -> None:
    """Write the file."""
    found = documents(sys.argv[1])
    TARGET.write_bytes(lzma.compress(found, preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    main()
