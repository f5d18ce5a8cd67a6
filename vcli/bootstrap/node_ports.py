"""The range of the host's node ports: the virtual API server gives out the same ones, so that they work."""

import re
from typing import Final

from vcli.kube.client import Client
from vcli.kube.errors import ApiError, Invalid
from vcli.kube.resources import SERVICES
from vcli.kube.types import Object

DEFAULT: Final = "30000-32767"
_NAMED: Final = re.compile(r"range of valid ports is ([0-9]+-[0-9]+)")


async def find(client: Client, service: Object) -> str:
    """The range, as the host names it when it is asked for a port that can't be; else Kubernetes' default.

    Args:
        client: of the host.
        service: one that exists. It is asked for again with such a port: a dry run does not look at ranges,
            and where the port can be had after all, the name can't.
    """
    metadata = {key: service["metadata"][key] for key in ("name", "namespace")}
    body: Object = {
        "metadata": metadata,
        "spec": {"type": "NodePort", "ports": [{"port": 443, "nodePort": 1}]},
    }
    try:
        await client.create(SERVICES, body)
    except Invalid as error:
        if named := _NAMED.search(error.message):
            return named[1]
    except ApiError:  # it has the name already, or there is no quota for node ports
        pass
    return DEFAULT
