"""What the Deployments of Traefik have in common: the program, its image, the pod around its arguments."""

from collections.abc import Mapping, Sequence
from typing import Any

from vcli.host.addons.addon import Programs
from vcli.host.images import Offer, of_program
from vcli.host.products import Product
from vcli.host.versions import TRAEFIK
from vcli.kube.types import Object

_MODULE = "github.com/traefik/traefik/v3"
_NAME = "traefik"
_IMAGE = f"docker.io/library/traefik:{TRAEFIK}"
_PING = 8080

PRODUCT = Product(
    name=_NAME,
    version=TRAEFIK,
    packages={_NAME: f"{_MODULE}/cmd/traefik"},
    stamps={f"{_MODULE}/pkg/version.Version": TRAEFIK},
    overlaid={"lego": "github.com/go-acme/lego/v5"},
)


def images(program: Programs) -> list[Offer]:
    """Traefik's."""
    return [of_program(_NAME, _IMAGE, "/traefik", program[_NAME], certificates=True)]


def pod(name: str, ports: Mapping[str, int], arguments: Sequence[str], **more: Any) -> Object:
    """The spec of a pod.

    Args:
        name: of its container and its ServiceAccount.
        ports: that it listens on, by the names of entry points.
        arguments: what it is to do there.
        more: fields of the spec.
    """
    container = {
        "name": name,
        "image": _IMAGE,
        "args": [
            *(f"--entrypoints.{entry}.address=:{port}" for entry, port in ports.items()),
            f"--entrypoints.traefik.address=:{_PING}",
            "--ping=true",
            *arguments,
            "--providers.providersthrottleduration=500ms",
            "--global.checknewversion=false",
            "--global.sendanonymoususage=false",
        ],
        "ports": [{"name": entry, "containerPort": port} for entry, port in ports.items()],
        "readinessProbe": {"httpGet": {"path": "/ping", "port": _PING}, "periodSeconds": 1},
        "livenessProbe": {"httpGet": {"path": "/ping", "port": _PING}, "failureThreshold": 5},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": 65532,
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - the container's own
    }
    return {
        "serviceAccountName": name,
        "priorityClassName": "system-cluster-critical",
        "terminationGracePeriodSeconds": 5,
        **more,
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
