"""How many connections a client has, and what becomes of them."""

import asyncio
from typing import Any

import pytest

from vcli.kube.access import Access
from vcli.kube.client import Client
from vcli.kube.errors import Unauthorized
from vcli.kube.resources import PODS


def client_of(server: Any, **more: Any) -> Client:
    return Client(Access(server=server.url), **more)


async def test_the_window_bounds_requests_but_not_streams(server):
    at_once = most = 0

    async def handler(exchange):
        nonlocal at_once, most
        while request := await exchange.request():
            if b"watch" in request:
                exchange.writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                await exchange.reader.read()
                return
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0.01)
            at_once -= 1
            await exchange.answer()

    server.handler = handler
    async with (
        client_of(server, max_inflight=3) as client,
        client.stream("GET", "/api/v1/pods", params={"watch": True}),
    ):
        await asyncio.gather(*(client.get(PODS, str(number)) for number in range(20)))
    assert most == 3


async def test_a_patient_client_asks_a_quick_server_over_one_connection(server):
    async def handler(exchange):
        while await exchange.request():
            await exchange.answer()

    server.handler = handler
    async with client_of(server, reuse_delay=30.0) as client:
        await asyncio.gather(*(client.get(PODS, f"pod-{number}") for number in range(20)))
    assert [len(exchange.requests) for exchange in server.exchanges] == [20]


async def test_a_patient_client_has_more_connections_to_a_slow_server(server):
    answered = asyncio.Event()

    async def handler(exchange):
        while await exchange.request():
            if len(server.exchanges) == 3:
                answered.set()
            await answered.wait()
            await exchange.answer()

    server.handler = handler
    async with client_of(server, reuse_delay=0.01) as client:
        await asyncio.gather(*(client.get(PODS, f"pod-{number}") for number in range(3)))
    assert len(server.exchanges) == 3


async def test_whoever_gives_up_waiting_leaves_the_connection_to_the_next(server):
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def handler(exchange):
        while await exchange.request():
            asked.set()
            await go_on.wait()
            await exchange.answer()

    server.handler = handler
    async with client_of(server, reuse_delay=30.0) as client:
        first, second, third = (asyncio.create_task(client.get(PODS, "a")) for _ in range(3))
        await asked.wait()
        second.cancel()
        go_on.set()
        await asyncio.gather(first, third)
    assert second.cancelled()
    assert len(server.exchanges) == 1


async def test_a_connection_whose_certificate_is_not_good_any_more_is_not_used_again(server):
    async def handler(exchange):
        while await exchange.request():
            await exchange.answer(401 if exchange.number == 1 else 200)

    server.handler = handler
    async with client_of(server) as client:
        with pytest.raises(Unauthorized):
            await client.get(PODS, "a")
        await client.get(PODS, "a")
        await client.get(PODS, "a")
    assert [len(exchange.requests) for exchange in server.exchanges] == [1, 2]
