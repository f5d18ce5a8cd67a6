"""Users of the host that are no administrators."""

import json
from pathlib import Path
from typing import Any

from embedded import Host


def tenant(host: Host, namespace: str, folder: Path, *, role: str = "--clusterrole=admin") -> Host:
    """A user with one role, as for `kubectl create rolebinding`, in one namespace and nothing else."""
    host.kubectl("create", "serviceaccount", "tenant", "-n", namespace)
    account = f"--serviceaccount={namespace}:tenant"
    host.kubectl("create", "rolebinding", "tenant", "-n", namespace, role, account)
    token = host.kubectl("create", "token", "tenant", "-n", namespace).strip()
    config: dict[str, Any] = json.loads(host.kubectl("config", "view", "--raw", "--minify", "-o", "json"))
    config["users"][0]["user"] = {"token": token}
    config["contexts"][0]["context"]["namespace"] = namespace
    path = folder / "tenant"
    path.write_text(json.dumps(config))
    path.chmod(0o600)
    return Host(name=host.name, kubeconfig=path, env=host.env | {"KUBECONFIG": str(path)})
