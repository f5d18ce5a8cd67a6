"""The values that a virtual cluster was made with, as they are kept on the host."""

import base64
from dataclasses import dataclass

from vcli.config import document
from vcli.config.document import Document
from vcli.controlplane.names import Names
from vcli.kube.client import Client
from vcli.kube.errors import NotFound
from vcli.kube.resources import CONFIGMAPS, SECRETS

KEY = "config.yaml"


@dataclass(frozen=True, slots=True)
class Stored:
    """Values as they were written down.

    Attributes:
        source: the object that has them, ``secret/vc-config-demo``.
        text: YAML, empty when all values were the defaults.
    """

    source: str
    text: str

    def document(self) -> Document:
        """The values, each with the object as its place.

        Raises:
            UsageError: it is no mapping in YAML; the message names the object.
        """
        return document.parse(self.text, self.source)


async def read_values(client: Client, names: Names) -> Stored | None:
    """The values of a virtual cluster: from its ConfigMap, or from the Secret that had them before.

    Returns:
        None if neither is there, or has no values.

    Raises:
        Forbidden: they may not be read.
    """
    for resource in (CONFIGMAPS, SECRETS):
        try:
            found = await client.get(resource, names.values, namespace=names.namespace)
        except NotFound:
            continue
        text = (found.get("data") or {}).get(KEY)
        if text is not None:
            plain = base64.b64decode(text).decode() if resource is SECRETS else text
            return Stored(f"{resource.kind.lower()}/{names.values}", plain)
    return None
