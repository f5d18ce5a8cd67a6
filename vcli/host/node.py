"""The node's first process: makes the namespaces, starts every component and keeps them running.

``python -m vcli.host.node LISTENER NETWORK PLAN.json``, as root. The first two are file descriptors: the
socket that the machine's loopback port listens on, for the first node, and the network namespace of that, for
a further one. Killing this process, PID 1 of its PID namespace, ends every process of the node, and mounts,
devices and rules go with the namespaces. Standard library only, so that it stays small and starts fast.
"""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from http.client import HTTPException
from pathlib import Path

from vcli.host import linux, mounts
from vcli.host.api import Api, ApiRefusedError
from vcli.host.plan import (
    HOST_NETWORK,
    LISTENER,
    MACHINE_FILES,
    MACHINE_NETWORK,
    NODE_NETWORK,
    Component,
    ComponentState,
    Plan,
    State,
    write_identity,
)
from vcli.processes import started

_NAMESPACES = linux.CLONE_NEWNS | linux.CLONE_NEWNET | linux.CLONE_NEWUTS | linux.CLONE_NEWIPC
_OUT_OF_THE_WAY = 16
_BACKOFF = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_SETTLED = 30.0
_CREATE_WITHIN = 30.0
_IMPORTS_AT_ONCE = 2


class Child:
    """A process that this one started."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.begun = time.monotonic()
        self.ended = threading.Event()
        self.status = 0


class Node:
    """Starts, reaps and restarts. One lock: a child is registered before its end can be looked up."""

    def __init__(self, plan: Plan, descriptors: Mapping[int, int], path: Path) -> None:
        self._path = path
        self._plan = plan
        self._descriptors = descriptors
        self._state = State()
        self._begun = time.monotonic()
        self._lock = threading.RLock()
        self._children: dict[int, Child] = {}
        self._running: dict[int, Component] = {}
        self._due: dict[str, tuple[float, Component]] = {}
        self._api = self._client(plan.api_user)
        self._imported = threading.Event()
        self._booted = threading.Event()
        self._extending = threading.Lock()

    def main(self) -> None:
        """Boot, then reap and restart for ever."""
        wanted = {signal.SIGCHLD, signal.SIGHUP, signal.SIGTERM, signal.SIGINT}
        signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
        self._note()
        self._in_background(self._boot)
        self._in_background(self._images)
        while True:
            got = signal.sigtimedwait(wanted, self._until_due())
            if got is not None and got.si_signo == signal.SIGHUP:
                self._in_background(self._extend)
            elif got is not None and got.si_signo != signal.SIGCHLD:
                return
            self._reap()
            self._restart_due()

    def _in_background(self, task: "threading._StartTarget") -> threading.Thread:  # type: ignore[name-defined]
        thread = threading.Thread(target=self._guarded, args=(task,), daemon=True)
        thread.start()
        return thread

    def _guarded(self, task: "threading._StartTarget") -> None:  # type: ignore[name-defined]
        try:
            task()
        except Exception as error:
            with self._lock:
                self._state.phase, self._state.error = "failed", f"{type(error).__name__}: {error}"
                self._note()
            raise

    # Boot

    def _boot(self) -> None:
        for component in self._plan.components:
            if component.after == "boot":
                self._start(component)
        if any(x.after == "api" for x in self._plan.components):
            while not self._api.ready():
                time.sleep(0.05)
            self._milestone("api", phase="api")
        for component in self._plan.components:
            if component.after == "api":
                self._start(component)
        # A pod whose image is not there yet would wait for the next try to pull it.
        self._imported.wait()
        for path, body in self._plan.addons:
            self._create(path, body)
        self._milestone("addons")
        self._start_late(self._plan)
        self._finish(self._plan)

    def _extend(self) -> None:
        """Set up what the plan has more by now than when it was read."""
        self._booted.wait()
        with self._extending:
            plan = Plan.read(self._path)
            old = self._plan
            self._milestone("extending", phase="api")
            self._import(x for x in plan.images if x not in old.images)
            for made in plan.addons:
                if made not in old.addons:
                    self._create(*made)
            self._start_late(plan)
            self._plan = plan
            self._finish(plan)

    def _start_late(self, plan: Plan) -> None:
        """Start what was not started yet, each once its user finds the Node."""
        for component in [x for x in plan.components if x.name not in self._state.components]:
            api = self._client(component.user or plan.api_user)
            while not self._finds_node(api):
                time.sleep(0.05)
            self._start(component)

    def _client(self, user: str) -> Api:
        return Api(Path(self._plan.pki), self._plan.api_port, host=self._plan.api_host, user=user)

    def _finds_node(self, api: Api) -> bool:
        try:
            return api.find(f"/api/v1/nodes/{self._plan.name}") is not None
        except (OSError, HTTPException, ApiRefusedError):
            return False

    def _create(self, path: str, body: Mapping[str, object]) -> None:
        """Create an object, patiently: on a busy machine an API server that was ready may still time out."""
        deadline = time.monotonic() + _CREATE_WITHIN
        while True:
            try:
                return self._api.create(path, body)
            except (OSError, HTTPException, ApiRefusedError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _images(self) -> None:
        while not Path(self._plan.containerd).is_socket() or self._call([*self._plan.ctr, "version"]):
            time.sleep(0.05)
        self._milestone("containerd")
        self._import(self._plan.images)
        self._milestone("images")
        self._imported.set()

    def _import(self, archives: Iterable[str]) -> None:
        waiting = list(archives)
        failed = []

        def work() -> None:
            while True:
                with self._lock:
                    if not waiting:
                        return
                    archive = waiting.pop(0)
                if status := self._call([*self._plan.ctr, "images", "import", archive]):
                    failed.append(f"import of {archive} failed with status {status}, see import.log")
                with self._lock:
                    self._state.imported += 1
                    self._note()

        threads = [self._in_background(work) for _ in range(_IMPORTS_AT_ONCE)]
        for thread in threads:
            thread.join()
        if failed:
            raise RuntimeError(failed[0])

    def _finish(self, plan: Plan) -> None:
        with self._lock:
            self._state.phase, self._state.error = "running", None
            self._state.addons = list(plan.optional)
            self._note()
        self._booted.set()

    def _milestone(self, name: str, *, phase: str | None = None) -> None:
        with self._lock:
            self._state.times[name] = round(time.monotonic() - self._begun, 3)
            self._state.phase = phase or self._state.phase
            self._note()

    def _note(self) -> None:
        with self._lock:
            self._state.write(Path(self._plan.run) / "state.json")

    # Processes

    def _spawn(self, argv: Sequence[str], log: str, *, numbers: Sequence[int] = ()) -> Child:
        file = f"{self._plan.root}/log/{log}.log"
        output = (os.POSIX_SPAWN_OPEN, 1, file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
        actions = [nothing, output, (os.POSIX_SPAWN_DUP2, 1, 2)]
        actions += [(os.POSIX_SPAWN_DUP2, self._descriptors[x], x) for x in numbers]
        with self._lock:
            pid = os.posix_spawnp(
                argv[0],
                list(argv),
                os.environ,
                file_actions=actions,
                setsid=True,
                setsigmask=[],
                setsigdef=[signal.SIGPIPE],
            )
            child = self._children[pid] = Child(pid)
        return child

    def _call(self, argv: Sequence[str]) -> int:
        child = self._spawn(argv, "import")
        child.ended.wait()
        return child.status

    def _start(self, component: Component) -> None:
        numbers = [LISTENER] if component.listener else []
        if component.machine:
            numbers += [MACHINE_NETWORK, MACHINE_FILES, NODE_NETWORK]
        with self._lock:
            child = self._spawn(component.argv, component.name, numbers=numbers)
            self._running[child.pid] = component
            self._state.components.setdefault(component.name, ComponentState()).pid = child.pid
            self._note()

    def _reap(self) -> None:
        """Collect what ended: our own, and the orphans that every PID 1 inherits."""
        with self._lock:
            while True:
                try:
                    pid, status = os.waitpid(-1, os.WNOHANG)
                except ChildProcessError:
                    return
                if not pid:
                    return
                if child := self._children.pop(pid, None):
                    child.status = os.waitstatus_to_exitcode(status)
                    child.ended.set()
                    if component := self._running.pop(pid, None):
                        self._ended(component, child)

    def _ended(self, component: Component, child: Child) -> None:
        state = self._state.components[component.name]
        lasted = time.monotonic() - child.begun
        state.pid = None
        state.exit = f"{_exit(child.status)} after {lasted:.1f}s"
        state.failures = 1 if lasted > _SETTLED else state.failures + 1
        pause = _BACKOFF[min(state.failures, len(_BACKOFF)) - 1]
        self._due[component.name] = (time.monotonic() + pause, component)
        self._note()

    def _until_due(self) -> float:
        with self._lock:
            return max(0.0, min((at for at, _ in self._due.values()), default=1e6) - time.monotonic())

    def _restart_due(self) -> None:
        with self._lock:
            for name, (at, component) in list(self._due.items()):
                if at <= time.monotonic():
                    del self._due[name]
                    self._state.components[name].restarts += 1
                    self._start(component)


def _exit(status: int) -> str:
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


def _set_up(plan: Plan, host_network: int) -> None:
    """Everything between having namespaces and starting components."""
    mounts.set_up(plan)
    socket.sethostname(plan.name)
    os.environ["PATH"] = os.pathsep.join(plan.path)
    os.dup2(host_network, HOST_NETWORK)
    for command in plan.network:
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, pass_fds=[HOST_NETWORK])
    # Held on, it would keep the devices of a first node that has ended.
    os.close(HOST_NETWORK)
    os.close(host_network)


def main() -> None:
    """Become the node: the caller's process ends, its grandchild is the node's PID 1."""
    listener, host_network, path = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    plan = Plan.read(path)
    reader, writer = os.pipe()
    linux.unshare(linux.CLONE_NEWPID)
    if pid := os.fork():
        # The child goes on only when it is on record: whoever ends this process, nothing runs unrecorded.
        write_identity(Path(plan.run) / "node.json", pid, started(pid) or 0)
        os.write(writer, b"go")
        os._exit(0)
    os.close(writer)
    if os.read(reader, 2) != b"go":
        os._exit(1)
    os.close(reader)
    # All closed in every child, but where a component expects them under these numbers.
    descriptors = {LISTENER: _out_of_the_way(listener)}
    host_network = _out_of_the_way(host_network)
    descriptors[MACHINE_NETWORK] = _opened("net")
    descriptors[MACHINE_FILES] = _opened("mnt")
    linux.unshare(_NAMESPACES)
    descriptors[NODE_NETWORK] = _opened("net")
    _set_up(plan, host_network)
    Node(plan, descriptors, path).main()


def _opened(namespace: str) -> int:
    return _out_of_the_way(os.open(f"/proc/self/ns/{namespace}", os.O_RDONLY))


def _out_of_the_way(descriptor: int) -> int:
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _OUT_OF_THE_WAY)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    main()
