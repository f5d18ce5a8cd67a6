"""All that an embedded host could leave behind on the machine."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any


def machine(name: str) -> dict[str, Any]:
    """What is there now, as far as it could be a host's of this name: equal before and after one."""
    said: dict[str, Any] = {
        "mounts": sorted(Path("/proc/self/mounts").read_text().splitlines()),
        "links": sorted(x["ifname"] for x in json.loads(output("ip", "-j", "link"))),
        "addresses": output("ip", "-brief", "address"),
        "routes": output("ip", "route", "show", "table", "all"),
        "namespaces": output("ip", "netns"),
        "rules": output("nft", "list", "ruleset"),
        "folders": sorted(
            str(x) for top in ("/opt", "/var/lib", "/etc", "/run") for x in Path(top).iterdir()
        ),
        "cgroups": sorted(str(x) for x in Path("/sys/fs/cgroup").rglob(f"*{name}*")),
        "volumes": Path("/tmp/hostpath_pv").exists(),
    }
    said["processes"] = [
        x.name
        for x in Path("/proc").iterdir()
        if x.name.isdigit() and name.encode() in _read(x / "cmdline") and int(x.name) != os.getpid()
    ]
    return said


def output(*argv: str) -> str:
    """What a program prints; it has to succeed."""
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
