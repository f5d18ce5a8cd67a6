"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """What the parts of the benchmark go by.

    Attributes:
        runs: of what is short; the median counts.
        latency: pods a run, one after the other.
        burst: pods at once.
        scale: pods that there are on nodes without a kubelet, a row for each number; in rising order.
        reads: requests to either API server.
        window: seconds over which CPU is measured.
        clusters: on one host.
        plane_pods: at once, on each control plane.
        images: ``DISTRO=VERSION`` of distributions that control planes are made of beside k8s.
    """

    runs: int = 3
    latency: int = 20
    burst: int = 40
    scale: tuple[int, ...] = (1000, 10000)
    reads: int = 400
    window: float = 60.0
    clusters: int = 10
    plane_pods: int = 30
    images: tuple[str, ...] = ()


FULL = Sizes()
"""What the budgets are about."""
TINY = Sizes(runs=1, latency=2, burst=3, scale=(4, 8), reads=10, window=12.0, clusters=2, plane_pods=2)
"""Enough to see that all of it works."""
