"""A watch against a scripted server: what cuts, silence and nonsense do to it."""

import asyncio
import json
from contextlib import aclosing

import pytest

from vcli.kube.access import Access
from vcli.kube.client import Client
from vcli.kube.informer import Informer
from vcli.kube.resources import PODS
from vcli.kube.watch import Pace, list_watch

QUICK = Pace(silence=0.3, first_backoff=0.01, longest_backoff=0.05)


def pod(name: str, version: int) -> dict[str, object]:
    return {"metadata": {"name": name, "namespace": "d", "resourceVersion": str(version)}}


def pods(version: int, *items: dict[str, object], **metadata: object) -> bytes:
    body = {"kind": "PodList", "apiVersion": "v1", "items": items}
    return json.dumps({**body, "metadata": {"resourceVersion": str(version), **metadata}}).encode()


def line(kind: str, obj: object) -> bytes:
    return json.dumps({"type": kind, "object": obj}).encode() + b"\n"


def script(server, lists, watches):
    """Answer lists and watches in turn; a watch is pieces to send, a number to wait, None to keep silent."""
    asked: list[str] = []

    async def handler(exchange):
        while True:
            target = (await exchange.request()).split(b" ")[1].decode()
            asked.append(target)
            if "watch=true" not in target:
                await exchange.answer(body=lists.pop(0))
                continue
            exchange.writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for piece in watches.pop(0) if watches else [None]:
                if piece is None:
                    await exchange.reader.read()
                    return
                if isinstance(piece, bytes):
                    exchange.writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                    await exchange.writer.drain()
                else:
                    await asyncio.sleep(piece)
            exchange.writer.write(b"0\r\n\r\n")
            return

    server.handler = handler
    return asked


async def take(server, count, pace=QUICK, **more):
    seen = []
    async with (
        asyncio.timeout(5),
        Client(Access(server=server.url)) as client,
        aclosing(list_watch(client, PODS, pace=pace, **more)) as events,
    ):
        async for event in events:
            metadata = event.object["metadata"]
            seen.append((event.type, metadata.get("name"), int(metadata["resourceVersion"])))
            if len(seen) == count:
                break
    return seen


async def test_a_stream_that_ends_is_opened_again_where_it_ended(server):
    asked = script(
        server,
        [pods(1)],
        [[line("ADDED", pod("a", 2)), line("BOOKMARK", pod("", 7))], [line("ADDED", pod("b", 8))]],
    )
    assert await take(server, 4) == [
        ("LISTED", None, 1),
        ("ADDED", "a", 2),
        ("BOOKMARK", "", 7),
        ("ADDED", "b", 8),
    ]
    assert "resourceVersion=1&" in asked[1]
    assert "allowWatchBookmarks=true" in asked[1]
    assert "timeoutSeconds=" in asked[1]
    assert "resourceVersion=7&" in asked[2]


async def test_lines_may_be_cut_anywhere_into_pieces(server):
    whole = line("ADDED", pod("ä", 2)) + line("ADDED", pod("b", 3))
    script(server, [pods(1)], [[whole[:30], whole[30:31], whole[31:130], whole[130:]]])
    assert (await take(server, 3))[1:] == [("ADDED", "ä", 2), ("ADDED", "b", 3)]


async def test_a_half_line_before_a_cut_is_not_an_event(server):
    event = line("ADDED", pod("a", 2))
    asked = script(server, [pods(1)], [[event[:20]], [event]])
    assert await take(server, 2) == [("LISTED", None, 1), ("ADDED", "a", 2)]
    assert "resourceVersion=1&" in asked[2]


async def test_a_connection_that_falls_silent_is_given_up_and_each_event_pushes_that_forward(server):
    talk = [0.2, line("ADDED", pod("a", 2)), 0.2, line("ADDED", pod("b", 3)), None]
    asked = script(server, [pods(1)], [talk, [line("ADDED", pod("c", 4)), None]])
    assert [version for _, _, version in await take(server, 4)] == [1, 2, 3, 4]
    assert len(asked) == 3


@pytest.mark.parametrize("code", [410, 500])
async def test_an_error_event_leads_to_a_new_list(server, code):
    error = {"kind": "Status", "code": code, "reason": "Expired" if code == 410 else "", "message": "old"}
    script(server, [pods(1), pods(9, pod("z", 8))], [[line("ERROR", error)], [line("ADDED", pod("a", 10))]])
    assert await take(server, 3) == [("LISTED", None, 1), ("LISTED", None, 9), ("ADDED", "a", 10)]


async def test_nonsense_on_the_stream_is_as_good_as_a_cut(server):
    asked = script(server, [pods(1)], [[b"<html>\n"], [b'{"type":"X"}\n'], [line("ADDED", pod("a", 2))]])
    assert await take(server, 2) == [("LISTED", None, 1), ("ADDED", "a", 2)]
    assert len(asked) == 4


async def test_a_server_that_ends_streams_at_once_is_not_hammered(server):
    asked = script(server, [pods(1)], [[]] * 1000)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await take(server, 2)
    assert len(asked) < 40


@pytest.mark.parametrize(("status", "most"), [(403, 9), (429, 1)])
async def test_a_server_that_refuses_watches_is_not_asked_for_lists_all_the_time(server, status, most):
    """A role without the verb, and a server that is too busy: that one needs no new list at all."""
    lists = 0

    async def handler(exchange):
        nonlocal lists
        while True:
            if b"watch=true" in await exchange.request():
                await exchange.answer(status, b'{"kind":"Status","code":%d,"message":"no"}' % status)
                return
            lists += 1
            await exchange.answer(body=pods(1))

    server.handler = handler
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await take(server, 1000, pace=Pace(first_backoff=0.01))
    assert 1 <= lists <= most


async def test_a_list_comes_in_pages_and_an_expired_page_starts_anew(server):
    expired = b'{"kind":"Status","reason":"Expired","code":410,"message":"continue token is too old"}'
    asked: list[str] = []

    async def handler(exchange):
        while True:
            target = (await exchange.request()).split(b" ")[1].decode()
            asked.append(target)
            if "watch=true" in target:
                await exchange.reader.read()
            elif "continue=two" in target:
                await exchange.answer(410, expired)
            elif "limit=" in target:
                body = pods(5, pod("a", 1), **{"continue": "two"})
                await exchange.answer(body=body)
            else:
                await exchange.answer(body=pods(6, pod("b", 2), pod("c", 3)))

    server.handler = handler
    async with Client(Access(server=server.url)) as client:
        whole = await client.list(PODS, limit=1)
    assert [item["metadata"]["name"] for item in whole["items"]] == ["b", "c"]
    assert {(item["apiVersion"], item["kind"]) for item in whole["items"]} == {("v1", "Pod")}
    assert whole["metadata"] == {"resourceVersion": "6"}


async def test_an_informer_outlives_its_handlers_and_drops_managed_fields(server, caplog):
    fat = pod("a", 2)
    fat["metadata"]["managedFields"] = [{"much": "text"}]  # type: ignore[index]
    script(
        server,
        [pods(1)],
        [[line("ADDED", fat), line("DELETED", pod("a", 3)), line("ADDED", pod("b", 4)), None]],
    )
    seen: list[tuple[object, object]] = []
    done = asyncio.Event()

    def broken(old, new):
        raise ValueError("bad handler")

    def good(old, new):
        seen.append((old, new))
        if len(seen) == 3:
            done.set()

    async with Client(Access(server=server.url)) as client:
        informer = Informer(client, PODS, pace=QUICK)
        informer.subscribe(broken)
        informer.subscribe(good)
        task = asyncio.create_task(informer.run())
        await asyncio.wait_for(done.wait(), 5)
        assert informer.synced
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    slim = pod("a", 2)
    assert seen == [(None, slim), (slim, None), (None, pod("b", 4))]
    assert informer.get("d", "a") is None
    assert informer.get("d", "b") == pod("b", 4)
    assert caplog.text.count("ValueError: bad handler") == 3
    late: list[object] = []
    informer.subscribe(lambda old, new: late.append((old, new)))
    assert late == [(None, pod("b", 4))]


async def test_handlers_hear_the_first_list_before_the_informer_is_synced(server):
    script(server, [pods(1, pod("a", 1))], [[None]])
    async with Client(Access(server=server.url)) as client:
        informer = Informer(client, PODS, pace=QUICK)
        synced_then: list[bool] = []
        informer.subscribe(lambda _old, _new: synced_then.append(informer.synced))
        task = asyncio.create_task(informer.run())
        await asyncio.wait_for(informer.wait_synced(), 5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert synced_then == [False]
