"""Keeping many objects in little memory.

A parser makes a new string of each key and value of each document. The API's documents are all alike, so the
same few thousand strings do for all: a pod of 30 to 40 KB, as the parser leaves it, has 10 to 15 KB here.
"""

import sys
from typing import Any, Final

from vcli.syncer.translate import keys
from vcli.syncer.translate.metadata import POD_TOKENS

Object = dict[str, Any]

_LONGEST: Final = 80
"""Longer strings are seldom the same twice."""
_CONTAINERS: Final = ("containers", "initContainers", "ephemeralContainers")
_OF_CONTAINERS: Final = ("name", "image", "resources")
_OF_PODS: Final = (
    "activeDeadlineSeconds",
    "affinity",
    "nodeName",
    "nodeSelector",
    "resources",
    "schedulingGates",
    "terminationGracePeriodSeconds",
    "tolerations",
)


def shared(value: Any) -> Any:
    """A copy whose strings are shared with all other copies."""
    if isinstance(value, dict):
        return {sys.intern(key): shared(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shared(each) for each in value]
    if isinstance(value, str) and len(value) <= _LONGEST:
        return sys.intern(value)
    return value


def host_pod(pod: Object) -> Object:
    """What is kept of a host pod: of its spec, only what can change while it runs."""
    spec: Object = {field: pod["spec"][field] for field in _OF_PODS if field in pod["spec"]}
    for group in _CONTAINERS:
        if group in pod["spec"]:
            spec[group] = [
                {field: each[field] for field in _OF_CONTAINERS if field in each}
                for each in pod["spec"][group]
            ]
    kept: Object = shared({**pod, "spec": spec})
    return kept


def host_config(config: Object) -> Object:
    """What is kept of a host ConfigMap or Secret: all but what it holds, unless that is made nowhere else."""
    annotations = config["metadata"].get("annotations") or {}
    if annotations.get(keys.KIND) == POD_TOKENS:
        return config
    kept: Object = shared({key: value for key, value in config.items() if key not in ("data", "binaryData")})
    return kept
