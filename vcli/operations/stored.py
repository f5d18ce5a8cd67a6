"""The values that a virtual cluster was made with, as they are kept on the host."""

import base64
from dataclasses import dataclass
from typing import Any

from vcli.config import data_source, document
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


async def completed(client: Client, names: Names, stored: Stored) -> Document:
    """The values with the data source, which is in a Secret of its own.

    Raises:
        Forbidden: that may not be read.
        UsageError: as for `Stored.document`.
    """
    document = stored.document()
    found: Any = document.data
    for key in data_source.PATH:
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, dict) or not found.get("enabled"):
        return document
    try:
        secret = await client.get(SECRETS, names.data_source, namespace=names.namespace)
    except NotFound:
        return document
    if text := (secret.get("data") or {}).get(data_source.KEY):
        place = (*data_source.PATH, data_source.KEY)
        found[data_source.KEY] = base64.b64decode(text).decode()
        document.places[place] = f"secret/{names.data_source}"
    return document


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
