"""Values of the Gateway API: one switch for all kinds, and one for each; see `value_examples`."""

from typing import Any

_API = "sync.toHost.gatewayApi"
SWITCHES: dict[str, list[Any]] = {f"{_API}.enabled": [True, False, "auto"]}

SWITCHED: list[dict[str, Any]] = [
    {f"{_API}.enabled": section, f"{_API}.tcpRoutes.enabled": own, "rbac.clusterRole.enabled": given, **more}
    for section in (True, False, "auto")
    for own in (True, False)
    for given in (True, False, "auto")
    for more in (
        {},
        {"sync.fromHost.gatewayClasses.enabled": True},
        {"sync.fromHost.gatewayClasses.selector.matchLabels": {"a": "b"}},
    )
]
"""What the kinds come to, by the section that they follow."""
