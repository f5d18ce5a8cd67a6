"""The nodes' networks, each inside the node's own namespace.

The first node's address sits on a bridge, so that there is a route for Service addresses to be translated on.
Alone, that leads nowhere: what would leave by it after all is refused at once instead of timing out. Each
further node is plugged into it by a veth pair, whose end in the further node is its device of the same name.
What is for no node is refused there, or goes by the first node, if there is a way out.

Pods are connected point to point (CNI `ptp`): the node routes every packet, so Service addresses work between
its pods without br_netfilter. Between nodes pods are routed: a range of addresses a node.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from vcli.host import egress as way_out
from vcli.host.egress import Egress
from vcli.host.instance import NODE_IP, NODES_CIDR, POD_CIDR, Instance
from vcli.host.plan import HOST_NETWORK

DEVICE = "node0"
SYSCTLS = ("net.ipv4.ip_forward=1", "net.ipv4.conf.all.route_localnet=1")
# The first node's; a redirect takes the place of the refusal that is due, as both are rationed together.
_NO_REDIRECTS = ("net.ipv4.conf.all.send_redirects=0", f"net.ipv4.conf.{DEVICE}.send_redirects=0")
# Where br_netfilter is in the kernel, packets between two other nodes would pass the first one's rules.
_BRIDGED_APART = "net.bridge.bridge-nf-call-iptables=0"
_HOST_NETWORK = f"/proc/self/fd/{HOST_NETWORK}"


def commands(node: Instance, others: Sequence[Instance], egress: Egress) -> Sequence[Sequence[str]]:
    """What to run in a node's namespace, in order.

    Args:
        node: which one.
        others: all others of the host.
        egress: what the host may reach beyond itself.
    """
    first = node.number == 1
    return [
        ["ip", "link", "set", "lo", "up"],
        *(_bridge() if first else _plug(node)),
        ["ip", "address", "add", f"{node.ip}/24", "dev", DEVICE],
        ["ip", "link", "set", DEVICE, "up"],
        # Behind the one that slirp4netns adds, if there is a way out.
        [
            "ip",
            "route",
            "add",
            "default",
            *(() if first else ("via", NODE_IP)),
            "dev",
            DEVICE,
            "metric",
            "1000",
        ],
        *(["ip", "route", "add", x.pod_cidr, "via", x.ip, "dev", DEVICE] for x in others),
        ["nft", _rules(node, others, egress)],
        ["sysctl", "-q", "-w", *SYSCTLS, *_NO_REDIRECTS],
    ]


def port(node: Instance) -> str:
    """The first node's device that leads to a further one."""
    return f"node{node.number}"


def _bridge() -> list[list[str]]:
    return [
        # Without ports at first. Rather than a dummy: every kernel that runs containers has it.
        ["ip", "link", "add", DEVICE, "type", "bridge"],
        ["sysctl", "-q", "-e", "-w", _BRIDGED_APART],
    ]


def _plug(node: Instance) -> list[list[str]]:
    there = ["nsenter", f"--net={_HOST_NETWORK}", "ip", "link"]
    return [
        ["ip", "link", "add", DEVICE, "type", "veth", "peer", "name", port(node), "netns", _HOST_NETWORK],
        [*there, "set", port(node), "master", DEVICE, "up"],
    ]


def _rules(node: Instance, others: Sequence[Instance], egress: Egress) -> str:
    lines = []
    if others:
        reached = _set(y for x in others for y in (x.ip, x.pod_cidr))
        lines += [f'oifname "{DEVICE}" ip daddr {reached} accept']
    if node.number == 1:
        lines += [f'oifname "{DEVICE}" reject', way_out.rules(egress)]
    elif egress is Egress.NONE:
        lines += [f'oifname "{DEVICE}" reject']
    else:
        # What is for no node would come back from the first one.
        nobodys = _set([NODES_CIDR, POD_CIDR])
        lines += [f'oifname "{DEVICE}" ip daddr {nobodys} reject', way_out.rules(egress, DEVICE)]
    leaving = "\n    ".join(lines)
    return f"""
table ip vcli-host {{
  chain forward {{
    type filter hook forward priority 200
    {leaving}
  }}
  chain output {{
    type filter hook output priority 200
    # On its way to a Service the node's own packet has its destination by now, but is not routed to it yet.
    ct status dnat accept
    {leaving}
  }}
  chain postrouting {{
    type nat hook postrouting priority 110
    ip saddr {POD_CIDR} ip daddr != {POD_CIDR} masquerade
    # slirp4netns knows one address only.
    oifname "{way_out.DEVICE}" ip saddr {NODES_CIDR} masquerade
  }}
}}
"""


def _set(addresses: Iterable[str]) -> str:
    return f"{{ {', '.join(addresses)} }}"


def cni(node: Instance, data_dir: str) -> dict[str, Any]:
    """The CNI network list; no `ipMasq`, which costs several iptables calls a pod: one rule above does it."""
    ptp = {
        "type": "ptp",
        "ipam": {
            "type": "host-local",
            "dataDir": data_dir,
            "ranges": [[{"subnet": node.pod_cidr}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "1.0.0", "name": "vcli-host", "plugins": [ptp, ports]}
