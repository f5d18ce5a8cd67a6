import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcli import inputs
from vcli.errors import UsageError

RULES = [
    inputs.not_empty, inputs.label, inputs.namespace, inputs.whole, inputs.port, inputs.lines,
    inputs.address, inputs.seconds, inputs.timeout, inputs.token_life, inputs.subdomain, inputs.image,
    inputs.service_account, inputs.role,
]  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("text", ["", " ", "\t\n"])
def test_nothing_may_be_empty(rule, text):
    with pytest.raises(UsageError, match=r"^--thing ") as caught:
        rule(text, "--thing")
    assert "empty" in caught.value.message


@pytest.mark.parametrize("text", ["a", "0", "team-a", "a" * 63])
def test_labels(text):
    assert inputs.label(text) == text


@pytest.mark.parametrize(
    "text", ["A", "-a", "a-", "a.b", "a,b", "a=b", "a b", "a\n", "ä", "!a", "a/b", "a in (b)", "a" * 64, "٣"]
)
def test_what_is_no_label(text):
    with pytest.raises(UsageError) as caught:
        inputs.label(text, "NAME")
    assert caught.value.message.startswith("NAME ")
    assert len(caught.value.message) < 150


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("65535", 65535), (8443, 8443), ("+1", 1)])
def test_ports(text, value):
    assert inputs.port(text) == value


@pytest.mark.parametrize(
    "text", ["-1", "65536", "99999", "1.5", "http", "\uff11", "1_0", 70000, -1, True, "9" * 5000]
)
def test_what_is_no_port(text):
    with pytest.raises(UsageError):
        inputs.port(text)


@pytest.mark.parametrize("text", ["127.0.0.1", "0.0.0.0", "::1", "::", "fe80::1%eth0", "localhost"])  # noqa: S104
def test_addresses(text):
    assert inputs.address(text) == text


@pytest.mark.parametrize(
    "text", ["nope", "127.0.0.256", "[::1]", "127.0.0.1:80", "http://127.0.0.1", "-1", "10"]
)
def test_what_is_no_address(text):
    with pytest.raises(UsageError, match="is not an IP address"):
        inputs.address(text)


@pytest.mark.parametrize(
    ("text", "value"), [("90", 90), ("1.5", 1.5), ("30s", 30), ("5m", 300), ("1h30m", 5400), ("500ms", 0.5)]
)
def test_durations(text, value):
    assert inputs.seconds(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "5 m",
        "m",
        "5x",
        "-3s",
        "-5",
        "nan",
        "inf",
        "1e5",
        "٣s",
        "9" * 400,
        math.nan,
        math.inf,
        -1.0,
    ],
)
def test_what_is_not_a_duration(text):
    with pytest.raises(UsageError):
        inputs.seconds(text)


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_durations_add_up(hours, minutes, rest):
    assert inputs.seconds(f"{hours}h{minutes}m{rest}s") == hours * 3600 + minutes * 60 + rest


def test_a_timeout_is_more_than_nothing_and_a_day_at_most():
    assert (inputs.timeout("1ms"), inputs.timeout("24h"), inputs.timeout(2.5)) == (0.001, 86400, 2.5)
    for text in ("0", "0s", 0, 0.0):
        with pytest.raises(UsageError, match="is too short"):
            inputs.timeout(text)
    for text in ("24h1s", "99999999999999999999", 1e9):
        with pytest.raises(UsageError, match="is too long"):
            inputs.timeout(text)


def test_the_life_of_a_token_is_what_the_api_server_gives():
    assert (inputs.token_life("10m"), inputs.token_life(2**32)) == (600, 2**32)
    with pytest.raises(UsageError, match="too short"):
        inputs.token_life("599")
    with pytest.raises(UsageError, match="too long"):
        inputs.token_life(2**32 + 1)


@pytest.mark.parametrize("text", ["bot", "team/bot", "bot.one", "a" * 253])
def test_service_accounts(text):
    assert inputs.service_account(text) == text


@pytest.mark.parametrize("text", ["/", "a/", "/a", "a/b/c", "Bot", "team a/bot", "a" * 254, "..", "bot?x"])
def test_what_is_no_service_account(text):
    with pytest.raises(UsageError, match=r"--service-account"):
        inputs.service_account(text, "--service-account")


@pytest.mark.parametrize(
    "text",
    [
        "vcli-syncer", "vcli-syncer:1.0", "ghcr.io/me/vcli-syncer:1.0", "localhost:5000/a/b", "[::1]:5000/a",
        f"a/b@sha256:{'0' * 64}", f"registry.k8s.io/a:v1@sha256:{'f' * 64}", "a__b/c.d-e", "HOST.example/a",
    ],
)  # fmt: skip
def test_images(text):
    assert inputs.image(text) == text


@pytest.mark.parametrize(
    "text",
    ["ü", "A/b:", "a:", "a@sha256:1", "a b", "-a", "a//b", "/a", "a/", "a:b:c", "x" * 300, "https://a/b"],
)
def test_what_is_no_image(text):
    with pytest.raises(UsageError):
        inputs.image(text)


@pytest.mark.parametrize("text", ["view", "system:aggregate-to-view", "My.Role"])
def test_roles(text):
    assert inputs.role(text) == text


@pytest.mark.parametrize("text", ["a/b", "a%2f", "..", ".", "a b", "a\x00"])
def test_what_is_no_role(text):
    with pytest.raises(UsageError):
        inputs.role(text)


@given(st.text())
def test_every_text_is_taken_or_refused(text):
    for rule in RULES:
        try:
            rule(text, "--thing")
        except UsageError as error:
            assert error.message.startswith(("--thing ", "the name in --thing", "the namespace in --thing"))  # noqa: PT017
