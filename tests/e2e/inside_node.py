"""A user on the network of the embedded host's node, where node ports and load balancers are reached."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded import Host, run

from vcli.host.instance import API_PORT


class InsideNode:
    """Runs programs in the network namespace of a host's first node.

    Args:
        user: of the host.
        folder: for a kubeconfig by which the host is reached there.
    """

    def __init__(self, user: Host, folder: Path) -> None:
        status = json.loads(user.vcli("host", "status", "--name", user.name, "-o", "json").stdout)
        self._pid = next(each["pid"] for each in status["components"] if each["name"] == "kubelet")
        given = json.loads(user.kubectl("config", "view", "--raw", "-o", "json"))
        for each in given["clusters"]:
            each["cluster"]["server"] = f"https://127.0.0.1:{API_PORT}"
        kubeconfig = folder / "inside.json"
        kubeconfig.write_text(json.dumps(given))
        kubeconfig.chmod(0o600)
        self._env = user.env | {"KUBECONFIG": str(kubeconfig), "VCLI_STATE_DIR": str(folder / "inside")}

    def vcli(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run vcli."""
        return self.run(sys.executable, "-m", "vcli", *args, check=check)

    def run(self, *argv: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a program."""
        return run([*self._enter, *argv], env=self._env, check=check, timeout=300)

    @contextmanager
    def blocked(self, port: int) -> Iterator[None]:
        """Drop what goes to a TCP port from here, before it is translated to a pod."""
        table = f"blocked{port}"
        chain = f"chain out {{ type filter hook output priority -300; tcp dport {port} drop; }}"
        self.run("nft", f"table inet {table} {{\n{chain}\n}}")
        try:
            yield
        finally:
            self.run("nft", "delete", "table", "inet", table)

    @property
    def _enter(self) -> list[str]:
        return ["nsenter", f"--net=/proc/{self._pid}/ns/net"]
