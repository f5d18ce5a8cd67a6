"""The node's network, all of it inside the node's own namespace.

Its address sits on a device that leads nowhere, so that there is a route for Service addresses to be
translated on. What would leave by it after all is refused at once instead of timing out. Pods are connected
point to point (CNI `ptp`): the node routes every packet, so Service addresses work between its pods without
br_netfilter.
"""

from collections.abc import Sequence
from typing import Any

from vcli.host.egress import Egress
from vcli.host.egress import rules as egress_rules
from vcli.host.instance import NODE_CIDR, POD_CIDR

DEVICE = "node0"
SYSCTLS = ("net.ipv4.ip_forward=1", "net.ipv4.conf.all.route_localnet=1")


def _rules(egress: Egress) -> str:
    leaving = f"""
    oifname "{DEVICE}" reject
    {egress_rules(egress)}
"""
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
  }}
}}
"""


def commands(egress: Egress) -> Sequence[Sequence[str]]:
    """What to run in the node's namespace, in order."""
    return [
        ["ip", "link", "set", "lo", "up"],
        # A bridge without ports rather than a dummy: every kernel that runs containers has it.
        ["ip", "link", "add", DEVICE, "type", "bridge"],
        ["ip", "address", "add", NODE_CIDR, "dev", DEVICE],
        ["ip", "link", "set", DEVICE, "up"],
        # Behind the one that slirp4netns adds, if there is a way out.
        ["ip", "route", "add", "default", "dev", DEVICE, "metric", "1000"],
        ["nft", _rules(egress)],
        ["sysctl", "-q", "-w", *SYSCTLS],
    ]


def cni(data_dir: str) -> dict[str, Any]:
    """The CNI network list; no `ipMasq`, which costs several iptables calls a pod: one rule above does it."""
    ptp = {
        "type": "ptp",
        "ipam": {
            "type": "host-local",
            "dataDir": data_dir,
            "ranges": [[{"subnet": POD_CIDR}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "1.0.0", "name": "vcli-host", "plugins": [ptp, ports]}
