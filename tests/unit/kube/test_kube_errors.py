"""From an answer to the error a person sees."""

import pytest

from vcli.errors import ConflictError, NotAllowedError, NotFoundError, VcliError
from vcli.kube.answers import error_from
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
    ("answer", "code", "said", "cause"),
    [
        (
            "404 page not found\n",
            404,
            " (404 page not found)",
            ": it has no such API, or is not a Kubernetes API server",
        ),
        (
            "<html>no</html>",
            403,
            " with an HTML page",
            ": it is not a Kubernetes API server, or a proxy is in front of it",
        ),
        (
            "<html>Bad Gateway</html>",
            502,
            " with an HTML page",
            ": the API server is down, or the load balancer or proxy in front of it can't reach it",
        ),
        ({"some": "json"}, 400, "", ""),
        (None, 405, "", ""),
    ],
)
def test_an_answer_that_is_no_status_is_explained(answer, code, said, cause):
    error = error_from(answer, status=code, path="/x?token=secret", server="https://h")
    assert error.message == f"https://h answered {code} to /x{said}{cause}"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api/v1/namespaces", Unreachable),
        ("/prefix/api/v1/namespaces/a/secrets/b", Unreachable),
        ("/apis/apps/v1/statefulsets?x=y", Unreachable),
        ("/version", Unreachable),
        ("/apis/example.com/v1/things", NotFound),
        ("/api/v1/namespaces/a/pods/b/portforward", NotFound),
        ("/api/v1/nodes/n/proxy/stats/summary", NotFound),
    ],
)
def test_what_has_no_namespaces_is_no_api_server(path, kind):
    error = error_from("404 page not found", status=404, path=path, server="https://h")
    assert type(error) is kind
    assert "is not a Kubernetes API server" in error.message
    assert type(error_from(status(404, "NotFound"), status=404, path=path)) is NotFound


def test_a_status_without_a_message_is_named_by_its_reason():
    error = error_from(status(400, "BadRequest", ""), status=400, path="/x", server="https://h")
    assert error.message == "https://h answered 400 BadRequest to /x"


@pytest.mark.parametrize("answer", [status(401, "Unauthorized", "Unauthorized"), "Unauthorized\n", None])
def test_who_is_not_accepted_where_and_what_now(answer):
    error = error_from(
        answer, status=401, path="/x", server="https://h", identity="user 'jane' of context 'c'"
    )
    assert error.message == (
        "https://h does not accept the credentials of user 'jane' of context 'c' (401 Unauthorized)"
    )
    assert "kubectl auth whoami" in error.hint


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
