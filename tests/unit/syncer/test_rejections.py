"""What of the host's errors is said to a tenant: what is against the object, and nothing of a busy host."""

import pytest

from vcli.kube.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    Forbidden,
    Invalid,
    ServerError,
    TooManyRequests,
)
from vcli.syncer.sync.rejections import rejection

GRPC = "rpc error: code = ResourceExhausted desc = trying to send message larger than max (3 vs. 2)"
WEBHOOK = (
    'Internal error occurred: failed calling webhook "pods.policy.example.org": failed to call webhook: Post'
    ' "https://policy.other-tenant.svc:443/pods?timeout=10s": dial tcp 10.96.1.1:443: connect: refused'
)


@pytest.mark.parametrize(
    "error",
    [
        Forbidden("exceeded quota", status=403, reason="Forbidden"),
        Invalid("spec.x: Invalid value", status=422, reason="Invalid"),
        AlreadyExists("it exists", status=409, reason="AlreadyExists"),
        ApiError("strict decoding error", status=400, reason="BadRequest"),
    ],
)
def test_a_rejection_is_said_in_its_own_words(error: ApiError):
    assert rejection(error) == error.message


@pytest.mark.parametrize(
    "error",
    [
        ServerError(GRPC, status=500),
        ServerError("etcdserver: request is too large", status=500, reason="InternalError"),
        ApiError("Request entity too large: limit is 3145728", status=413, reason="RequestEntityTooLarge"),
    ],
)
def test_that_an_object_is_too_large_is_said(error: ApiError):
    assert rejection(error) == f"too large for the host: {error.message}"


def test_a_webhook_that_is_away_is_named_without_its_address():
    said = rejection(ServerError(WEBHOOK, status=500, reason="InternalError"))
    assert said == 'failed calling webhook "pods.policy.example.org": it does not answer'


@pytest.mark.parametrize(
    "error",
    [
        ServerError("etcdserver: leader changed", status=500, reason="InternalError"),
        ServerError("the server is currently unable to handle the request", status=503),
        TooManyRequests("too many requests", status=429, reason="TooManyRequests"),
        Conflict("the object has been modified", status=409, reason="Conflict"),
    ],
)
def test_a_busy_host_says_nothing_about_the_object(error: ApiError):
    assert rejection(error) == ""
