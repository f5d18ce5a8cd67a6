"""The Secrets with kubeconfigs that the syncer keeps on the host for other programs, by the values."""

from vcli.bootstrap.spec import CONTEXT
from vcli.config.dump import dump
from vcli.config.schema import Values
from vcli.config.schema_export import AdditionalSecret
from vcli.controlplane import exposure
from vcli.controlplane.names import Names
from vcli.errors import UsageError
from vcli.kube.types import Object


def exports(names: Names, values: Values) -> list[Object]:
    """Each of them, as `vcli.contract.settings.Settings.exports` has it.

    Args:
        names: of the virtual cluster.
        values: what the user chose.

    Raises:
        UsageError: one has the name of a Secret of the control plane.
    """
    chosen = values.export_kube_config
    if chosen.secret.name:
        secret = chosen.secret
        one = AdditionalSecret(
            name=secret.name,
            namespace=secret.namespace,
            context=chosen.context,
            server=chosen.server,
            insecure=chosen.insecure,
        )
        return [_export(names, values, one, "exportKubeConfig.secret")]
    return [
        _export(names, values, each, f"exportKubeConfig.additionalSecrets[{index}]")
        for index, each in enumerate(chosen.additional_secrets)
    ]


def _export(names: Names, values: Values, secret: AdditionalSecret, path: str) -> Object:
    is_elsewhere = secret.namespace not in ("", names.namespace)
    if not is_elsewhere and secret.name in (names.access, names.certificates, names.data_source):
        raise UsageError(
            f"{path}.name: {secret.name} is a Secret of the control plane", hint="choose another name"
        )
    found: Object = {
        "name": secret.name,
        "context": secret.context or CONTEXT,
        "server": secret.server or exposure.server(values),
        "insecure": secret.insecure,
    }
    if is_elsewhere:
        found |= {"namespace": secret.namespace, "role": f"{names.cluster_role}:{secret.name}"}
    if secret.service_account.name:
        account: Object = dump(secret.service_account)
        found["serviceAccount"] = {**account, "namespace": account["namespace"] or "kube-system"}
    return found
