"""A virtual cluster that tests use one after the other: most of what a test costs is to boot one."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from embedded import Host

FAILED = pytest.StashKey[bool]()
"""Of a test: whether it failed so far."""


class Lender:
    """Has one virtual cluster, ``demo`` in a namespace of its own, made when the first test asks for it.

    Who borrows it may change it and restart it, but leaves it running, with no pod of a tenant's in it. After
    a test that failed it is given up, and the next one gets a new one.

    Args:
        host: where it is.
        options: of ``vcli create``.
    """

    def __init__(self, host: Host, *options: str) -> None:
        self._host = host
        self._options = options
        self._namespace = ""

    @contextmanager
    def lent(self, test: pytest.Item) -> Iterator[str]:
        """Lend it to a test; its namespace."""
        if not self._namespace:
            self._make()
        yield self._namespace
        if test.stash.get(FAILED, False):
            self.end()

    def end(self) -> None:
        """Remove it, if there is one."""
        if self._namespace:
            self._host.end_namespace(self._namespace)
        self._namespace = ""

    def _make(self) -> None:
        namespace = f"lent-{uuid.uuid4().hex[:8]}"
        self._host.create_namespace(namespace)
        self._namespace = namespace  # from now on there is something to remove
        try:
            self._host.vcli("create", "demo", "-n", namespace, *self._options)
        except BaseException:
            self.end()
            raise


def fixtures(*options: str) -> tuple[Any, Any]:
    """Two fixtures of a module: a lender, and the namespace of what it lends to each test that asks.

    Args:
        options: of ``vcli create``.
    """

    @pytest.fixture(scope="module")
    def lender(host: Host) -> Iterator[Lender]:
        lender = Lender(host, *options)
        yield lender
        lender.end()

    @pytest.fixture
    def lent(lender: Lender, request: pytest.FixtureRequest) -> Iterator[str]:
        with lender.lent(request.node) as namespace:
            yield namespace

    return lender, lent
