"""The node's components: their configuration files and command lines."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vcli.host import network
from vcli.host.instance import API_PORT, DNS_IP, NODE_IP, POD_CIDR, SERVICE_CIDR, Instance
from vcli.host.plan import Component
from vcli.host.versions import PAUSE_IMAGE
from vcli.host.volumes import PROVISIONED

_ETCD = "http://127.0.0.1:2379"
_DISABLED_PLUGINS = ("io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri")


def components(instance: Instance, program: Mapping[str, Path]) -> list[Component]:
    """What the node runs, in the order to start it.

    Args:
        instance: whose folders the command lines name; see `write_config`.
        program: a program's name to its path.
    """
    pki, root = instance.pki, instance.root

    def argv(name: str, **flags: object) -> list[str]:
        return [str(program[name]), *(f"--{k.replace('_', '-')}={_text(v)}" for k, v in flags.items())]

    def as_user(name: str) -> dict[str, object]:
        path = pki / f"{name}.kubeconfig"
        return dict.fromkeys(("kubeconfig", "authentication_kubeconfig", "authorization_kubeconfig"), path)

    return [
        containerd(instance, program),
        Component(
            name="etcd",
            argv=argv(
                "etcd",
                data_dir=root / "etcd",
                listen_client_urls=_ETCD,
                advertise_client_urls=_ETCD,
                listen_peer_urls="http://127.0.0.1:2380",
                log_level="warn",
                # A throwaway host: what a power cut loses is made again by `up`.
                unsafe_no_fsync=True,
            ),
        ),
        Component(name="kube-apiserver", argv=argv("kube-apiserver", **_apiserver(instance))),
        Component(
            name="relay", argv=[str(program["relay"]), f"127.0.0.1:{API_PORT}"], after="boot", listener=True
        ),
        Component(
            name="kubelet",
            argv=argv(
                "kubelet",
                config=root / "kubelet.json",
                kubeconfig=pki / "node.kubeconfig",
                hostname_override=instance.name,
                node_ip=NODE_IP,
                root_dir=root / "kubelet",
            ),
            after="api",
        ),
        Component(
            name="kube-controller-manager",
            argv=argv(
                "kube-controller-manager",
                **as_user("kube-controller-manager"),
                root_ca_file=pki / "ca.crt",
                service_account_private_key_file=pki / "sa.key",
                cluster_signing_cert_file=pki / "ca.crt",
                cluster_signing_key_file=pki / "ca.key",
                use_service_account_credentials=True,
                enable_hostpath_provisioner=True,
                # A claim made while the controller still learns of its class is found at the next round.
                pvclaimbinder_sync_period="2s",
                flex_volume_plugin_dir=root / "flexvolume",
                leader_elect=False,
                # Its 40 controllers share this at start: with the default of 20, DNS waits for 4 seconds.
                kube_api_qps=200,
                kube_api_burst=400,
            ),
            after="api",
        ),
        Component(
            name="volumes",
            argv=[sys.executable, "-P", "-S", "-m", "vcli.host.volumes", PROVISIONED],
        ),
        Component(
            name="kube-scheduler",
            argv=argv("kube-scheduler", **as_user("kube-scheduler"), leader_elect=False),
            after="api",
        ),
        Component(
            name="kube-proxy",
            argv=argv(
                "kube-proxy",
                kubeconfig=pki / "kube-proxy.kubeconfig",
                proxy_mode="nftables",
                cluster_cidr=POD_CIDR,
                hostname_override=instance.name,
                conntrack_max_per_core=0,
            ),
            after="api",
        ),
    ]


def containerd(instance: Instance, program: Mapping[str, Path]) -> Component:
    """The container runtime."""
    config = instance.root / "containerd.toml"
    return Component(name="containerd", argv=[str(program["containerd"]), f"--config={config}"])


def write_config(instance: Instance, *, runc: str, cni_plugins: str, name_server: str | None = None) -> None:
    """Write the configuration files that the command lines name."""
    root = instance.root
    for folder in ("log", "cni", "kubelet", "etcd", "containerd"):
        (root / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    (root / "containerd.toml").write_text(_containerd(instance, runc=runc, cni_plugins=cni_plugins))
    (root / "kubelet.json").write_text(json.dumps(_kubelet(instance), indent=1))
    (root / "cni" / "10-vcli.conflist").write_text(json.dumps(network.cni(str(root / "cni-state")), indent=1))
    nothing = "# There is no name server beyond the cluster's own."
    (root / "resolv.conf").write_text((f"nameserver {name_server}" if name_server else nothing) + "\n")


def _apiserver(instance: Instance) -> dict[str, object]:
    pki = instance.pki
    return {
        "advertise_address": NODE_IP,
        "bind_address": "0.0.0.0",  # noqa: S104 - inside the node's own network namespace
        "secure_port": API_PORT,
        "etcd_servers": _ETCD,
        "service_cluster_ip_range": SERVICE_CIDR,
        "client_ca_file": pki / "ca.crt",
        "tls_cert_file": pki / "apiserver.crt",
        "tls_private_key_file": pki / "apiserver.key",
        "kubelet_client_certificate": pki / "kubelet-client.crt",
        "kubelet_client_key": pki / "kubelet-client.key",
        "kubelet_certificate_authority": pki / "ca.crt",
        "kubelet_preferred_address_types": "InternalIP",
        "service_account_key_file": pki / "sa.pub",
        "service_account_signing_key_file": pki / "sa.key",
        "service_account_issuer": "https://kubernetes.default.svc.cluster.local",
        "authorization_mode": "Node,RBAC",
        "enable_admission_plugins": "NodeRestriction",
        "requestheader_client_ca_file": pki / "ca.crt",
        "requestheader_allowed_names": "front-proxy-client",
        "requestheader_extra_headers_prefix": "X-Remote-Extra-",
        "requestheader_group_headers": "X-Remote-Group",
        "requestheader_username_headers": "X-Remote-User",
        "proxy_client_cert_file": pki / "front-proxy.crt",
        "proxy_client_key_file": pki / "front-proxy.key",
        "allow_privileged": True,
    }


def _kubelet(instance: Instance) -> dict[str, Any]:
    pki, root = instance.pki, instance.root
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(pki / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(pki / "kubelet.crt"),
        "tlsPrivateKeyFile": str(pki / "kubelet.key"),
        "clusterDNS": [DNS_IP],
        "clusterDomain": "cluster.local",
        "containerRuntimeEndpoint": f"unix://{instance.containerd}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": instance.cgroup,
        "failCgroupV1": False,
        "failSwapOn": False,
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
            "nodefs.inodesFree": "1%",
        },
        "maxPods": 500,
        "registryPullQPS": 0,
        "serializeImagePulls": False,
        "syncFrequency": "10s",
        "resolvConf": str(root / "resolv.conf"),
        "volumePluginDir": str(root / "flexvolume"),
    }


def _containerd(instance: Instance, *, runc: str, cni_plugins: str) -> str:
    cri, root = 'plugins."io.containerd.cri.v1', instance.root
    return f"""\
version = 3
root = "{root / "containerd"}"
state = "{instance.run / "containerd"}"
disabled_plugins = {json.dumps(_DISABLED_PLUGINS)}

[grpc]
  address = "{instance.containerd}"

[plugins."io.containerd.metadata.v1.bolt"]
  no_sync = true  # as with etcd

[{cri}.images"]
  snapshotter = "overlayfs"
  [{cri}.images".pinned_images]
    sandbox = "{PAUSE_IMAGE}"

[{cri}.runtime"]
  # Where CAP_SYS_RESOURCE is missing runc can't lower oom_score_adj, and no container starts.
  restrict_oom_score_adj = true
  [{cri}.runtime".cni]
    bin_dirs = ["{cni_plugins}"]
    conf_dir = "{root / "cni"}"
  [{cri}.runtime".containerd]
    default_runtime_name = "runc"
    [{cri}.runtime".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [{cri}.runtime".containerd.runtimes.runc.options]
        BinaryName = "{runc}"
        SystemdCgroup = false
"""


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
