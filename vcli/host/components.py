"""The nodes' components: their configuration files and command lines."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vcli.host import audit, network
from vcli.host.instance import API_PORT, DNS_IP, POD_CIDR, SERVICE_CIDR, Instance
from vcli.host.plan import Component
from vcli.host.versions import PAUSE_IMAGE
from vcli.host.volumes import PROVISIONED

_ETCD = "http://127.0.0.1:2379"
# A node that is silent for so many seconds is NotReady; Kubernetes' own default is 50.
_NOT_READY_AFTER = 20
_SEVERAL_NODES = {"node_monitor_grace_period": f"{_NOT_READY_AFTER}s", "node_monitor_period": "2s"}
_DISABLED_PLUGINS = ("io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri")


def components(
    instance: Instance, program: Mapping[str, Path], *, nodes: int = 1, audited: bool = False
) -> list[Component]:
    """What the host's first node runs, in the order to start it.

    Args:
        instance: whose folders the command lines name; see `write_config`.
        program: a program's name to its path.
        nodes: how many the host has.
        audited: whether its API server writes an audit log; see `audit.write_policy`.
    """
    pki, root = instance.pki, instance.root

    def as_user(name: str) -> dict[str, object]:
        path = pki / f"{name}.kubeconfig"
        return dict.fromkeys(("kubeconfig", "authentication_kubeconfig", "authorization_kubeconfig"), path)

    return [
        containerd(instance, program),
        Component(
            name="etcd",
            argv=_argv(
                program,
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
        Component(
            name="kube-apiserver",
            argv=_argv(
                program,
                "kube-apiserver",
                **_apiserver(instance),
                **(audit.flags(instance) if audited else {}),
            ),
        ),
        Component(
            name="relay", argv=[str(program["relay"]), f"127.0.0.1:{API_PORT}"], after="boot", listener=True
        ),
        _kubelet(instance, program),
        Component(
            name="kube-controller-manager",
            argv=_argv(
                program,
                "kube-controller-manager",
                **as_user("kube-controller-manager"),
                root_ca_file=pki / "ca.crt",
                service_account_private_key_file=pki / "sa.key",
                cluster_signing_cert_file=pki / "ca.crt",
                cluster_signing_key_file=pki / "ca.key",
                use_service_account_credentials=True,
                # A claim made while the controller still learns of its class is found at the next round.
                pvclaimbinder_sync_period="2s",
                flex_volume_plugin_dir=root / "flexvolume",
                leader_elect=False,
                # Its 40 controllers share this at start: with the default of 20, DNS waits for 4 seconds.
                kube_api_qps=200,
                kube_api_burst=400,
                **(_SEVERAL_NODES if nodes > 1 else {"enable_hostpath_provisioner": True}),
            ),
            after="api",
        ),
        _volumes(instance, nodes),
        Component(
            name="kube-scheduler",
            argv=_argv(program, "kube-scheduler", **as_user("kube-scheduler"), leader_elect=False),
            after="api",
        ),
        _kube_proxy(instance, program),
    ]


def of_further_node(node: Instance, program: Mapping[str, Path]) -> list[Component]:
    """What each node beside the first one runs."""
    return [containerd(node, program), _kubelet(node, program), _kube_proxy(node, program)]


def containerd(instance: Instance, program: Mapping[str, Path]) -> Component:
    """The container runtime."""
    config = instance.root / "containerd.toml"
    return Component(name="containerd", argv=[str(program["containerd"]), f"--config={config}"])


def _kubelet(node: Instance, program: Mapping[str, Path]) -> Component:
    return Component(
        name="kubelet",
        argv=_argv(
            program,
            "kubelet",
            config=node.root / "kubelet.json",
            kubeconfig=node.pki / "node.kubeconfig",
            hostname_override=node.name,
            node_ip=node.ip,
            node_labels=f"topology.kubernetes.io/zone={node.zone}",
            root_dir=node.root / "kubelet",
        ),
        after="api",
    )


def _kube_proxy(node: Instance, program: Mapping[str, Path]) -> Component:
    return Component(
        name="kube-proxy",
        argv=_argv(
            program,
            "kube-proxy",
            kubeconfig=node.pki / "kube-proxy.kubeconfig",
            proxy_mode="nftables",
            cluster_cidr=POD_CIDR,
            hostname_override=node.name,
            conntrack_max_per_core=0,
        ),
        after="api",
    )


def _volumes(instance: Instance, nodes: int) -> Component:
    python = [sys.executable, "-P", "-S", "-m"]
    if nodes == 1:
        return Component(name="volumes", argv=[*python, "vcli.host.volumes", PROVISIONED])
    members = [instance.node(x) for x in range(1, nodes + 1)]
    folders = [f"{x.name}={x.root / 'volumes'}" for x in members]
    argv = [*python, "vcli.host.local_volumes", str(instance.pki), *folders]
    return Component(name="volumes", argv=argv, after="api")


def write_config(
    instance: Instance, *, runc: str, cni_plugins: str, name_server: str | None = None, nodes: int = 1
) -> None:
    """Write the configuration files that a node's command lines name."""
    root = instance.root
    for folder in ("log", "cni", "kubelet", "containerd", *(["etcd"] if instance.number == 1 else [])):
        (root / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    (root / "containerd.toml").write_text(_containerd(instance, runc=runc, cni_plugins=cni_plugins))
    (root / "kubelet.json").write_text(json.dumps(_kubelet_config(instance, nodes), indent=1))
    (root / "cni" / "10-vcli.conflist").write_text(
        json.dumps(network.cni(instance, str(root / "cni-state")), indent=1)
    )
    nothing = "# There is no name server beyond the cluster's own."
    (root / "resolv.conf").write_text((f"nameserver {name_server}" if name_server else nothing) + "\n")


def _apiserver(instance: Instance) -> dict[str, object]:
    pki = instance.pki
    return {
        "advertise_address": instance.ip,
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


def _kubelet_config(instance: Instance, nodes: int) -> dict[str, Any]:
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
        # Renewed four times in that time.
        **({"nodeLeaseDurationSeconds": _NOT_READY_AFTER} if nodes > 1 else {}),
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


def _argv(program: Mapping[str, Path], name: str, **flags: object) -> list[str]:
    return [str(program[name]), *(f"--{k.replace('_', '-')}={_text(v)}" for k, v in flags.items())]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
