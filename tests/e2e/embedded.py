"""The embedded host as tests hold it: programs run in an environment that means it, nothing of the user's."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vcli.host.instance import cache_dir

NAME = "vcli-e2e"
SECONDS = 120
OF_VCLI = 300  # `vcli create` gives up by itself after 180


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
            [sys.executable, "-m", "vcli", *args], env=self.env, check=check, stdin=stdin, timeout=timeout
        )

    def kubectl(
        self, *args: str, check: bool = True, stdin: str | None = None, timeout: float = SECONDS
    ) -> str:
        return run(["kubectl", *args], env=self.env, check=check, stdin=stdin, timeout=timeout).stdout

    def get(self, *args: str) -> Any:
        return json.loads(self.kubectl("get", *args, "-o", "json"))

    def create_namespace(self, name: str) -> None:
        """Make a namespace, with what controllers put into it; before that it takes no pod."""
        self.kubectl("create", "namespace", name)
        usual = ("serviceaccount/default", "configmap/kube-root-ca.crt")
        self.kubectl("wait", "--namespace", name, "--for=create", *usual, f"--timeout={SECONDS - 10}s")

    def apply(self, namespace: str, *objects: dict[str, Any]) -> None:
        """Apply objects; those without a namespace of their own go to this one."""
        document = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        self.kubectl("apply", "--namespace", namespace, "--filename", "-", stdin=document)


@contextmanager
def booted(name: str, folder: Path, *options: str, lent: bool = False) -> Iterator[Host]:
    """A host that is up, and gone after the block.

    Args:
        name: of the instance.
        folder: its user's home.
        options: more, for ``vcli host up``.
        lent: whether it is somebody else's, and stays.
    """
    env = environment(folder)
    vcli = [sys.executable, "-m", "vcli", "host"]
    # HOME as it is for `up`: a first build uses the user's Go caches.
    boot = env | {"HOME": str(Path.home())}
    if not lent:
        run([*vcli, "down", "--name", name], env=boot)
    usual = ["--name", name, "--port", "0", "--egress", "none", "-o", "json"]
    try:
        up = run([*vcli, "up", *usual, *options], env=boot, timeout=3600)
        kubectl = Path(json.loads(up.stdout)["kubectl"])
        env["PATH"] = os.pathsep.join([str(kubectl.parent), str(Path(sys.executable).parent), env["PATH"]])
        yield Host(name=name, kubeconfig=Path(env["KUBECONFIG"]), env=env)
    finally:
        if not lent:
            run([*vcli, "down", "--name", name], env=boot)


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
    """An environment that shares nothing with the user's but the cache of programs."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("VCLI_", "KUBE"))}
    return kept | {
        "HOME": str(folder),
        "KUBECONFIG": str(folder / "kubeconfig"),
        "VCLI_STATE_DIR": str(folder / "state"),
        "VCLI_CACHE_DIR": str(cache_dir()),
        "NO_COLOR": "1",
    }
