"""The control plane that attempts in tests aim at."""

from vcli.operations.verify.places import Plane

PLANE = Plane(
    pod="demo-0",
    uid="u",
    ip="10.0.0.1",
    node="n",
    node_ip="192.0.2.1",
    service_ip="10.96.0.9",
    containers=(),
    restarts=0,
)
