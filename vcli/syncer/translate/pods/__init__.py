"""Pods: what they refer to, the host pod, what may change later, and the status back."""

from vcli.syncer.translate.pods.config_maps import (
    config_map,
    config_map_kinds,
    config_map_names,
    needed_config_maps,
    pod_of_config_map,
    with_config_map_kinds,
)
from vcli.syncer.translate.pods.context import PodContext
from vcli.syncer.translate.pods.devices import claim_names
from vcli.syncer.translate.pods.host import ephemeral_containers, to_host
from vcli.syncer.translate.pods.hosts import with_full_name
from vcli.syncer.translate.pods.isolation import left_out, pinned, refused, refused_containers
from vcli.syncer.translate.pods.limits import (
    DEFAULT_SCHEDULER,
    awaited_scheduler,
    left_out_annotations,
    unsupported,
    without_effect,
)
from vcli.syncer.translate.pods.references import (
    References,
    TokenSource,
    ephemeral_claims,
    pod_names,
    references,
    token_secret_name,
)
from vcli.syncer.translate.pods.status import host_conditions, host_status_patch, virtual_status
from vcli.syncer.translate.pods.update import mutable_patch, resize_patch

__all__ = [
    "DEFAULT_SCHEDULER",
    "PodContext",
    "References",
    "TokenSource",
    "awaited_scheduler",
    "claim_names",
    "config_map",
    "config_map_kinds",
    "config_map_names",
    "ephemeral_claims",
    "ephemeral_containers",
    "host_conditions",
    "host_status_patch",
    "left_out",
    "left_out_annotations",
    "mutable_patch",
    "needed_config_maps",
    "pinned",
    "pod_names",
    "pod_of_config_map",
    "references",
    "refused",
    "refused_containers",
    "resize_patch",
    "to_host",
    "token_secret_name",
    "unsupported",
    "virtual_status",
    "with_config_map_kinds",
    "with_full_name",
    "without_effect",
]
