"""How the virtual API is reached from outside the host: its Ingress, and what follows from it. Pure."""

from vcli.bootstrap.spec import SERVER
from vcli.config.schema import Values
from vcli.contract.labels import EXPOSED_BY
from vcli.controlplane import manifests
from vcli.controlplane.names import Names
from vcli.kube.types import Object


def ingress(names: Names, values: Values) -> list[Object]:
    """The Ingress, if there is to be one."""
    chosen = values.control_plane.ingress
    if not chosen.enabled:
        return []
    [obj] = manifests.load("control-plane/ingress.yaml")
    metadata = obj["metadata"]
    metadata["name"] = names.service
    metadata["labels"] = dict(chosen.labels)
    metadata["annotations"] |= chosen.annotations
    [rule] = obj["spec"]["rules"]
    rule["host"] = chosen.host
    [path] = rule["http"]["paths"]
    path["pathType"] = chosen.path_type
    path["backend"]["service"]["name"] = names.service
    return [{**obj, "spec": {**chosen.spec, **obj["spec"]}}]


def marked(service: Object, values: Values) -> Object:
    """The control plane's Service, which says if there is an Ingress: who connects need not ask."""
    if not values.control_plane.ingress.enabled:
        return service
    metadata = service["metadata"]
    annotations = {**metadata.get("annotations", {}), EXPOSED_BY: "ingress"}
    return {**service, "metadata": {**metadata, "annotations": annotations}}


def names_of(values: Values) -> tuple[str, ...]:
    """Names that the API server's certificate has because of it."""
    chosen = values.control_plane.ingress
    return (chosen.host,) if chosen.enabled else ()


def server(values: Values) -> str:
    """URL of exported kubeconfigs, where they name none."""
    chosen = values.control_plane.ingress
    return f"https://{chosen.host}:443" if chosen.enabled else SERVER
