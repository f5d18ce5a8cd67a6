"""No message about a server shows the user and the password that somebody has written into its URL."""

import pytest

from vcli.errors import UsageError
from vcli.kube.access import Access, Origin, without_login
from vcli.kube.tls import client_context

URLS = [
    ("https://jane:canary@api.example.com:6443", "https://api.example.com:6443"),
    ("https://jane:can@ary@api.example.com", "https://api.example.com"),
    ("jane:canary@api.example.com", "api.example.com"),
    ("https://api.example.com/prefix", "https://api.example.com/prefix"),
]


@pytest.mark.parametrize(("url", "shown"), URLS)
def test_what_is_shown(url: str, shown: str) -> None:
    assert without_login(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        "ftp://jane:canary@api.example.com",
        "https://jane:can#ary@api.example.com",
        "https://jane:can/ary@api.example.com",
        "https://jane:canary@[::1",
        "https://jane:canary@api.example.com:port",
        "https://jane:canary@",
    ],
)
def test_no_error_about_a_url_shows_it(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        Origin.of(url)
    said = f"{caught.value.message} {caught.value.__cause__}"
    assert not any(word in said for word in ("canary", "ary@", "jane", "'can'"))


def test_nor_one_about_certificates() -> None:
    access = Access(server="https://jane:canary@api.example.com", ca=b"no certificate")
    with pytest.raises(UsageError) as caught:
        client_context(access)
    assert "canary" not in caught.value.message
