"""Addresses for Services of type LoadBalancer: see `vcli.host.service_addresses`, which gives them."""

import sys

from vcli.host.addons import objects
from vcli.host.addons.addon import Addon, Programs
from vcli.host.instance import API_PORT, Instance
from vcli.host.plan import Component
from vcli.kube.types import Object

RANGE = "10.201.0.128/25"
"""In the node's network, above the nodes' own addresses; the last one, for broadcasts, is not given."""
_NAME = "load-balancer"
_ROLE = "vcli:load-balancer"


def _objects() -> list[Object]:
    return [
        objects.cluster_role(
            _ROLE,
            ("", "services", "list watch"),
            ("", "services/status", "patch"),
            ("", "events", "create"),
        ),
        objects.bound_to_user(_ROLE, _NAME),
    ]


def _components(instance: Instance, _: Programs) -> list[Component]:
    program = [sys.executable, "-P", "-S", "-m", "vcli.host.service_addresses"]
    return [
        Component(name=_NAME, argv=[*program, str(instance.pki), _NAME, str(API_PORT), RANGE], after="node")
    ]


LOAD_BALANCER = Addon(
    name="load-balancer",
    summary=f"Services of type LoadBalancer have addresses of {RANGE}",
    objects=lambda _: _objects(),
    users=[_NAME],
    components=_components,
)
