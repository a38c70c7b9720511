"""What clients find on a host: Python's `websockets` and plain sockets, against a server that is running.

    clients.py visit ADDRESS PID [HOST]  the page is served, two clients chat, and SIGTERM to PID says goodbye to both
    clients.py crowd ADDRESS PID         two clients chat on while strangers flood the server
    clients.py idle ADDRESS PID          memory at 0, 100 and 1,000 idle clients
"""

import asyncio
import collections
import contextlib
import os
import random
import re
import signal
import sys
import urllib.request

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

HANDSHAKE = (
    b"GET /%s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
PATIENCE = 20


class Server:
    def __init__(self, address, pid, host=None):
        self.ip, port = address.rsplit(":", 1)
        self.port, self.pid, self.host = int(port), int(pid), host or address

    def client(self, path):
        return connect(f"ws://{self.host}{path}", host=self.ip, port=self.port, open_timeout=PATIENCE)

    def get(self, path):
        url = f"http://{self.ip}:{self.port}{path}"
        request = urllib.request.Request(url, headers={"Host": self.host})
        return urllib.request.urlopen(request, timeout=PATIENCE).read().decode()

    def metric(self, name):
        return int(re.search(rf"^{name} (\d+)$", self.get("/metrics"), re.M)[1])

    def memory(self):
        """What the process takes, shared pages by share, in KiB."""
        with open(f"/proc/{self.pid}/smaps_rollup") as rollup:
            return int(re.search(r"^Pss: +(\d+) kB$", rollup.read(), re.M)[1])

    async def settled_memory(self):
        """The same, once it has been the same for two seconds: what is not needed is given back after one."""
        readings = []
        while len(set(readings[-5:])) != 1 or len(readings) < 5:
            readings.append(self.memory())
            await asyncio.sleep(0.5)
        return readings[-1]


async def received(client):
    return await asyncio.wait_for(client.recv(), PATIENCE)


async def visit(server):
    page = await asyncio.to_thread(server.get, "/")
    assert '<script src="/page.js"' in page, page
    assert await asyncio.to_thread(server.get, "/healthz") == "ok"
    async with server.client("/visit?name=alice") as alice, server.client("/visit?history=1") as bob:
        assert '"welcome"' in await received(alice)
        for message in ("grüße", b"\x00\xff" * 1000, "ö" * 32 * 1024):
            await alice.send(message)
            assert await received(bob) == message
            await bob.send(message)
            assert await received(alice) == message
        os.kill(server.pid, signal.SIGTERM)
        for client in (alice, bob):
            try:
                raise AssertionError(f"received {await received(client)!r} in place of a Close")
            except ConnectionClosed as closed:
                assert closed.rcvd.code == 1001, closed


class Strangers:
    """Connections that nobody asked for: garbage, halves of requests, clients that break the protocol, silence."""

    def __init__(self, server, seed):
        self.server, self.random = server, random.Random(seed)
        self.answers, self.are_over = collections.Counter(), False

    async def come_and_go(self):
        while not self.are_over:
            with contextlib.suppress(OSError, asyncio.TimeoutError):
                await self.one()

    async def one(self):
        kind = self.random.choice((self.garbage, self.half, self.broken, self.silence))
        connecting = asyncio.open_connection(self.server.ip, self.server.port)
        reader, writer = await asyncio.wait_for(connecting, 1)
        try:
            writer.write(kind())
            answer = await asyncio.wait_for(reader.read(4096), 1)
            self.answers[answer[9:12].decode() if answer.startswith(b"HTTP/1.1 ") else "none"] += 1
        except (OSError, asyncio.TimeoutError):
            self.answers["none"] += 1
        finally:
            writer.transport.abort()

    def garbage(self):
        return self.random.randbytes(self.random.randrange(1, 2000))

    def half(self):
        request = HANDSHAKE % b"hosts"
        return request[: self.random.randrange(1, len(request))]

    def broken(self):
        return HANDSHAKE % b"strangers" + self.garbage()

    def silence(self):
        return b""


async def talk_until(stopped, alice, bob):
    """Round trips, and the longest of them in seconds."""
    clock, rounds, longest = asyncio.get_running_loop().time, 0, 0
    while not stopped.is_set():
        begun, message = clock(), f"round {rounds}"
        await alice.send(message)
        assert await received(bob) == message
        await bob.send(message)
        assert await received(alice) == message
        rounds, longest = rounds + 1, max(longest, clock() - begun)
        await asyncio.sleep(0.01)
    return rounds, longest


async def crowd(server):
    strangers, stopped = Strangers(server, seed=7), asyncio.Event()
    async with server.client("/hosts") as alice, server.client("/hosts") as bob:
        talk = asyncio.create_task(talk_until(stopped, alice, bob))
        flood = [asyncio.create_task(strangers.come_and_go()) for _ in range(150)]
        await asyncio.wait([talk], timeout=8)
        strangers.are_over = True
        await asyncio.gather(*flood)
        # Whoever still chats goes on to do so, and there is room for newcomers again.
        async with await newcomer(server) as carol:
            assert not talk.done(), "the chat has ended"
            stopped.set()
            rounds, longest = await talk
            await alice.send("welcome")
            while await received(carol) != "welcome":
                pass  # what was said while she came
    answers, errors = strangers.answers, server.metric("chinwag_accept_errors_total")
    print(f"{rounds} round trips, the longest {longest * 1000:.0f} ms, among {answers.total()} strangers:", dict(answers))
    print(f"accept failed {errors} times")
    assert rounds > 50, "the chat has hardly gone on"
    assert answers["503"] > 0 and answers["400"] > 0, "nobody has been refused"
    assert errors > 0, "the limit of descriptors has not been reached"


async def newcomer(server):
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await server.client("/hosts")
            except (OSError, InvalidHandshake, EOFError):
                await asyncio.sleep(0.1)


async def idle(server):
    figures, clients = [await server.settled_memory()], []
    for count in (100, 1000):
        while len(clients) < count:
            reader, writer = await asyncio.open_connection(server.ip, server.port)
            writer.write(HANDSHAKE % b"idle")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
            clients.append(writer)
        figures.append(await server.settled_memory())
    none, some, many = figures
    print(f"memory (PSS): {none} KiB alone, {some} KiB with 100 idle clients, {many} KiB with 1,000:", end=" ")
    print(f"{(many - none) / 1000:.1f} KiB for each")
    assert server.metric("chinwag_clients") == 1000


async def main():
    command, *server = sys.argv[1:]
    commands = {"visit": visit, "crowd": crowd, "idle": idle}
    await asyncio.wait_for(commands[command](Server(*server)), timeout=90)


asyncio.run(main())
