"""Ingresses are answered by Traefik, at the address of its Service of type LoadBalancer."""

from vcli.host.addons import objects
from vcli.host.addons.addon import NAMESPACE, Addon, Programs, deployment
from vcli.host.images import Offer, of_program
from vcli.host.products import Product
from vcli.host.versions import TRAEFIK
from vcli.kube.types import Object

_MODULE = "github.com/traefik/traefik/v3"
IMAGE = f"docker.io/library/traefik:{TRAEFIK}"
_NAME = "traefik"
_ROLE = "vcli:traefik"
_LABELS = {"app.kubernetes.io/name": _NAME}
_PING = 8080


PRODUCT = Product(
    name=_NAME,
    version=TRAEFIK,
    packages={_NAME: f"{_MODULE}/cmd/traefik"},
    stamps={f"{_MODULE}/pkg/version.Version": TRAEFIK},
    overlaid={"lego": "github.com/go-acme/lego/v5"},
)


def _objects() -> list[Object]:
    ports = [
        {"name": "web", "port": 80, "targetPort": "web"},
        {"name": "websecure", "port": 443, "targetPort": "websecure"},
    ]
    return [
        objects.account(_NAME),
        objects.cluster_role(
            _ROLE,
            ("", "services secrets nodes", "get list watch"),
            ("discovery.k8s.io", "endpointslices", "list watch"),
            ("networking.k8s.io", "ingresses ingressclasses", "get list watch"),
            ("networking.k8s.io", "ingresses/status", "update"),
        ),
        objects.bound_to_account(_ROLE, _NAME),
        objects.deployment(_NAME, _LABELS, _pod()),
        objects.service(_NAME, _LABELS, ports, type="LoadBalancer"),
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": {
                "name": _NAME,
                "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"},
            },
            "spec": {"controller": "traefik.io/ingress-controller"},
        },
    ]


def _pod() -> Object:
    container = {
        "name": _NAME,
        "image": IMAGE,
        "args": [
            "--entrypoints.web.address=:8000",
            "--entrypoints.websecure.address=:8443",
            "--entrypoints.websecure.http.tls=true",
            f"--entrypoints.traefik.address=:{_PING}",
            "--ping=true",
            "--providers.kubernetesingress=true",
            f"--providers.kubernetesingress.ingressendpoint.publishedservice={NAMESPACE}/{_NAME}",
            "--providers.providersthrottleduration=500ms",
            "--global.checknewversion=false",
            "--global.sendanonymoususage=false",
        ],
        "ports": [
            {"name": "web", "containerPort": 8000},
            {"name": "websecure", "containerPort": 8443},
        ],
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
        "serviceAccountName": _NAME,
        "priorityClassName": "system-cluster-critical",
        "terminationGracePeriodSeconds": 5,
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }


def images(program: Programs) -> list[Offer]:
    """Traefik's."""
    return [of_program(_NAME, IMAGE, "/traefik", program[_NAME], certificates=True)]


INGRESS = Addon(
    name="ingress",
    summary="Ingresses are answered (Traefik, IngressClass traefik)",
    needs=["load-balancer"],
    products=[PRODUCT],
    images=images,
    objects=lambda _: _objects(),
    available=[deployment(_NAME)],
)
