"""What clusters have beside their components: always DNS and storage, the rest when it is asked for.

An add-on is a file here, its place in `OPTIONAL`, and a test.
"""

from collections.abc import Iterable, Sequence

from vcli.errors import UsageError
from vcli.host.addons.addon import Addon, Facts
from vcli.host.addons.cluster_dns import CLUSTER_DNS
from vcli.host.addons.gateway_api import GATEWAY_API
from vcli.host.addons.ingress import INGRESS
from vcli.host.addons.kine import KINE_IMAGE
from vcli.host.addons.load_balancer import LOAD_BALANCER
from vcli.host.addons.metrics import METRICS
from vcli.host.addons.network_policy import NETWORK_POLICY
from vcli.host.addons.objects import collection, on_node
from vcli.host.addons.storage import STORAGE
from vcli.kube.types import Object

ALWAYS: tuple[Addon, ...] = (CLUSTER_DNS, STORAGE)
OPTIONAL: tuple[Addon, ...] = (NETWORK_POLICY, LOAD_BALANCER, INGRESS, GATEWAY_API, METRICS, KINE_IMAGE)
"""In the order in which they are set up."""


def chosen(names: Iterable[str]) -> tuple[Addon, ...]:
    """The add-ons of these names and those that they need, in order.

    Raises:
        UsageError: there is none of that name.
    """
    known = {x.name: x for x in OPTIONAL}
    wanted: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in known:
            raise UsageError(f"there is no add-on {name!r}", hint=f"there are {', '.join(sorted(known))}")
        if name not in wanted:
            wanted.add(name)
            waiting += known[name].needs
    return tuple(x for x in OPTIONAL if x.name in wanted)


def to_create(addons: Iterable[Addon], facts: Facts) -> Sequence[tuple[str, Object]]:
    """All their objects, each with the API path of its collection, in the order to create them.

    Deployments stay on the first node: it is never stopped, and only there are the images of add-ons.
    """
    bodies = (body for addon in addons for body in addon.objects(facts))
    return [(collection(x), on_node(x, facts.node) if x["kind"] == "Deployment" else x) for x in bodies]
