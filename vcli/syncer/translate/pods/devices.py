"""ResourceClaims of pods: on the host each is named, also one that was made from a template."""

from collections.abc import Mapping
from typing import Any

from vcli.syncer.translate.objects import Object, by_name, changed
from vcli.syncer.translate.pods.environment import Rename


def claim_names(pod: Object) -> dict[str, str | None]:
    """The ResourceClaim of each entry of ``spec.resourceClaims`` that a pod needs.

    None: it is yet to be made from its template. An entry that the virtual cluster's controller manager says
    to need none is left out.
    """
    statuses = by_name((pod.get("status") or {}).get("resourceClaimStatuses"))
    found: dict[str, str | None] = {}
    for entry in pod["spec"].get("resourceClaims") or ():
        name = entry["name"]
        if direct := entry.get("resourceClaimName"):
            found[name] = direct
        elif name not in statuses:
            found[name] = None
        elif made := statuses[name].get("resourceClaimName"):
            found[name] = made
    return found


def with_resource_claims(spec: Object, pod: Object, *, rename: Rename) -> Object:
    """The spec of a host pod with its ResourceClaims, which must be there all.

    Args:
        spec: of the host pod.
        pod: the virtual pod.
        rename: translates names of ResourceClaims.
    """
    names = claim_names(pod)
    claims = [{"name": entry, "resourceClaimName": rename(name)} for entry, name in names.items() if name]

    def used(resources: Mapping[str, Any]) -> Object:
        return changed(resources, "claims", lambda uses: [each for each in uses if each["name"] in names])

    translated = {**spec, "resourceClaims": claims}
    for group in ("initContainers", "containers"):
        translated = changed(
            translated, group, lambda containers: [changed(each, "resources", used) for each in containers]
        )
    return translated
