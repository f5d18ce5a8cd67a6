"""A control plane from below: the processes of its containers, and the network that they share."""

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from embedded import Host
from polling import eventually
from space import Object

from vcli import VirtualCluster


@dataclass(frozen=True, kw_only=True)
class Plane:
    """The control plane's pod of a virtual cluster."""

    host: Host
    cluster: VirtualCluster

    @property
    def pod(self) -> str:
        """Its name."""
        return f"{self.cluster.name}-0"

    def get(self) -> Object:
        """The pod as the host has it."""
        found: Object = self.host.get("pod", self.pod, "--namespace", self.cluster.namespace)
        return found

    def status(self, container: str) -> Object:
        """A container's status."""
        statuses: list[Object] = self.get()["status"].get("containerStatuses") or []
        return next((each for each in statuses if each["name"] == container), {})

    def wait_ready(self, *, after: str = "") -> None:
        """Wait until the pod is Ready.

        Args:
            after: the uid of a pod that it must not be.
        """

        def ready() -> bool:
            pods = self.host.get("pods", "--namespace", self.cluster.namespace)["items"]
            return any(
                each["metadata"]["name"] == self.pod
                and each["metadata"]["uid"] != after
                and "deletionTimestamp" not in each["metadata"]
                and any(
                    x["type"] == "Ready" and x["status"] == "True"
                    for x in each["status"].get("conditions") or ()
                )
                for each in pods
            )

        eventually(ready)

    def process(self, container: str) -> int:
        """The first process of a container, as this machine numbers it; waits while it is being restarted."""
        pid: int = eventually(lambda: self._running(container))
        return pid

    def kill(self, container: str) -> None:
        """SIGKILL, as from the kernel when memory runs out; returns when the kubelet has seen it."""
        identity = self.status(container)["containerID"]
        os.kill(self.process(container), signal.SIGKILL)
        eventually(lambda: self.status(container).get("containerID") != identity or not self._runs(container))

    def _running(self, container: str) -> int | None:
        status = self.status(container)
        if "running" not in status.get("state", {}):
            return None
        return min(processes_of(status["containerID"].partition("://")[2]), default=None)

    def _runs(self, container: str) -> bool:
        return "running" in self.status(container).get("state", {})


def processes_of(container: str) -> list[int]:
    """The processes of a container, by its cgroup, as this machine numbers them."""
    found = []
    for cgroup in Path("/proc").glob("[0-9]*/cgroup"):
        try:
            if container in cgroup.read_text():
                found.append(int(cgroup.parent.name))
        except OSError:
            continue
    return found


def local_ports(pid: int, *, remote: int) -> list[int]:
    """The local ports of a process's own connections to a remote port."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(str(link.readlink()))
        except OSError:
            continue  # closed meanwhile
    ports = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            local, other = (int(fields[i].rpartition(":")[2], 16) for i in (1, 2))
            if other == remote and f"socket:[{fields[9]}]" in inodes:
                ports.append(local)
    return ports


class SilentCut:
    """Drops every packet of some connections, in the network namespace of a process alone: no reset, no end.

    Args:
        pid: of a process in that network namespace.
        remote: the port that the connections go to.
        flows: their local ports.
    """

    def __init__(self, pid: int, *, remote: int, flows: list[int]) -> None:
        assert flows, "there is no connection to cut"
        self._enter = ["nsenter", f"--net=/proc/{pid}/ns/net", "nft"]
        there = f"tcp dport {remote} tcp sport {{ {', '.join(map(str, flows))} }}"
        back = f"tcp sport {remote} tcp dport {{ {', '.join(map(str, flows))} }}"
        chains = [
            f"chain {hook} {{ type filter hook {hook} priority 0; {there} drop; {back} drop; }}"
            for hook in ("input", "output")
        ]
        self._rules = "\n".join(["table inet fault {", *chains, "}"])

    def __enter__(self) -> None:
        subprocess.run([*self._enter, self._rules], check=True)

    def __exit__(self, *_: object) -> None:
        subprocess.run([*self._enter, "delete", "table", "inet", "fault"], check=True)
