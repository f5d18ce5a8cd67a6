"""The server that kube-apiserver calls as the kubelet of every virtual node."""

from vcli.syncer.kubelet.server import KubeletServer
from vcli.syncer.kubelet.views import PodsOn

__all__ = ["KubeletServer", "PodsOn"]
