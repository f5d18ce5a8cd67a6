"""Where the files of the PKI are kept on the host: two Secrets, and what their keys are called."""

import base64
from collections.abc import Mapping
from functools import partial
from typing import Final

from vcli.bootstrap import kubeconfigs
from vcli.bootstrap.kubeconfigs import User
from vcli.bootstrap.pki import Files
from vcli.bootstrap.spec import Spec
from vcli.contract import ports
from vcli.kube.types import Object

API_INSIDE: Final = f"https://127.0.0.1:{ports.API}"
"""Where the components of the control plane's pod find the virtual API."""
_CLIENTS: Final = ("kube-controller-manager", "kube-scheduler")
"""Components with a kubeconfig, which is made whether the component runs or not."""
ACCESS_FILES: Final = {"admin.crt": "client-certificate", "admin.key": "client-key"}
"""What of the PKI is in the Secret of the user's kubeconfig, and by which key."""

ON_HOST: Final = "value"
"""The key of the kubeconfig for clients in the host cluster: where Flux and Cluster API look for one."""


def secrets(spec: Spec, files: Files, *, owner: str) -> list[Object]:
    """The Secrets: the PKI without the user's own key, and the user's kubeconfig with its parts.

    Args:
        spec: of the virtual cluster.
        files: all of the PKI, from `vcli.bootstrap.issue.issue`.
        owner: uid of the control plane's Service.
    """
    return [
        _secret(spec, spec.certificates, _certificates(files), owner),
        _secret(spec, spec.access, _access(spec, files), owner),
    ]


def files_of(certificates: Mapping[str, str], access: Mapping[str, str]) -> Files:
    """The files of the PKI in the ``data`` of the two Secrets; kubeconfigs are left out."""
    named = {name: access[key] for name, key in ACCESS_FILES.items() if access.get(key)}
    kept = {name: data for name, data in certificates.items() if not name.endswith(".kubeconfig")}
    return {name: base64.b64decode(data) for name, data in {**kept, **named}.items()}


def _certificates(files: Files) -> Files:
    kept = {name: data for name, data in files.items() if name not in ACCESS_FILES}
    for name in _CLIENTS:
        kept[f"{name}.kubeconfig"] = kubeconfigs.of_files(
            server=API_INSIDE,
            authority="ca.crt",
            certificate=f"{name}.crt",
            key=f"{name}.key",
            context="virtual",
            user=name,
        )
    return kept


def access(*, server: str, on_host: str, authority: bytes, user: User, context: str, insecure: bool) -> Files:
    """What is in a Secret with a kubeconfig: one for anybody, one for clients in the host cluster, the parts.

    Args:
        server: URL for the former.
        on_host: URL for the latter.
        authority: PEM of the CA.
        user: what the kubeconfigs prove.
        context: name of their context.
        insecure: whether the former verifies nothing.
    """
    inline = partial(kubeconfigs.inline, user=user, context=context)
    parts = {"client-certificate": user.certificate, "client-key": user.key, "token": user.token.encode()}
    return {
        "config": inline(server=server, authority=None if insecure else authority),
        ON_HOST: inline(server=on_host, authority=authority),
        "certificate-authority": authority,
        **{key: data for key, data in parts.items() if data},
    }


def _access(spec: Spec, files: Files) -> Files:
    return access(
        server=spec.server,
        on_host=f"https://{spec.service}.{spec.namespace}.svc",
        authority=files["ca.crt"],
        user=User(certificate=files["admin.crt"], key=files["admin.key"]),
        context=spec.context,
        insecure=spec.insecure,
    )


def _secret(spec: Spec, name: str, files: Files, owner: str) -> Object:
    obj: Object = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "type": "Opaque",
        "data": {key: base64.b64encode(value).decode() for key, value in sorted(files.items())},
    }
    return spec.finished(obj, owner=owner)
