"""The library: virtual clusters as objects. `vcli.VirtualCluster` is its face."""

from vcli.sdk.cluster import VirtualCluster

__all__ = ["VirtualCluster"]
