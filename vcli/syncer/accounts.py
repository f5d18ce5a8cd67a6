"""ServiceAccounts of the virtual cluster whose tokens are in exported kubeconfigs."""

import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Final

from vcli.kube.errors import AlreadyExists
from vcli.kube.resources import CLUSTERROLEBINDINGS, NAMESPACES, SERVICEACCOUNTS
from vcli.syncer.engine.context import Object, SyncContext
from vcli.syncer.engine.writer import FIELD_MANAGER
from vcli.syncer.translate.configs import Token

EXPORTED: Final = "vcli.dev/exported"
"""Label of a ClusterRoleBinding that was made for an exported kubeconfig."""
LIFE: Final = 7 * 24 * 3600
"""Seconds. It is renewed each day: a program that has read it may go on for some days with it."""


class Accounts:
    """Makes what is missing of them, and requests tokens.

    Args:
        ctx: both clusters.
        exports: all that is exported, as in `Settings.exports`.
    """

    def __init__(self, ctx: SyncContext, exports: Iterable[Object]) -> None:
        self._ctx = ctx
        accounts = [each["serviceAccount"] for each in exports if "serviceAccount" in each]
        self._bindings = {_binding_name(each) for each in accounts if each["clusterRole"]}

    async def token(self, account: Object) -> Token:
        """A new token; the ServiceAccount, its namespace and its binding are there then.

        Raises:
            ApiError: as the virtual API answers.
        """
        client, namespace, name = self._ctx.virtual.client, account["namespace"], account["name"]
        if self._ctx.virtual[NAMESPACES].get(None, namespace) is None:
            with suppress(AlreadyExists):  # the cache is a moment behind
                await client.create(NAMESPACES, {"metadata": {"name": namespace}})
        metadata = {"name": name, "namespace": namespace}
        await client.apply(SERVICEACCOUNTS, {"metadata": metadata}, field_manager=FIELD_MANAGER)
        if account["clusterRole"]:
            await client.apply(CLUSTERROLEBINDINGS, _binding(account), field_manager=FIELD_MANAGER)
        await self.remove_unwanted()
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": LIFE},
        }
        issued = time.time()
        answer = await client.create_subresource(SERVICEACCOUNTS, name, "token", body, namespace=namespace)
        status = answer["status"]
        expires = datetime.fromisoformat(status["expirationTimestamp"]).timestamp()
        return Token(value=status["token"], issued=issued, expires=expires)

    async def remove_unwanted(self) -> None:
        """Take back what ServiceAccounts were bound to by values of before."""
        found = await self._ctx.virtual.client.list(CLUSTERROLEBINDINGS, label_selector=EXPORTED)
        for binding in found["items"]:
            if binding["metadata"]["name"] not in self._bindings:
                await self._ctx.virtual.writer.delete(CLUSTERROLEBINDINGS, binding)


def _binding_name(account: Object) -> str:
    return f"vcli:exported:{account['namespace']}:{account['name']}:{account['clusterRole']}"


def _binding(account: Object) -> Object:
    """Of a name for each role: a role that is bound can't be changed."""
    subject = {"kind": "ServiceAccount", "namespace": account["namespace"], "name": account["name"]}
    return {
        "metadata": {"name": _binding_name(account), "labels": {EXPORTED: "true"}},
        "roleRef": {
            "apiGroup": CLUSTERROLEBINDINGS.group,
            "kind": "ClusterRole",
            "name": account["clusterRole"],
        },
        "subjects": [subject],
    }
