"""Python's `websockets` chats with itself through the server."""

import asyncio
import json
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

ADDRESS = sys.argv[1]


async def talk():
    async with connect(f"ws://{ADDRESS}/peers?name=alice") as alice:
        assert json.loads(await alice.recv())["names"] == []
        async with connect(f"ws://{ADDRESS}/peers?name=b%C3%B6b") as bob:
            assert json.loads(await bob.recv())["names"] == ["alice"]
            assert json.loads(await alice.recv()) == {"type": "joined", "name": "böb", "online": 2}
            await alice.send("grüße")
            assert await bob.recv() == "grüße"
            await bob.send([b"in ", b"three ", b"pieces"])
            assert await alice.recv() == b"in three pieces"
            big = "ö" * 32 * 1024
            await bob.send(big)
            assert await alice.recv() == big
            await (await bob.ping(b"alive?"))
            async with connect(f"ws://{ADDRESS}/peers?history=1") as late:
                assert await late.recv() == big
        assert json.loads(await alice.recv()) == {"type": "left", "name": "böb", "online": 1}


async def is_failed():
    async with connect(f"ws://{ADDRESS}/peers") as client:
        await client.send("x" * (64 * 1024 + 1))
        try:
            await client.recv()
            raise AssertionError("a message over the limit was taken")
        except ConnectionClosedError as error:
            assert error.rcvd.code == 1009, error


async def is_refused():
    try:
        await connect(f"ws://{ADDRESS}/peers", origin="https://elsewhere.example")
        raise AssertionError("a foreign origin was let in")
    except InvalidStatus as error:
        assert error.response.status_code == 403, error


async def main():
    for check in (talk, is_failed, is_refused):
        await asyncio.wait_for(check(), timeout=20)


asyncio.run(main())
