"""What pods and nodes use, for ``kubectl top`` and autoscaling: metrics-server."""

from collections.abc import Sequence

from vcli.host.addons import objects
from vcli.host.addons.addon import NAMESPACE, Addon, Programs, deployment
from vcli.host.images import Offer, of_program
from vcli.host.products import Product
from vcli.host.versions import METRICS_SERVER
from vcli.kube.types import Object

NAME = "metrics-server"
IMAGE = f"registry.k8s.io/metrics-server/metrics-server:{METRICS_SERVER}"
API_SERVICE = "v1beta1.metrics.k8s.io"
PRODUCT = Product(
    name=NAME,
    version=METRICS_SERVER,
    packages={NAME: "sigs.k8s.io/metrics-server/cmd/metrics-server"},
)
_ROLE = f"system:{NAME}"
_PORT = 10250
_LABELS = {"k8s-app": NAME}
_USUAL = (
    "--cert-dir=/tmp",
    f"--secure-port={_PORT}",
    "--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
    "--kubelet-use-node-status-port",
    "--metric-resolution=15s",
)
# The host's kubelets have certificates of the cluster's own CA.
_CA = "--kubelet-certificate-authority=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"
# The shortest that it takes: it answers once it has measured twice.
_OFTEN = ("--metric-resolution=10s", "--kubelet-request-timeout=5s")


def manifests(*args: str) -> list[Object]:
    """All its objects, as its own release has them.

    Args:
        args: more flags, or others in place of the usual ones.
    """
    return [
        objects.account(NAME),
        objects.cluster_role(_ROLE, ("", "nodes/metrics", "get"), ("", "pods nodes", "get list watch")),
        objects.bound_to_account(_ROLE, NAME),
        objects.bound_to_account("system:auth-delegator", NAME, binding=f"{NAME}:system:auth-delegator"),
        objects.bound_in_namespace(
            "extension-apiserver-authentication-reader", NAME, binding=f"{NAME}-auth-reader"
        ),
        objects.service(
            NAME, _LABELS, [{"name": "https", "port": 443, "targetPort": "https", "protocol": "TCP"}]
        ),
        objects.deployment(NAME, _LABELS, _pod(args)),
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": API_SERVICE},
            "spec": {
                "group": "metrics.k8s.io",
                "version": "v1beta1",
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
                "insecureSkipTLSVerify": True,
                "service": {"name": NAME, "namespace": NAMESPACE, "port": 443},
            },
        },
    ]


def _pod(args: Sequence[str]) -> Object:
    given = {each.split("=")[0] for each in args}  # of a list, it would take both
    probe = {"httpGet": {"path": "/readyz", "port": "https", "scheme": "HTTPS"}, "timeoutSeconds": 10}
    container = {
        "name": NAME,
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "args": [*(each for each in _USUAL if each.split("=")[0] not in given), *args],
        "ports": [{"name": "https", "containerPort": _PORT}],
        "readinessProbe": {**probe, "periodSeconds": 2},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - the container's own
    }
    return {
        "serviceAccountName": NAME,
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }


def _images(program: Programs) -> list[Offer]:
    return [of_program(NAME, IMAGE, f"/{NAME}", program[NAME])]


METRICS = Addon(
    name="metrics",
    summary="kubectl top and autoscaling (metrics-server)",
    products=[PRODUCT],
    images=_images,
    objects=lambda _: manifests(_CA, *_OFTEN),
    available=[deployment(NAME), f"/apis/apiregistration.k8s.io/v1/apiservices/{API_SERVICE}"],
)
