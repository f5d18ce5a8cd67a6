"""What ``--profile`` means: values below those that are given, which may change any of it."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any, Final

from vcli.config.controllers import OFF
from vcli.config.document import Document, Keys
from vcli.config.load import Given
from vcli.errors import UsageError

OPTION: Final = "--profile"

_LEFT_OUT: Final = (
    # By default: nodes and volumes are the host's, and the syncer publishes the CA.
    *OFF,
    # Autoscaling, certificates asked of the API, and what tidies up after days.
    *("horizontalpodautoscaling", "csrsigning", "csrapproving", "csrcleaner"),
    "legacy-service-account-token-cleaner",
)

PROFILES: Final[Mapping[str, dict[str, Any]]] = {
    "ci": {
        "controlPlane": {
            "statefulSet": {"persistence": {"volumeClaim": {"enabled": False}}},
            "backingStore": {
                "etcd": {
                    "embedded": {
                        "extraArgs": [
                            # What a power cut loses is lost anyway: the data ends with the pod.
                            "--unsafe-no-fsync=true",
                            # Fewer of the latest changes in memory, and no line for each of them.
                            "--snapshot-count=1000",
                            "--log-level=warn",
                        ]
                    }
                }
            },
            "distro": {
                "k8s": {
                    "apiServer": {
                        "extraArgs": [
                            # One user: there is nobody to be fair to.
                            "--enable-priority-and-fairness=false",
                            "--event-ttl=15m",
                        ]
                    },
                    "controllerManager": {
                        "extraArgs": [
                            f"--controllers=*,{','.join(f'-{each}' for each in _LEFT_OUT)}",
                            # All its controllers share this at start.
                            "--kube-api-qps=100",
                            "--kube-api-burst=200",
                        ]
                    },
                }
            },
        }
    }
}
"""By name: values, in the shape of a values file."""


def profiled(given: Given, name: str) -> Given:
    """The same values over those of a profile.

    Args:
        given: what the user chose.
        name: of the profile.

    Raises:
        UsageError: there is none of that name.
    """
    chosen = deepcopy(values_of(name))
    places: dict[Keys, str] = dict.fromkeys(_paths(chosen, ()), f"{OPTION} {name}")
    return replace(given, files=(Document(chosen, places), *given.files))


def values_of(name: str) -> dict[str, Any]:
    """The values of a profile.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in PROFILES:
        raise UsageError(f'there is no profile "{name}"', hint=f"there is: {', '.join(PROFILES)}")
    return PROFILES[name]


def _paths(values: dict[str, Any], above: Keys) -> Iterator[Keys]:
    for key, value in values.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from _paths(value, (*above, key))
