"""The embedded host for tests: booted once a session under a name of its own, beside whatever the user runs.

``VCLI_E2E_HOST=NAME`` uses a host that is up already, and leaves it up: quicker while writing tests.
"""

import json
import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from embedded import NAME, Host, environment, run


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
