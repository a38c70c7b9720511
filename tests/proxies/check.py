"""Everything that has to pass through a proxy, through each; and what one that is guarded keeps out."""

import asyncio
import base64
import subprocess
import sys
import time
from pathlib import Path

from house import ENTERING, PATIENCE, Chinwag, Proxy, documented_blocks, documented_options, free_port, put
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

BINARY, WORK = sys.argv[1], Path(sys.argv[2]).resolve()
# Seconds: what the proxy calls idle, and how often the server pings.
IDLE, PING = 2, 0.5


class House:
    """A proxy and the server behind it."""

    def __init__(self, proxy, port):
        self.proxy, self.port = proxy, port
        self.origin = f"https://{proxy.host}"

    def server(self, *options):
        return Chinwag(BINARY, WORK, self.port, [*documented_options(), *options])

    def join(self, target="/", origin=None, host=None, fields=None):
        """A client that leaves the pinging to the server."""
        return connect(f"wss://{host or self.proxy.host}{target}", origin=origin, ssl=self.proxy.trust,
                       server_hostname="chat.example.org", host="127.0.0.1", port=self.proxy.port,
                       additional_headers=fields, ping_interval=None, compression=None, proxy=None, open_timeout=PATIENCE)


async def refused(connecting, status):
    try:
        async with connecting:
            raise AssertionError(f"let in instead of {status}")
    except InvalidStatus as error:
        assert error.response.status_code == status, error


async def talks_and_closes(house):
    async with house.join("/kitchen?name=alice", origin=house.origin) as alice:
        assert await alice.recv() == '{"type":"welcome","name":"alice","online":1,"names":[],"history":0,"limit":65536}'
        async with house.join("/kitchen?name=b%C3%B6b", origin=house.origin) as bob:
            await bob.recv()
            assert await alice.recv() == '{"type":"joined","name":"böb","online":2}'
            for big in ("ö" * 32768, bytes(range(256)) * 256):
                await alice.send(big)
                assert await bob.recv() == big
                await bob.send(big)
                assert await alice.recv() == big
            await bob.send(["in ", "three ", "pieces"])
            assert await alice.recv() == "in three pieces"
            await bob.close(4321, "bye")
            assert bob.close_code == 4321, bob.close_code
        assert await alice.recv() == '{"type":"left","name":"böb","online":1}'
        await alice.send("x" * 65537)
        await ended(alice, 1009)


async def ended(client, code):
    """The server's Close comes through."""
    try:
        while True:
            await asyncio.wait_for(client.recv(), PATIENCE)
    except ConnectionClosed as error:
        assert error.rcvd is not None and error.rcvd.code == code, error


async def only_the_right_origin_and_host(house):
    for origin in ("https://elsewhere.example", "null", f"http://{house.proxy.host}x", "https://chat.example.org:1"):
        await refused(house.join(origin=origin), 403)
    await refused(house.join(host="elsewhere.example"), 403)
    assert house.proxy.ask("/", host="elsewhere.example")[0] == 403
    # None at all: no browser, and its host is right.
    async with house.join() as client:
        await client.ping()


async def pages(house):
    status, headers, body = house.proxy.ask("/kitchen")
    assert status == 200 and b'<script src="/page.js"' in body, (status, body)
    assert "connect-src 'self'" in headers["content-security-policy"], headers
    assert headers["x-content-type-options"] == "nosniff" and headers["content-length"] == str(len(body)), headers
    assert house.proxy.ask("/kitchen", method="HEAD")[2] == b""
    for path, kind in (("/page.js", "text/javascript"), ("/page.css", "text/css"), ("/healthz", "text/plain")):
        status, headers, body = house.proxy.ask(path)
        assert status == 200 and headers["content-type"].startswith(kind) and body, (path, status, headers)
    assert house.proxy.ask("/no/such")[0] == 404
    assert house.proxy.ask("/metrics")[0] == 404, "the proxy shows the metrics to everyone"


async def idles(house):
    """Silent for several times as long as the proxy bears."""
    async with house.join() as one, house.join() as other:
        silent_until = time.monotonic() + 3 * IDLE
        listening = asyncio.create_task(other.recv())
        await asyncio.wait([listening], timeout=silent_until - time.monotonic())
        assert not listening.done(), "an idle connection has been cut"
        await one.send("still here")
        assert await asyncio.wait_for(listening, PATIENCE) == "still here"


async def is_cut_without_pings(house):
    """What the check before would look like if nobody pinged."""
    async with house.join() as client:
        try:
            await asyncio.wait_for(client.recv(), 10 * IDLE)
            raise AssertionError("a message from nobody")
        except ConnectionClosed as error:
            assert error.rcvd is None, error


async def survives_a_restart(house):
    with house.server():
        client = await house.join()
    # SIGTERM: everyone is told, through the proxy.
    await ended(client, 1001)
    try:
        async with house.join():
            raise AssertionError("let in by nobody")
    except InvalidStatus as error:
        assert error.response.status_code in (502, 503), error
    except (InvalidMessage, EOFError):
        pass
    with house.server():
        deadline = time.monotonic() + PATIENCE
        while house.proxy.ask("/healthz")[0] != 200:
            assert time.monotonic() < deadline, "the proxy does not find the server again"
            await asyncio.sleep(0.1)
        async with house.join(origin=house.origin) as one, house.join() as other:
            await one.send("again")
            assert await other.recv() == "again"


def passwords():
    """A file of them, made as docs/entering.md makes it, by somebody who types one twice."""
    file = WORK / "passwords"
    [_, command, _] = documented_blocks("sh", 3, ENTERING)
    command = put(command, "/etc/nginx/chat.htpasswd", str(file))
    # Without a terminal, what is typed comes from here.
    subprocess.run(["bash", "-c", command], input=b"secret\nsecret\n", stderr=subprocess.DEVNULL, check=True,
                   start_new_session=True)
    return file


def authorization(caller):
    return {"Authorization": "Basic " + base64.b64encode(caller).decode()}


CALLER = authorization(b"alice:secret")
FIELD = "".join(f"{name}: {value}\r\n" for name, value in CALLER.items())


async def asks_for_a_password(house):
    assert house.proxy.ask("/")[0] == 401
    await refused(house.join(origin=house.origin), 401)
    await refused(house.join(origin=house.origin, fields=authorization(b"alice:secrets")), 401)
    assert house.proxy.ask("/kitchen", fields=FIELD)[0] == 200
    async with house.join(origin=house.origin, fields=CALLER) as one, house.join(fields=CALLER) as other:
        await one.send("let in")
        assert await other.recv() == "let in"


async def bounds_one_address(house):
    """To twenty connections, and to forty requests at once."""
    clients = [await house.join(fields=CALLER) for _ in range(20)]
    await refused(house.join(fields=CALLER), 429)
    for client in clients:
        await client.close()
    asks = (asyncio.to_thread(house.proxy.ask, "/healthz", fields=FIELD) for _ in range(160))
    statuses = {status for status, _, _ in await asyncio.gather(*asks)}
    assert statuses == {200, 429}, statuses


async def main():
    for kind in ("nginx", "haproxy"):
        port = free_port()
        with Proxy(kind, WORK, port, IDLE) as proxy:
            house = House(proxy, port)
            with house.server("--ping-interval", str(PING)):
                for check in (talks_and_closes, only_the_right_origin_and_host, pages, idles):
                    await asyncio.wait_for(check(house), 60)
            with house.server("--ping-interval", "0"):
                await asyncio.wait_for(is_cut_without_pings(house), 60)
            await asyncio.wait_for(survives_a_restart(house), 60)
        print(f"{kind}: 6 checks passed")
    port = free_port()
    with Proxy("nginx", WORK, port, IDLE, passwords()) as proxy:
        house = House(proxy, port)
        with house.server("--ping-interval", str(PING)):
            for check in (asks_for_a_password, bounds_one_address):
                await asyncio.wait_for(check(house), 60)
    print("nginx, guarded: 2 checks passed")


asyncio.run(main())
