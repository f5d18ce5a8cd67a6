"""The library: virtual clusters as objects. What is public of it is in `vcli`."""

from vcli.sdk.aio import AsyncVirtualCluster
from vcli.sdk.cluster import VirtualCluster
from vcli.sdk.errors import CommandError, CommandTimedOutError, NotOpenError
from vcli.sdk.info import VirtualClusterInfo

__all__ = [
    "AsyncVirtualCluster",
    "CommandError",
    "CommandTimedOutError",
    "NotOpenError",
    "VirtualCluster",
    "VirtualClusterInfo",
]
