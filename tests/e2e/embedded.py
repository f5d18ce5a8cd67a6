"""The embedded host as tests hold it: programs run in an environment that means it, nothing of the user's."""

import json
import os
import subprocess
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import direct
import pytest
from direct import end_namespace, make_namespace
from kubernetes_versions import HOST, VIRTUAL, of_clusters
from platformdirs import user_cache_dir

from side_by_side import is_side_by_side
from vcli.host.instance import cache_dir

# Of this checkout alone: the next run of its tests removes what an interrupted one has left.
NAME = f"vcli-e2e-{zlib.crc32(__file__.encode()):08x}"
SHARED_NAME = f"{NAME}-shared"
ADDONS = "network-policy,ingress,gateway-api,load-balancer,metrics,kine"
SECONDS = 120
OF_VCLI = 300  # `vcli create` gives up by itself after 180


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A host that many tests use.

    Attributes:
        suffix: of its name.
        options: of ``vcli host up``.
        shared: by several processes, where tests run side by side.
    """

    suffix: str = ""
    options: tuple[str, ...] = ()
    shared: bool = True


LEAN = Kind()
WITH_ADDONS = Kind(suffix="-a", options=("--with", ADDONS))
OF_THREE_NODES = Kind(suffix="-n", options=("--nodes", "3"), shared=False)


@dataclass(frozen=True, kw_only=True)
class Host:
    """A running host, and the environment in which vcli and kubectl mean it."""

    name: str
    kubeconfig: Path
    env: dict[str, str]

    def vcli(
        self, *args: str, check: bool = True, stdin: str | None = None, timeout: float = OF_VCLI
    ) -> subprocess.CompletedProcess[str]:
        return run(
            [sys.executable, "-m", "vcli", *of_clusters(args)],
            env=self.env,
            check=check,
            stdin=stdin,
            timeout=timeout,
        )

    def kubectl(
        self, *args: str, check: bool = True, stdin: str | None = None, timeout: float = SECONDS
    ) -> str:
        return run(["kubectl", *args], env=self.env, check=check, stdin=stdin, timeout=timeout).stdout

    @property
    def nodes(self) -> list[str]:
        """The names of its nodes, where it has three; its own API server runs on the first."""
        return [self.name, f"{self.name}-2", f"{self.name}-3"]

    def get(self, *args: str) -> Any:
        """What kubectl get prints as JSON."""
        found = direct.get(self.kubeconfig, args)
        return json.loads(self.kubectl("get", *args, "-o", "json")) if found is None else found

    def create_namespace(self, name: str) -> None:
        """Make a namespace, with what controllers put into it; before that it takes no pod."""
        make_namespace(self.kubeconfig, name)

    def end_namespace(self, name: str) -> None:
        """Have it deleted, unless it is gone already; without waiting."""
        end_namespace(self.kubeconfig, name)

    def apply(self, namespace: str, *objects: dict[str, Any]) -> None:
        """Apply objects; those without a namespace of their own go to this one."""
        document = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        self.kubectl("apply", "--namespace", namespace, "--filename", "-", stdin=document)


class Program(subprocess.Popen[str]):
    """A program in the background, for use in a with block: it does not outlive a failure there."""

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None:
            self.kill()
        super().__exit__(kind, *rest)


def run(
    argv: Sequence[str],
    *,
    env: dict[str, str],
    check: bool = True,
    stdin: str | None = None,
    timeout: float = SECONDS,
) -> subprocess.CompletedProcess[str]:
    """Run a program; on failure the test shows what it said."""
    done = subprocess.run(
        argv, env=env, input=stdin, capture_output=True, text=True, timeout=timeout, check=False
    )
    if check and done.returncode != 0:
        pytest.fail(f"{' '.join(argv)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}", pytrace=True)
    return done


def environment(folder: Path) -> dict[str, str]:
    """An environment that shares nothing with the user's but the caches: of programs, and of packed syncers.

    To pack the syncer takes a second, and each test has a home of its own.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("VCLI_", "KUBE"))}
    return kept | {
        "HOME": str(folder),
        "KUBECONFIG": str(folder / "kubeconfig"),
        "VCLI_STATE_DIR": str(folder / "state"),
        "VCLI_CACHE_DIR": str(cache_dir()),
        "XDG_CACHE_HOME": user_cache_dir(),
        "NO_COLOR": "1",
    }


def vcli_host(*args: str, env: dict[str, str], timeout: float = SECONDS) -> str:
    """Run ``vcli host``; HOME is the user's, whose Go caches a first build uses."""
    argv = [sys.executable, "-m", "vcli", "host", *args]
    return run(argv, env=env | {"HOME": str(Path.home())}, timeout=timeout).stdout


def booted(name: str, folder: Path, *options: str) -> Host:
    """Have a host up.

    Args:
        name: of the host.
        folder: for the kubeconfig and the state of its user.
        options: more of ``vcli host up``.
    """
    env = environment(folder)
    usual = ("--port", "0", "--egress", "none", "--kubernetes", HOST, "--output", "json")
    up = vcli_host("up", "--name", name, *usual, *options, env=env, timeout=3600)
    if VIRTUAL != HOST:
        vcli_host("load-image", "--kubernetes", VIRTUAL, "--name", name, env=env, timeout=3600)
    kubectl = json.loads(up)["kubectl"]
    env["PATH"] = os.pathsep.join([str(Path(kubectl).parent), str(Path(sys.executable).parent), env["PATH"]])
    return Host(name=name, kubeconfig=Path(env["KUBECONFIG"]), env=env)


def down(name: str) -> None:
    """Remove a host, if there is one; no kubeconfig knows of it by then."""
    vcli_host("down", "--name", name, env=environment(Path("/nonexistent")))


@contextmanager
def own_host(name: str, folder: Path, *options: str) -> Iterator[Host]:
    """A host that no other tests use, removed also if it does not boot; without root the tests are skipped.

    Args:
        name: of the host.
        folder: for its user's files.
        options: of ``vcli host up``.
    """
    if os.geteuid() != 0:
        pytest.skip("the embedded host takes root")
    down(name)
    try:
        yield booted(name, folder, *options)
    finally:
        down(name)


@contextmanager
def common_host(kind: Kind, config: pytest.Config, folder: Path) -> Iterator[Host]:
    """A host for all tests that can do with this kind; the first process that asks boots it.

    ``VCLI_E2E_HOST`` names one that is up already and fits, and it stays up.

    Args:
        kind: of host.
        config: of the run. Side by side, a shared one outlives this process: see `remove_common`.
        folder: for its user's files.
    """
    if os.geteuid() != 0:
        pytest.skip("the embedded host takes root")
    if lent := os.environ.get("VCLI_E2E_HOST"):
        yield booted(lent, folder)
    elif kind.shared and is_side_by_side(config):
        yield booted(SHARED_NAME + kind.suffix, folder, *kind.options)
    else:
        with own_host(NAME + kind.suffix, folder, *kind.options) as host:
            yield host


def remove_common() -> None:
    """Remove the hosts that processes have shared."""
    if os.geteuid() == 0:
        for kind in (LEAN, WITH_ADDONS):
            down(SHARED_NAME + kind.suffix)
