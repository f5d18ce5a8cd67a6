"""From an answer to the error a person sees."""

import pytest

from vcli.errors import ConflictError, NotAllowedError, NotFoundError, VcliError
from vcli.kube.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    Expired,
    Forbidden,
    Invalid,
    NotFound,
    ServerError,
    TooManyRequests,
    Unauthorized,
    Unreachable,
    error_from,
)


def status(code: int, reason: str, message: str = "it says", **more: object) -> dict[str, object]:
    return {"kind": "Status", "code": code, "reason": reason, "message": message, **more}


@pytest.mark.parametrize(
    ("code", "reason", "kind", "caught_as", "exit_code"),
    [
        (404, "NotFound", NotFound, NotFoundError, 3),
        (409, "AlreadyExists", AlreadyExists, ConflictError, 5),
        (409, "Conflict", Conflict, ConflictError, 5),
        (403, "Forbidden", Forbidden, NotAllowedError, 6),
        (401, "Unauthorized", Unauthorized, NotAllowedError, 6),
        (422, "Invalid", Invalid, VcliError, 1),
        (410, "Expired", Expired, VcliError, 1),
        (410, "Gone", Expired, VcliError, 1),
        (429, "TooManyRequests", TooManyRequests, VcliError, 1),
        (500, "InternalError", ServerError, VcliError, 1),
        (504, "Timeout", ServerError, VcliError, 1),
        (405, "MethodNotAllowed", ApiError, VcliError, 1),
        (409, "SomethingNew", Conflict, ConflictError, 5),
    ],
)
def test_each_reason_has_its_class_and_exit_code(code, reason, kind, caught_as, exit_code):
    error = error_from(status(code, reason), status=code, path="/api/v1/pods")
    assert type(error) is kind
    assert isinstance(error, caught_as)
    assert (error.message, error.status, error.reason, error.exit_code) == (
        "it says",
        code,
        reason,
        exit_code,
    )


def test_nobody_answering_has_the_exit_code_for_it():
    assert Unreachable("x").exit_code == 6


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("404 page not found\n", "404 page not found"),
        ("<html>no</html>", "/x: the server answered 404"),
        ({"some": "json"}, "/x: the server answered 404"),
        (None, "/x: the server answered 404"),
        (status(404, "NotFound", ""), "/x: the server answered 404 NotFound"),
    ],
)
def test_an_answer_that_says_nothing_is_told_by_its_path(answer, message):
    assert error_from(answer, status=404, path="/x?token=secret").message == message


def test_a_long_message_is_clipped():
    error = error_from(status(422, "Invalid", "x" * 5000), status=422, path="/x")
    assert len(error.message) == 1000


@pytest.mark.parametrize(
    "secret",
    [
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl",
        "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY-----",
    ],
)
def test_tokens_and_keys_are_redacted_wherever_they_are(secret):
    error = error_from(status(400, "BadRequest", f"can't use {secret} here"), status=400, path="/x")
    assert error.message == "can't use <redacted> here"


@pytest.mark.parametrize(
    ("headers", "details", "expected"),
    [
        ({"retry-after": "3"}, None, 3.0),
        ({}, {"retryAfterSeconds": 2}, 2.0),
        ({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}, {"retryAfterSeconds": 2}, 2.0),
        ({"retry-after": "-1"}, None, None),
        ({}, None, None),
    ],
)
def test_when_to_return_is_read_from_header_or_details(headers, details, expected):
    answer = status(429, "TooManyRequests", details=details)
    assert error_from(answer, status=429, path="/x", headers=headers).retry_after == expected
