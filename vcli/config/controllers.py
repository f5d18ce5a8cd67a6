"""Controllers of the controller manager that do not run in a virtual cluster."""

from typing import Final

OFF: Final = (
    "root-ca-cert-publisher",
    "nodeipam",
    "nodelifecycle",
    "persistentvolume-binder",
    "attachdetach",
    "persistentvolume-expander",
    "cloud-node-lifecycle",
    "ttl",
)
"""What the syncer, or the host, does instead."""
