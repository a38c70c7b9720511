"""`chinwag connect` against servers that nobody here wrote, which know nothing of rooms: Python's `websockets` and Node's
`ws`. Each sends back what it gets, slowly, and breaks off the first connection after some lines."""

import asyncio
import contextlib
import subprocess
import sys

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

BINARY, NODE_SERVER = sys.argv[1:]
LINES = [f"line {number} ö" for number in range(1000)]
PATIENCE = 60


async def talk(port):
    """Returns what comes back, and the exit status."""
    program = await asyncio.create_subprocess_exec(
        BINARY, "connect", f"ws://127.0.0.1:{port}/", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    out, _ = await asyncio.wait_for(program.communicate("".join(f"{line}\n" for line in LINES).encode()), PATIENCE)
    return out.decode().splitlines(), program.returncode


def check(heard, back, status):
    """Nothing is lost, and in order but for what is sent again after the break."""
    assert status == 0, status
    assert list(dict.fromkeys(heard)) == LINES, set(LINES) - set(heard)
    assert len(heard) < len(LINES) + 64, len(heard)
    assert set(back) <= set(LINES), set(back) - set(LINES)


async def python():
    heard, closed, broken = [], [], False

    async def echo(socket):
        nonlocal broken
        async for message in socket:
            heard.append(message)
            # What the library has read and answered Pings for, the application takes, too.
            with contextlib.suppress(ConnectionClosed):
                await socket.send(message)
            if len(heard) == 300 and not broken:
                broken = True
                socket.transport.abort()
        closed.append(socket.close_code)

    async with serve(echo, "127.0.0.1", 0, max_queue=2) as server:
        port = server.sockets[0].getsockname()[1]
        back, status = await talk(port)
        check(heard, back, status)
        assert closed[-1] == 1000, closed


async def node():
    server = await asyncio.create_subprocess_exec("node", NODE_SERVER, stdout=subprocess.PIPE)
    try:
        port = int(await server.stdout.readline())
        back, status = await talk(port)
        heard = (await server.stdout.read()).decode().splitlines()
        assert heard.pop() == "closed 1000", heard[-1:]
        check(heard, back, status)
    finally:
        if server.returncode is None:
            server.kill()
            await server.wait()


asyncio.run(python())
asyncio.run(node())
