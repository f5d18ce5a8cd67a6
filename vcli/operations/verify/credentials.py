"""What the credentials of a virtual cluster are worth elsewhere, and how much its control plane stands."""

import asyncio
import base64
from typing import Final

from vcli.kube.client import Client
from vcli.kube.errors import ApiError, Forbidden, Unauthorized, Unreachable
from vcli.kube.resources import PODS, SECRETS, Resource
from vcli.operations.verify.model import Attempt, Closed
from vcli.operations.verify.observed import Observed, got_through, held, skipped
from vcli.operations.verify.places import restarts
from vcli.operations.verify.scene import Scene, short

CSRS: Final = Resource(
    "certificates.k8s.io", "v1", "certificatesigningrequests", "CertificateSigningRequest", namespaced=False
)
_WAIT: Final = 8.0
_BOGUS: Final = 150
_OK: Final = 200


async def _masters(scene: Scene) -> Observed:
    """A certificate of a group that is above RBAC; whoever signs it would sign any."""
    from vcli.x509 import request  # noqa: PLC0415  cryptography, for this one

    name = f"vcli-verify-{scene.namespace[-6:]}"
    scene.cleanup.append((CSRS, name))
    pem = request("verify", organization="system:masters")
    spec = {
        "request": base64.b64encode(pem).decode(),
        "signerName": "kubernetes.io/kube-apiserver-client",
        "usages": ["client auth"],
    }
    try:
        await scene.inside.create(CSRS, {"metadata": {"name": name}, "spec": spec})
    except ApiError as error:
        return held(f"refused by the virtual API: {short(error.message)}")
    return got_through("the request for system:masters is accepted")


async def _rejected(client: Client, path: str, what: str) -> Observed:
    """A request that a foreign server must refuse."""
    async with client:
        try:
            response = await client.send("GET", path, retries=0, timeout=_WAIT)
        except (Unauthorized, Forbidden) as error:
            return held(f"refused: {error.status}")
        except (ApiError, Unreachable) as error:
            return held(f"refused: {short(error.message)}")
    return got_through(f"{what}: answered {response.status}")


async def _at_host(scene: Scene) -> Observed:
    path = f"/api/v1/namespaces/{scene.names.namespace}/secrets"
    return await _rejected(scene.stranger(""), path, "the host takes the certificate")


async def _at_neighbour(scene: Scene) -> Observed:
    if scene.neighbour is None:
        return skipped("no neighbour was named")
    client = scene.stranger(scene.neighbour.name)
    return await _rejected(client, "/api/v1/secrets", "the neighbour takes the certificate")


async def _impersonate(scene: Scene) -> Observed:
    """Who may be anybody inside is nobody on the host: the syncer's own account must not be to be had."""
    account = f"system:serviceaccount:{scene.names.namespace}:{scene.names.service_account}"
    path = SECRETS.path(namespace=scene.names.namespace, name=scene.names.access)
    try:
        await scene.inside.send("GET", path, headers={"Impersonate-User": account}, retries=0)
    except ApiError as error:
        return held(f"refused: {short(error.message)}")
    return got_through("a Secret of the host is shown")


async def _bogus_tokens(scene: Scene) -> Observed:
    """A bounded crowd of requests with tokens that nobody gave out; the API has to answer all and go on."""
    loop = asyncio.get_running_loop()
    begun = loop.time()

    async def one(number: int) -> int:
        headers = {"Authorization": f"Bearer verify.{number}.bogus"}
        try:
            path = SECRETS.path(namespace="kube-system")
            return (await scene.anonymous.send("GET", path, headers=headers, retries=0)).status
        except ApiError as error:
            return error.status
        except Unreachable:
            return 0

    answers = await asyncio.gather(*(one(number) for number in range(_BOGUS)))
    if _OK in answers:
        return got_through("one of them was taken for a real one")
    if not await scene.inside.ready():
        return got_through("the virtual API does not answer any more")
    return held(f"{_BOGUS} refused in {loop.time() - begun:.1f} s, and the API answers")


async def _flood(scene: Scene) -> Observed:
    """Half-open connections to the syncer, from the probe pod: its own readiness has to outlive them."""
    answers = await scene.probe
    plane = scene.places.plane
    found = await scene.host.get(PODS, plane.pod, namespace=scene.names.namespace)
    if found["metadata"]["uid"] != plane.uid or restarts(found) > plane.restarts:
        return got_through("a container of the control plane was restarted")
    if not await scene.inside.ready():
        return got_through("the virtual API does not answer any more")
    return held(f"{answers.get('flood', 0)} connections held open, and the control plane is as before")


_ALWAYS: Final = Closed.ALWAYS
ATTEMPTS: Final = (
    Attempt("masters", "credentials", "a certificate of system:masters", _ALWAYS, _masters),
    Attempt("certificate-at-host", "credentials", "its certificate, at the host", _ALWAYS, _at_host),
    Attempt(
        "certificate-at-neighbour", "credentials", "its certificate, at a neighbour", _ALWAYS, _at_neighbour
    ),
    Attempt("impersonate", "credentials", "impersonate the syncer's account", _ALWAYS, _impersonate),
    Attempt("bogus-tokens", "load", f"{_BOGUS} requests with forged tokens", _ALWAYS, _bogus_tokens),
    Attempt("half-open", "load", "half-open connections to the syncer", _ALWAYS, _flood),
)
