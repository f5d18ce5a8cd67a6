"""The ports of a control plane's pod, and of the DNS inside."""

from typing import Final

API: Final = 8443
"""Of the virtual API; loft-sh's has it as well."""
DNS: Final = 1053
"""Of the DNS server's pod inside, see manifests/addons/coredns.yaml: its Service has 53."""
KUBELET: Final = 10250
"""Of the kubelet of the first node; those of further nodes have others."""
HEALTH: Final = 8080
"""Where the syncer says whether it is ready."""
