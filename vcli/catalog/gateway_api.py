"""The kinds of the Gateway API: one switch for all, ``sync.toHost.gatewayApi.enabled``, and one for each."""

from typing import Final

from vcli.catalog.kind import READ, WRITE, Rule, SyncedKind, reading
from vcli.kube.resources import (
    BACKENDTLSPOLICIES,
    GATEWAYCLASSES,
    GATEWAYS,
    GRPCROUTES,
    HTTPROUTES,
    REFERENCEGRANTS,
    TCPROUTES,
    TLSROUTES,
    UDPROUTES,
    Resource,
)

_SECTION: Final = "toHost.gatewayApi"


def _to_host(resource: Resource, key: str, summary: str, *also: Resource) -> SyncedKind:
    return SyncedKind(
        resource=resource,
        direction="toHost",
        key=f"gatewayApi.{key}",
        summary=summary,
        enabled=False,
        rules=(Rule(resource, (*READ, *WRITE)),),
        forwards_events=True,
        custom=True,
        follows=_SECTION,
        definitions=also,
    )


def _route(resource: Resource, key: str, summary: str) -> SyncedKind:
    """What a route attaches to, and may refer to, is judged inside: it takes these definitions."""
    return _to_host(resource, key, summary, GATEWAYS, REFERENCEGRANTS)


TO_HOST_BY_GATEWAY_API: Final = (
    _to_host(
        GATEWAYS,
        "gateways",
        "Answered by the host's controller of their class, status back; not those of a class made inside.",
        REFERENCEGRANTS,
    ),
    _route(
        HTTPROUTES, "httpRoutes", "On the host where a Gateway lets them attach; status back, of all parents."
    ),
    _route(GRPCROUTES, "grpcRoutes", "As HTTPRoutes."),
    _route(TCPROUTES, "tcpRoutes", "As HTTPRoutes."),
    _route(TLSROUTES, "tlsRoutes", "As HTTPRoutes."),
    _route(UDPROUTES, "udpRoutes", "As HTTPRoutes."),
    _to_host(
        BACKENDTLSPOLICIES,
        "backendTLSPolicies",
        "How Gateways of the host speak TLS to Services; status back.",
    ),
)

GATEWAYS_OF_HOST: Final = SyncedKind(
    resource=GATEWAYS,
    direction="fromHost",
    key="gateways",
    summary="Those of the host that `mappings.byName` names, read-only with their status; routes may attach.",
    enabled=False,
    rules=(reading(GATEWAYS),),
    mapped=True,
    custom=True,
)

GATEWAY_CLASSES: Final = SyncedKind(
    resource=GATEWAYCLASSES,
    direction="fromHost",
    key="gatewayClasses",
    summary="Those of the host, read-only and without parameters, with their status.",
    enabled=False,
    cluster_rules=(reading(GATEWAYCLASSES),),
    selectable=True,
    custom=True,
    follows=_SECTION,
)
