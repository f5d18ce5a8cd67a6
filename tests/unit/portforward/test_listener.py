"""The local port of a tunnel."""

import socket

import pytest

from vcli.portforward.listener import PortTakenError, listen, usual_ports


def test_the_usual_ports_are_always_the_same_and_of_the_target():
    first = list(usual_ports("https://h:6443", "team-a", "demo"))
    assert first == list(usual_ports("https://h:6443", "team-a", "demo"))
    assert first != list(usual_ports("https://h:6443", "team-b", "demo"))
    assert len(set(first)) > 1
    assert all(20000 <= port < 30000 for port in first)


def test_the_first_port_that_is_free():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with listen("127.0.0.1", [port, 0]) as other:
            assert other.getsockname()[1] != port
        with pytest.raises(PortTakenError, match=f"local port {port} of 127.0.0.1 is taken"):
            listen("127.0.0.1", [port])
    with listen("127.0.0.1", [port, 0]) as same:
        assert same.getsockname()[1] == port


def test_a_port_that_was_just_used_can_be_had_again():
    with listen("127.0.0.1", [0]) as listener:
        port = listener.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = listener.accept()
        accepted.close()  # our side closes first, so it is our side that remembers
        client.close()
    listen("127.0.0.1", [port]).close()
