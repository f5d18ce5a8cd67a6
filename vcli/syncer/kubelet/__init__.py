"""The server that kube-apiserver calls as the kubelet of every virtual node."""

from vcli.syncer.kubelet.hosted import HostPod, find_pod
from vcli.syncer.kubelet.relay import Lookup
from vcli.syncer.kubelet.server import KubeletServer
from vcli.syncer.kubelet.views import PodsOn

__all__ = ["HostPod", "KubeletServer", "Lookup", "PodsOn", "find_pod"]
