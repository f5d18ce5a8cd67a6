"""Values from an https:// address."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from vcli import remote
from vcli.config import document
from vcli.errors import NotAllowedError, TimedOutError, UnreachableError, UsageError, VcliError

ADDRESS = "https://example.com/values.yaml"
Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[[Handler], None]:
    """Have a function answer for all servers."""
    client = httpx.Client

    def use(handler: Handler) -> None:
        def with_transport(**options: Any) -> httpx.Client:
            return client(transport=httpx.MockTransport(handler), **options)

        monkeypatch.setattr(httpx, "Client", with_transport)

    return use


def failure(address: str, kind: type[VcliError]) -> str:
    with pytest.raises(VcliError) as caught:
        remote.read_text(address)
    assert type(caught.value) is kind
    return f"{caught.value.message} ({caught.value.hint})"


def test_what_is_there_is_read_and_named_in_mistakes(serve: Callable[[Handler], None]):
    serve(lambda _: httpx.Response(200, text="controlPlane:\n  odd: ä\n"))
    found = document.read("https://me:secret@example.com/values.yaml?token=secret")
    assert found.data == {"controlPlane": {"odd": "ä"}}
    assert found.places[("controlPlane", "odd")] == "https://example.com/values.yaml:2"


def test_redirects_are_followed_to_https_only(serve: Callable[[Handler], None]):
    pages = {"/values.yaml": "/b", "/b": "https://other.example.com/c", "/d": "http://example.com/c"}

    def answer(request: httpx.Request) -> httpx.Response:
        if to := pages.get(request.url.path):
            return httpx.Response(302, headers={"location": to})
        return httpx.Response(200, text=f"from: {request.url.host}")

    serve(answer)
    assert remote.read_text(ADDRESS) == "from: other.example.com"
    said = failure("https://example.com/d", UsageError)
    assert "https://example.com/d redirects to http://example.com/c: only https:// is followed" in said


def test_redirects_without_end(serve: Callable[[Handler], None]):
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(307, headers={"location": ADDRESS})

    serve(answer)
    assert "redirects more than 5 times" in failure(ADDRESS, UsageError)
    assert len(asked) == 6


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (404, UsageError, "its server answers 404 (is the address right?)"),
        (401, NotAllowedError, "its server does not allow it (401)"),
        (403, NotAllowedError, "its server does not allow it (403)"),
        (503, UnreachableError, "its server answers 503 (try again)"),
    ],
)
def test_what_a_server_refuses(
    serve: Callable[[Handler], None], status: int, kind: type[VcliError], said: str
):
    serve(lambda _: httpx.Response(status, text="a: 1"))
    assert said in failure(ADDRESS, kind)


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (httpx.ConnectError("no such name"), UnreachableError, "can't be read: no such name"),
        (httpx.ReadTimeout("slow"), TimedOutError, "was not read within 30 seconds"),
        (httpx.RemoteProtocolError(""), UnreachableError, "can't be read: RemoteProtocolError"),
    ],
)
def test_a_server_that_does_not_answer(
    serve: Callable[[Handler], None], error: Exception, kind: type[VcliError], said: str
):
    def answer(_: httpx.Request) -> httpx.Response:
        raise error

    serve(answer)
    assert said in failure(ADDRESS, kind)


def test_what_is_no_values_file(serve: Callable[[Handler], None]):
    sent = []

    def endless() -> Iterator[bytes]:
        while True:
            sent.append(1)
            yield b"a" * 65536

    serve(lambda _: httpx.Response(200, content=endless()))
    assert "is larger than 1024 KiB" in failure(ADDRESS, UsageError)
    assert len(sent) == 17
    serve(lambda _: httpx.Response(200, content=b"\xff\xfe"))
    assert "is no text in UTF-8" in failure(ADDRESS, UsageError)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://example.com/a", "not over http://, where anybody on the way can change what comes"),
        ("ftp://example.com/a", "ftp:// can't be read"),
        ("https:///a", "names no host"),
    ],
)
def test_other_addresses(address: str, said: str):
    assert said in failure(address, UsageError)


@pytest.mark.parametrize("file", ["-", "a.yaml", "./https:/a", "C:/a"])
def test_files_are_no_addresses(file: str):
    assert not remote.is_address(file)
