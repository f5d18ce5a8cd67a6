"""The embedded host for tests: booted once a session under a name of its own, beside whatever the user runs.

``VCLI_E2E_HOST=NAME`` uses a host that is up already, and leaves it up: quicker while writing tests.
"""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vcli.host.instance import cache_dir

NAME = "vcli-e2e"
SECONDS = 120


@dataclass(frozen=True, kw_only=True)
class Host:
    """A running host, and the environment in which vcli and kubectl mean it."""

    name: str
    kubeconfig: Path
    env: dict[str, str]

    def vcli(
        self, *args: str, check: bool = True, stdin: str | None = None, timeout: float = SECONDS
    ) -> subprocess.CompletedProcess[str]:
        return run(
            [sys.executable, "-m", "vcli", *args], env=self.env, check=check, stdin=stdin, timeout=timeout
        )

    def kubectl(
        self, *args: str, check: bool = True, stdin: str | None = None, timeout: float = SECONDS
    ) -> str:
        return run(["kubectl", *args], env=self.env, check=check, stdin=stdin, timeout=timeout).stdout

    def get(self, *args: str) -> Any:
        return json.loads(self.kubectl("get", *args, "-o", "json"))

    def apply(self, namespace: str, *objects: dict[str, Any]) -> None:
        """Apply objects; those without a namespace of their own go to this one."""
        document = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        self.kubectl("apply", "--namespace", namespace, "--filename", "-", stdin=document)


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
    """An environment that shares nothing with the user's but the cache of programs."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("VCLI_", "KUBE"))}
    return kept | {
        "HOME": str(folder),
        "KUBECONFIG": str(folder / "kubeconfig"),
        "VCLI_STATE_DIR": str(folder / "state"),
        "VCLI_CACHE_DIR": str(cache_dir()),
        "NO_COLOR": "1",
    }


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A real Kubernetes of one node."""
    if os.geteuid() != 0:
        pytest.skip("the embedded host takes root")
    folder = tmp_path_factory.mktemp("host")
    env = environment(folder)
    name = os.environ.get("VCLI_E2E_HOST") or NAME
    vcli = [sys.executable, "-m", "vcli", "host"]
    lent = name != NAME
    # HOME as it is for `up`: a first build uses the user's Go caches.
    boot = env | {"HOME": os.environ.get("HOME", "/root")}
    if not lent:
        run([*vcli, "down", "--name", name], env=boot)
    up = run([*vcli, "up", "--name", name, "--port", "0", "-o", "json"], env=boot, timeout=3600)
    kubectl = json.loads(up.stdout)["kubectl"]
    env["PATH"] = os.pathsep.join([str(Path(kubectl).parent), str(Path(sys.executable).parent), env["PATH"]])
    yield Host(name=name, kubeconfig=Path(env["KUBECONFIG"]), env=env)
    if not lent:
        run([*vcli, "down", "--name", name], env=boot)


@pytest.fixture
def namespace(host: Host) -> Iterator[str]:
    """A namespace on the host for one test."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    host.kubectl("create", "namespace", name)
    yield name
    host.kubectl("delete", "namespace", name, "--wait=false")
