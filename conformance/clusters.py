"""The two clusters that the suite runs against: an embedded host, and a default virtual cluster on it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab import images
from vcli.errors import VcliError

_DNS_WITHIN = "5m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """An embedded host with the images that specs use."""

    name: str
    kubeconfig: Path
    kubectl: Path


def host(name: str, *, nodes: int, say: Callable[[str], None]) -> Host:
    """Find it running, or boot it.

    Args:
        name: of the embedded host.
        nodes: how many it has.
        say: takes what is being done.

    Raises:
        VcliError: it does not come up, or an image could not be made.
    """
    say(f"host {name}")
    usual = ("--port", "0", "--egress", "none", "--no-update-current", "-o", "json")
    about = json.loads(_vcli("host", "up", "--name", name, "--nodes", str(nodes), *usual))
    images.load(name, say)
    return Host(name=name, kubeconfig=Path(about["kubeconfig"]), kubectl=Path(about["kubectl"]))


def virtual(host: Host, name: str, folder: Path, say: Callable[[str], None]) -> Path:
    """Create the virtual cluster unless it is there; returns a kubeconfig with a tunnel behind it.

    Raises:
        VcliError: it could not be created, or not reached.
    """
    say(f"virtual cluster {name} on host {host.name}")
    where = ("--namespace", name, "--kubeconfig", str(host.kubeconfig))
    if name not in _vcli("list", "-q", *where, "-o", "name").split():
        _vcli("create", name, "--no-connect", *where)
    kubeconfig = folder / f"{host.name}-{name}.kubeconfig"
    kubeconfig.unlink(missing_ok=True)
    _vcli("connect", name, *where, "--inline-key", "--kube-config", str(kubeconfig))
    # The suite wants a node from the start, and there is none before the first pod has one.
    kubectl = [str(host.kubectl), f"--kubeconfig={kubeconfig}", "--namespace=kube-system"]
    _run([*kubectl, "rollout", "status", "deployment/coredns", f"--timeout={_DNS_WITHIN}"])
    return kubeconfig


def _vcli(*argv: str) -> str:
    return _run([sys.executable, "-m", "vcli", *argv])


def _run(argv: list[str]) -> str:
    env = {k: v for k, v in os.environ.items() if k not in ("KUBECONFIG", "VCLI_CONTEXT", "VCLI_NAMESPACE")}
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=False, env=env)
    if done.returncode != 0:
        raise VcliError(f"{' '.join(argv)}: exit code {done.returncode}")
    return done.stdout
