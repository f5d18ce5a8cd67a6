"""A disk without a byte to spare, under the kubeconfig and under what we remember of tunnels."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from embedded import Host

from vcli import VirtualCluster

SCRIPT = """
set -u
mount -t tmpfs -o size=64k,mode=700 none {disk}
cp {kubeconfig} {disk}/config
cp {disk}/config {out}/before
mkdir -p {state}
dd if=/dev/zero of={disk}/filler bs=1k 2>/dev/null
KUBECONFIG={disk}/config VCLI_STATE_DIR={state} {vcli} >{out}/stdout 2>{out}/stderr
echo $? >{out}/code
cp {disk}/config {out}/after
find {disk} {state} -type f | sort >{out}/files
"""


@pytest.mark.parametrize("state", ["elsewhere", "on it"])
@pytest.mark.parametrize("command", ["connect", "disconnect"])
def test_disk_full_under_the_kubeconfig(
    desk: Host, victim: VirtualCluster, tmp_path: Path, command: str, state: str
) -> None:
    """In a mount namespace of its own, so that nobody else ever sees the disk."""
    out, disk = tmp_path / "out", tmp_path / "disk"
    out.mkdir()
    disk.mkdir()
    where = disk / "state" if state == "on it" else tmp_path / "elsewhere"
    argv = [sys.executable, "-m", "vcli", command, victim.name, "-n", victim.namespace]
    if command == "disconnect":
        desk.vcli("connect", victim.name, "-n", victim.namespace)
        argv = [sys.executable, "-m", "vcli", command]
    script = SCRIPT.format(disk=disk, out=out, state=where, kubeconfig=desk.kubeconfig, vcli=shlex.join(argv))
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script],
        env=desk.env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    said = (out / "stderr").read_text()
    assert ((out / "code").read_text().strip(), (out / "stdout").read_text()) == ("1", "")
    assert os.strerror(28) in said
    assert "unexpected" not in said
    assert (out / "after").read_bytes() == (out / "before").read_bytes()
    assert (out / "files").read_text().split() == sorted([f"{disk}/config", f"{disk}/filler"])
