"""For users of one namespace: which one it may be, and how to name it."""

from collections.abc import Awaitable, Callable

from vcli import invocation
from vcli.kube.client import Client
from vcli.kube.errors import ApiError
from vcli.kube.resources import SELFSUBJECTACCESSREVIEWS, SELFSUBJECTREVIEWS

_ACCOUNT = "system:serviceaccount:"


async def candidates(client: Client) -> list[str]:
    """Namespaces that may be the user's own: the context's, and that of the ServiceAccount that it is."""
    namespaces = [client.access.namespace]
    try:
        review = await client.create(SELFSUBJECTREVIEWS, {})
    except ApiError:  # a host before 1.28
        return namespaces
    user = str(review.get("status", {}).get("userInfo", {}).get("username") or "")
    if user.startswith(_ACCOUNT):
        namespaces.append(user.removeprefix(_ACCOUNT).partition(":")[0])
    return list(dict.fromkeys(namespaces))


async def first_that(
    client: Client, suits: Callable[[str], Awaitable[bool]], *, but_not: str | None = None
) -> str | None:
    """The first of the `candidates` that suits."""
    for namespace in await candidates(client):
        if namespace != but_not and await suits(namespace):
            return namespace
    return None


async def may(client: Client, namespace: str, *, group: str, resource: str, verb: str) -> bool:
    """Whether we may do that, by SelfSubjectAccessReview.

    Args:
        client: of the host.
        namespace: empty for the cluster scope.
        group: of the API.
        resource: plural, perhaps with a subresource: ``pods/exec``.
        verb: as in a Role.
    """
    plural, _, subresource = resource.partition("/")
    attributes = {"namespace": namespace, "group": group, "resource": plural, "verb": verb}
    if subresource:
        attributes["subresource"] = subresource
    body = {"spec": {"resourceAttributes": attributes}}
    answer = await client.create(SELFSUBJECTACCESSREVIEWS, body)
    return bool(answer.get("status", {}).get("allowed"))


def name_it(namespace: str | None) -> str:
    """The hint for a user who has to name a namespace.

    Args:
        namespace: that is known to suit, if any.
    """
    command = invocation.set_namespace(namespace or "NAMESPACE")
    if namespace is None:
        return f"name your namespace with -n NAMESPACE, or set it in the context: {command}"
    return f"the same command with -n {namespace} will do; or set it in the context: {command}"
