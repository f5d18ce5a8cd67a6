"""Credentials as ``docker login`` and its like keep them."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from vcli.host.registry import Credentials

_DOCKER_HUB = "https://index.docker.io/v1/"


def credentials(registry: str) -> Credentials | None:
    """The user's own for this registry, from ``$DOCKER_CONFIG`` or ~/.docker; None when there are none."""
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text())
    except (OSError, ValueError):
        return None
    key = _DOCKER_HUB if registry == "docker.io" else registry
    helper = (config.get("credHelpers") or {}).get(key) or config.get("credsStore")
    if helper and (found := _ask(f"docker-credential-{helper}", key)):
        return found
    for name in (key, f"https://{key}"):
        entry = (config.get("auths") or {}).get(name) or {}
        if coded := entry.get("auth"):
            user, _, password = base64.b64decode(coded).decode().partition(":")
            return Credentials(user, password)
    return None


def _ask(helper: str, registry: str) -> Credentials | None:
    """Ask a credential helper: https://github.com/docker/docker-credential-helpers#development."""
    if not shutil.which(helper):
        return None
    done = subprocess.run([helper, "get"], input=registry, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return None
    said = json.loads(done.stdout)
    return Credentials(str(said["Username"]), str(said["Secret"]))
