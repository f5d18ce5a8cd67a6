"""A store inside a distribution's own process: all that it takes is the volume that the process writes to."""

from vcli.config.schema import Values
from vcli.controlplane.components import Store
from vcli.controlplane.facts import Facts
from vcli.controlplane.names import Names
from vcli.controlplane.stores.embedded_etcd import claims


def store(names: Names, values: Values, facts: Facts) -> Store:
    """No component, and no endpoint: nothing but the distribution speaks to it.

    Args:
        names: of the virtual cluster.
        values: what the user chose.
        facts: about the host.
    """
    return Store(endpoint="", claims=claims(names, values, facts))
