"""``/etc/hosts`` of a pod with a subdomain: ``IP name.subdomain.namespace.svc.domain name``.

A kubelet writes the full name there, and applications look for their own before they are ready to be in DNS.
The host's kubelet would write the host namespace into it, so it is given no subdomain, and writes the short
name alone. The pod's own address is known inside of it and nowhere else in time: so an init container
completes the file, and the others get it in place of the kubelet's.
"""

from collections.abc import Mapping
from typing import Any, Final

from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.pods.context import PodContext
from vcli.syncer.translate.pods.dns import full_name, hostname_fields, short_name

CONTAINER: Final = "vcli-hosts"
_PATH: Final = "/etc/hosts"
_FOLDER: Final = "/vcli"
_USER: Final = 65532
_SCRIPT: Final = f"""
import re, sys
written, full, short = sys.argv[1:]
text = open("{_PATH}").read()
text = re.sub(r"(?m)^(\\S+)\\t" + re.escape(written) + "$", r"\\1\\t" + full + r"\\t" + short, text)
open("{_FOLDER}/hosts", "w").write(text)
"""


def with_full_name(host: Object, pod: Object, context: PodContext) -> Object:
    """A host pod that is about to be created, completed where the pod has a full name.

    Later changes know nothing of the container: it has run by then, and an API server may reject a resize of
    it. It passes the Pod Security profile "restricted", and has the resources of the first container: it
    neither changes the pod's QoS class nor what the pod asks for, and passes its quota.
    """
    full, spec = full_name(pod, context), host["spec"]
    if full is None or not context.hosts_image or pod["spec"].get("hostnameOverride"):
        return host
    fields = hostname_fields(pod, context)
    written = fields.get("hostnameOverride") or fields["hostname"]
    resources = {
        kind: amounts
        for kind, amounts in (spec["containers"][0].get("resources") or {}).items()
        if kind in ("requests", "limits")
    }
    first: Object = {
        "name": CONTAINER,
        "image": context.hosts_image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-S", "-c", _SCRIPT, written, full, short_name(pod)],
        **({"resources": resources} if resources else {}),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsGroup": _USER,
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [{"name": CONTAINER, "mountPath": _FOLDER}],
    }
    # In memory: a volume on the node's disk would keep the node from being scaled down.
    volume = {"name": CONTAINER, "emptyDir": {"medium": "Memory"}}
    completed = {
        **spec,
        "initContainers": [first, *(_mounted(each) for each in spec.get("initContainers") or ())],
        "containers": [_mounted(each) for each in spec["containers"]],
        "volumes": [*(spec.get("volumes") or ()), volume],
    }
    return {**host, "spec": completed}


def _mounted(container: Mapping[str, Any]) -> Object:
    mounts = container.get("volumeMounts") or ()
    if any(mount["mountPath"].rstrip("/") == _PATH for mount in mounts):
        return dict(container)
    return {
        **container,
        "volumeMounts": [*mounts, {"name": CONTAINER, "mountPath": _PATH, "subPath": "hosts"}],
    }
