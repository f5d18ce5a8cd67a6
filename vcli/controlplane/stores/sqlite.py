"""SQLite in the control plane's pod, by way of kine."""

from typing import Final

from vcli.config.schema import Values
from vcli.contract.settings import ETCD_INSIDE
from vcli.controlplane.components import Store
from vcli.controlplane.facts import Facts
from vcli.controlplane.names import Names
from vcli.controlplane.stores import kine
from vcli.controlplane.stores.embedded_etcd import claims

_FILE: Final = (
    "sqlite:///data/kine.db?_journal_mode=WAL&_synchronous={}&_busy_timeout=30000&_txlock=immediate"
)


def store(names: Names, values: Values, facts: Facts) -> Store:
    """kine, with its file on a claim, or in a volume that ends with the pod.

    Args:
        names: of the virtual cluster.
        values: what the user chose.
        facts: about the host.
    """
    plane = values.control_plane
    # Where the data is to end with the pod anyway, it is no use to wait for the disk at every write.
    ends = plane.stateful_set.persistence.volume_claim.enabled is False
    endpoint = f"{kine.ENDPOINT}{_FILE.format('OFF' if ends else 'FULL')}"
    component = kine.component(names, values, plane.backing_store.database.embedded, instead=(endpoint,))
    if templates := claims(names, values, facts):
        return Store(endpoint=ETCD_INSIDE, components=(component,), claims=templates)
    return Store(endpoint=ETCD_INSIDE, components=(component.having({"name": "data", "emptyDir": {}}),))
