"""Endpoints and EndpointSlices of Services without selector."""

from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.scope import Scope


def slice_to_host(endpoint_slice: Object, *, scope: Scope) -> Object:
    """The complete host EndpointSlice."""
    raise NotImplementedError


def endpoints_to_host(endpoints: Object, *, scope: Scope) -> Object:
    """The complete host Endpoints."""
    raise NotImplementedError
