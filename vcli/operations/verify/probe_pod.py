"""The one pod that asks all questions about the network, as any pod of a tenant could."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from vcli.errors import NotReadyError
from vcli.kube.client import Client
from vcli.kube.errors import ApiError
from vcli.kube.resources import EVENTS, PODS, SERVICES
from vcli.kube.types import Object

PORT: Final = 8099
NAME: Final = "verify-probe"
LISTENER: Final = "verify-listener"
_PAUSE: Final = 0.5
_TIMEOUT: Final = 90.0
_USER: Final = 65534
_LISTENS: Final = (
    "import socket\n"
    "s = socket.create_server(('', {port}))\n"
    "while True:\n"
    "    c, _ = s.accept()\n"
    "    c.recv(4096)\n"
    "    c.sendall(b'HTTP/1.0 200 OK\\r\\nContent-Length: 7\\r\\n\\r\\nverify\\n')\n"
    "    c.close()\n"
)


def pod(name: str, image: str, *command: str, env: Mapping[str, str] | None = None) -> Object:
    """A pod that any Pod Security Standard allows."""
    return {
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": _USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": "main",
                    "image": image,
                    "imagePullPolicy": "IfNotPresent",
                    "command": list(command),
                    "env": [{"name": key, "value": value} for key, value in (env or {}).items()],
                    "resources": {
                        "requests": {"cpu": "10m", "memory": "32Mi"},
                        "limits": {"cpu": "500m", "memory": "128Mi"},
                    },
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"]},
                    },
                }
            ],
        },
    }


def listener(image: str) -> tuple[Object, Object]:
    """A pod that answers on `PORT`, and the Service in front of it."""
    spec = {"selector": {"app": LISTENER}, "ports": [{"port": 80, "targetPort": PORT}]}
    body = pod(LISTENER, image, "python3", "-c", _LISTENS.format(port=PORT))
    return body, {"metadata": {"name": LISTENER}, "spec": spec}


async def ask(
    client: Client, namespace: str, image: str, questions: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Run the probe pod, and read what it found.

    Args:
        client: of the virtual cluster.
        namespace: there.
        image: with Python.
        questions: by key, ``{"ask": "tcp", "host": ..., "port": ...}``; see `probe_script`.

    Raises:
        NotReadyError: it does not start, or says nothing.
    """
    script = (Path(__file__).parent / "probe_script.py").read_text(encoding="utf-8")
    body = pod(NAME, image, "python3", "-c", script, json.dumps(questions))
    await client.create(PODS, body, namespace=namespace)
    await until(client, namespace, NAME, phases=("Succeeded", "Failed"))
    text = await client.log(NAME, namespace=namespace)
    try:
        found: dict[str, Any] = json.loads(text.strip().rpartition("\n")[2])
    except ValueError as error:
        said = " ".join(text.split())[-200:]
        raise NotReadyError(
            f"the probe pod says nothing that can be read: {said or 'its log is empty'}",
            hint=f"image {image!r} needs python3: name another one with --image",
        ) from error
    return found


async def listen(client: Client, namespace: str, image: str) -> tuple[str, str]:
    """Start a listener; the addresses of its pod and its Service.

    Raises:
        NotReadyError: it does not start.
    """
    body, service = listener(image)
    made = await client.create(SERVICES, service, namespace=namespace)
    await client.create(PODS, body, namespace=namespace)
    running = await until(client, namespace, LISTENER, phases=("Running",))
    return running["status"]["podIP"], made["spec"]["clusterIP"]


async def until(client: Client, namespace: str, name: str, *, phases: tuple[str, ...]) -> Object:
    """Wait for a phase of a pod.

    Raises:
        NotReadyError: it takes too long; the message has the reason that the pod gives.
    """
    found: Object = {}
    try:
        async with asyncio.timeout(_TIMEOUT):
            while True:
                found = await client.get(PODS, name, namespace=namespace)
                status = found.get("status", {})
                if status.get("phase") in phases and status.get("podIP"):
                    return found
                await asyncio.sleep(_PAUSE)
    except TimeoutError:
        raise NotReadyError(
            f"pod {namespace}/{name} does not get to {' or '.join(phases)} within {_TIMEOUT:.0f} seconds:"
            f" it is {found.get('status', {}).get('phase', 'unknown')},"
            f" {_reason(found) or await _event(client, namespace, name)}",
            hint="it runs the image of the syncer, with Python: name another one with --image",
        ) from None


def _reason(pod: Object) -> str:
    for each in pod.get("status", {}).get("containerStatuses") or ():
        if waiting := each.get("state", {}).get("waiting"):
            return f"{waiting.get('reason')} {waiting.get('message', '')}".strip()
    for each in pod.get("status", {}).get("conditions") or ():
        if each.get("status") == "False" and each.get("message"):
            return str(each["message"])
    return ""


async def _event(client: Client, namespace: str, name: str) -> str:
    try:
        about = f"involvedObject.name={name}"
        found = await client.list(EVENTS, namespace=namespace, field_selector=about)
    except ApiError:
        return "no reason known"
    messages = [str(each.get("message", "")) for each in found["items"] if each.get("type") == "Warning"]
    return messages[-1] if messages else "no reason known"
