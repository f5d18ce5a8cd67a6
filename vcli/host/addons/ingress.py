"""Ingresses are answered by Traefik, at the address of its Service of type LoadBalancer."""

from vcli.host.addons import objects, traefik
from vcli.host.addons.addon import NAMESPACE, Addon, deployment
from vcli.kube.types import Object

_NAME = "traefik"
_ROLE = "vcli:traefik"
_LABELS = {"app.kubernetes.io/name": _NAME}


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
    return traefik.pod(
        _NAME,
        {"web": 8000, "websecure": 8443},
        [
            "--entrypoints.websecure.http.tls=true",
            "--providers.kubernetesingress=true",
            f"--providers.kubernetesingress.ingressendpoint.publishedservice={NAMESPACE}/{_NAME}",
        ],
    )


INGRESS = Addon(
    name="ingress",
    summary="Ingresses are answered (Traefik, IngressClass traefik)",
    needs=["load-balancer"],
    products=[traefik.PRODUCT],
    images=traefik.images,
    objects=lambda _: _objects(),
    available=[deployment(_NAME)],
)
