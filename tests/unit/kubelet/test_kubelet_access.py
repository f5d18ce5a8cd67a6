import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcli.syncer.kubelet.access import User, bearer_token, subresources, user_of_certificate
from vcli.syncer.serving.requests import Request


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/exec/ns/pod/c", ("proxy",)),
        ("/containerLogs/ns/pod/c", ("proxy",)),
        ("/pods", ("pods", "proxy")),
        ("/runningpods", ("pods", "proxy")),
        ("/healthz", ("healthz", "proxy")),
        ("/healthz/ping", ("healthz", "proxy")),
        ("/configz", ("configz", "proxy")),
        ("/stats/summary", ("stats",)),
        ("/metrics", ("metrics",)),
        ("/metrics/resource", ("metrics",)),
        ("/logs/messages", ("log",)),
        ("/checkpoint/a/b/c", ("checkpoint",)),
        ("/", ("proxy",)),
    ],
)
def test_subresources_are_those_of_the_real_kubelet(path: str, expected: tuple[str, ...]) -> None:
    assert subresources(path) == expected


@given(st.text("/metricspodhalzxy.%", max_size=30))
def test_only_whole_segments_count(path: str) -> None:
    """A path that merely begins like a harmless one takes the right to everything: nodes/proxy."""
    first = path.split("/")[1] if path.startswith("/") and "/" in path else ""
    known = {
        "pods",
        "healthz",
        "configz",
        "runningpods",
        "stats",
        "metrics",
        "logs",
        "checkpoint",
        "statusz",
        "flagz",
    }
    if first not in known:
        assert subresources(path) == ("proxy",)


def certificate(*pairs: tuple[str, str]) -> dict[str, object]:
    return {"subject": tuple((pair,) for pair in pairs)}


def test_a_certificate_names_a_user_and_groups() -> None:
    subject = certificate(
        ("organizationName", "system:masters"), ("organizationName", "b"), ("commonName", "me")
    )
    assert user_of_certificate(subject) == User(name="me", groups=("system:masters", "b"))


@pytest.mark.parametrize("subject", [None, {}, certificate(("organizationName", "system:masters"))])
def test_without_a_name_a_certificate_is_nobody(subject: dict[str, object] | None) -> None:
    assert user_of_certificate(subject) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["Bearer abc"], "abc"),
        (["bearer  abc "], "abc"),
        (["Bearer "], None),
        (["Basic abc"], None),
        (["Bearer a", "Bearer b"], None),
        ([], None),
    ],
)
def test_bearer_tokens(values: list[str], expected: str | None) -> None:
    headers = tuple(("Authorization", value) for value in values)
    request = Request(method="GET", target="/", query="", version="HTTP/1.1", headers=headers)
    assert bearer_token(request) == expected
