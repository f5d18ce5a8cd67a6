"""Clients that write all the time, through whatever happens, and know what was acknowledged."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import urllib3
from kubernetes.client import ApiException, CoreV1Api, V1ConfigMap, V1ObjectMeta
from polling import eventually

from vcli import VirtualCluster

NAMESPACE = "default"
_LABEL = "example.com/writer"
_PATIENCE = 15.0
_ERRORS = (ApiException, urllib3.exceptions.HTTPError, OSError)


class Writers:
    """Each creates one ConfigMap after another, and counts in one of its own. For use in a with block.

    Args:
        cluster: in which they write.
        number: how many.
    """

    def __init__(self, cluster: VirtualCluster, *, number: int = 4) -> None:
        self._cluster = cluster
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._write, args=(f"writer-{each}",), daemon=True)
            for each in range(number)
        ]
        self.created: set[str] = set()
        """Names of those whose creation was acknowledged."""
        self.counted: dict[str, int] = {}
        """What was acknowledged last of each counter."""
        self.failed = 0
        """How many requests were not."""

    def __enter__(self) -> Self:
        for each in self._threads:
            each.start()
        self.go_on()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for each in self._threads:
            each.join()

    def go_on(self, *, more: int = 20) -> None:
        """Wait until so many more have been created; asks long, as an API server may have to start first."""
        wanted = len(self.created) + more
        eventually(lambda: len(self.created) >= wanted)

    def missing(self) -> dict[str, Any]:
        """What was acknowledged and is not found, by the way of looking; empty if all is there."""

        def listed(**options: str) -> dict[str, Any]:
            found = api.list_namespaced_config_map(NAMESPACE, label_selector=_LABEL, **options).items
            return {each.metadata.name: each for each in found}

        with self._api() as api:
            ways = {
                "GET": _gotten(api, self.created),
                "LIST": listed(),
                "cache": listed(resource_version="0"),
            }
        lost: dict[str, Any] = {way: sorted(self.created - set(found)) for way, found in ways.items()}
        counters = ways["LIST"]
        lost["counters"] = {
            name: (value, counters[name].data["count"] if name in counters else None)
            for name, value in self.counted.items()
            if name not in counters or int(counters[name].data["count"]) < value
        }
        return {way: names for way, names in lost.items() if names}

    @contextmanager
    def _api(self) -> Iterator[CoreV1Api]:
        with self._cluster.client() as client:
            client.configuration.retries = False
            try:
                yield CoreV1Api(client)
            finally:
                client.rest_client.pool_manager.clear()  # which closing the client leaves to the collector

    def _write(self, name: str) -> None:
        with self._api() as api:
            self._write_with(api, name)

    def _write_with(self, api: CoreV1Api, name: str) -> None:
        number = 0
        options = {"_request_timeout": _PATIENCE}
        while not self._stop.is_set():
            number += 1
            try:
                api.create_namespaced_config_map(NAMESPACE, _config_map(f"{name}-{number}"), **options)
                with self._lock:
                    self.created.add(f"{name}-{number}")
                counter = _config_map(name, count=str(number))
                if name in self.counted:
                    api.replace_namespaced_config_map(name, NAMESPACE, counter, **options)
                else:
                    _ensure(api, name, counter, options)
                with self._lock:
                    self.counted[name] = number
            except _ERRORS:
                with self._lock:
                    self.failed += 1
                self._stop.wait(0.1)


def _ensure(api: CoreV1Api, name: str, body: V1ConfigMap, options: dict[str, Any]) -> None:
    """Create it, or replace it: an earlier try may have come through."""
    try:
        api.create_namespaced_config_map(NAMESPACE, body, **options)
    except ApiException as error:
        if error.status != 409:
            raise
        api.replace_namespaced_config_map(name, NAMESPACE, body, **options)


def _config_map(name: str, **data: str) -> V1ConfigMap:
    return V1ConfigMap(metadata=V1ObjectMeta(name=name, labels={_LABEL: ""}), data=data)


def _gotten(api: CoreV1Api, names: Iterable[str]) -> set[str]:
    found = set()
    for name in names:
        try:
            api.read_namespaced_config_map(name, NAMESPACE)
            found.add(name)
        except ApiException as error:
            if error.status != 404:
                raise
    return found
