"""What the embedded host consists of. The go.mod files beside are the pins; a test holds both together."""

KUBERNETES = "v1.36.3"
CONTAINERD = "v2.4.2"
ETCD = "v3.6.8"
COREDNS = "v1.14.2"
# Of add-ons.
KUBE_ROUTER = "v2.1.0"
METRICS_SERVER = "v0.9.0"
TRAEFIK = "v3.7.13"

PAUSE_IMAGE = "registry.k8s.io/pause:3.10.1"
ETCD_IMAGE = "registry.k8s.io/etcd:3.6.8-0"
COREDNS_IMAGE = "registry.k8s.io/coredns/coredns:v1.14.2"
BUSYBOX_IMAGES = ("docker.io/library/busybox:1.36", "docker.io/library/busybox:latest")
