"""Programs that only tests, benchmarks and the conformance suite need, each pinned by a module of its own."""

from pathlib import Path

from vcli.host.addons.metrics import PRODUCT as METRICS_SERVER
from vcli.host.products import Product, kubernetes_stamps
from vcli.host.versions import KUBERNETES

KWOK = "v0.8.0"
# Two releases with the same dependencies: most of them is built once for both.
HELM3 = "v3.22.0"
HELM4 = "v4.3.0"

_MODULES = Path(__file__).parent / "modules"

PRODUCTS: tuple[Product, ...] = (
    Product(
        name="kwok",
        version=KWOK,
        packages={"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
        modules=_MODULES,
    ),
    METRICS_SERVER,
    Product(name="helm3", version=HELM3, packages={"helm3": "helm.sh/helm/v3/cmd/helm"}, modules=_MODULES),
    Product(name="helm4", version=HELM4, packages={"helm4": "helm.sh/helm/v4/cmd/helm"}, modules=_MODULES),
    # Kubernetes' own end-to-end tests, with what they run in pods.
    Product(
        name="e2e",
        version=KUBERNETES,
        packages={
            "agnhost": "k8s.io/kubernetes/test/images/agnhost",
            "nonewprivs": "k8s.io/kubernetes/test/images/nonewprivs",
            "sample-apiserver": "k8s.io/sample-apiserver",
            "e2e.test": "k8s.io/kubernetes/test/e2e",
        },
        tests=["e2e.test"],
        stamps=kubernetes_stamps(),
        modules=_MODULES,
    ),
)
