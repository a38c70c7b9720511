"""Python's `websockets` talks to the program of a board in QEMU: peers.py PROGRAM BINARY. Prints its stack in bytes."""

import asyncio
import contextlib
import http.client
import socket
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.protocol import OPEN, Protocol, Side

PROGRAM, BINARY = sys.argv[1:]
# The longest message that the programs take.
MAX_MESSAGE = 1024
HELLO = b"\x81\x85\x00\x00\x00\x00Hello"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.asynccontextmanager
async def board(serial):
    """A board whose UART is this."""
    options = ["-machine", "lm3s6965evb", "-display", "none", "-monitor", "none", "-serial", serial]
    qemu = await asyncio.create_subprocess_exec("qemu-system-arm", *options, "-kernel", BINARY)
    try:
        yield
        assert qemu.returncode is None, "QEMU has ended"
    finally:
        with contextlib.suppress(ProcessLookupError):
            qemu.kill()
        await qemu.wait()


@contextlib.asynccontextmanager
async def listening_board():
    port = free_port()
    # Without `nodelay` a round trip takes 44 ms.
    async with board(f"tcp:127.0.0.1:{port},server=on,wait=off,nodelay=on"):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                break
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
        writer.close()
        await writer.wait_closed()
        yield port


def client(port):
    # A board cannot hang up its UART: whoever has closed need not wait for that.
    return connect(f"ws://127.0.0.1:{port}/", compression=None, close_timeout=0.2, ping_interval=None)


async def talk(peer):
    """What comes back, in one frame each."""
    await peer.send("grüße")
    assert await peer.recv() == "grüße"
    await peer.send([b"in ", b"three ", b"pieces"])
    assert await peer.recv() == b"in three pieces"
    for size in (0, 1, 125, 126, MAX_MESSAGE):
        await peer.send("x" * size)
        assert await peer.recv() == "x" * size
    await (await peer.ping(b"alive?"))
    for number in range(100):
        await peer.send(f"message {number}")
    for number in range(100):
        assert await peer.recv() == f"message {number}"


async def stack_of(peer):
    await peer.send("stack")
    return int(await peer.recv())


async def is_closed(peer, code):
    while peer.protocol.close_rcvd is None:
        await asyncio.sleep(0.02)
    assert peer.protocol.close_rcvd.code == code, peer.protocol.close_rcvd
    await peer.close()


async def frames():
    """No handshake: frames from the first byte on."""
    async with listening_board() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        protocol = Protocol(Side.CLIENT, state=OPEN)

        async def answer():
            for data in protocol.data_to_send():
                writer.write(data)
            while True:
                protocol.receive_data(await reader.read(4096))
                if events := protocol.events_received():
                    return events[0].data

        for data in [b"Hello", b"", b"x" * 125, b"x" * 126, b"x" * MAX_MESSAGE]:
            protocol.send_text(data)
            assert await answer() == data
        protocol.send_ping(b"alive?")
        assert await answer() == b"alive?"
        protocol.send_text(b"stack")
        stack = int(await answer())
        protocol.send_binary(b"x" * (MAX_MESSAGE + 1))
        await answer()
        assert protocol.close_rcvd.code == 1009, protocol.close_rcvd
        return stack


async def server():
    async with listening_board() as port:
        stack = 0
        for _ in range(3):
            peer = await again(port)
            await talk(peer)
            stack = await stack_of(peer)
            await peer.close()
        for frame, code in [
            (b"\x82\xfe\x04\x01\x00\x00\x00\x00", 1009),
            (b"\x81\x81\x00\x00\x00\x00\xff", 1007),
            (b"\x81\x05Hello", 1002),
        ]:
            peer = await again(port)
            peer.transport.write(frame)
            await is_closed(peer, code)
        # A request that is no handshake.
        await (await again(port)).close()
        plain = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        plain.request("GET", "/")
        assert (await asyncio.to_thread(plain.getresponse)).status == 426
        plain.close()
        # A client that goes in the middle of a frame, and one in the middle of a head.
        gone = await again(port)
        gone.transport.write(HELLO[:-2])
        gone.transport.abort()
        await (await again(port)).close()
        _, gone = await asyncio.open_connection("127.0.0.1", port)
        gone.write(b"GET / HTTP/1.1\r\nHost: bo")
        await gone.drain()
        gone.transport.abort()
        await (await again(port)).close()
        await is_noticed(port)
        peer = await again(port)
        await talk(peer)
        stack = max(stack, await stack_of(peer))
        await peer.close()
        return stack


async def is_noticed(port):
    """A client that has gone between two messages: it is asked, and given up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"GET / HTTP/1.1\r\nHost: board\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in head, head
    silence = await reader.readexactly(2 + 10)
    assert silence == b"\x89\x00\x88\x08\x03\xf3silent", silence
    writer.close()


async def again(port):
    """A client, as soon as the board has noticed that the one before has gone."""
    while True:
        try:
            return await asyncio.wait_for(client(port), timeout=1)
        except Exception as error:  # Whatever it says to that one, this one does not understand.
            del error


async def client_role():
    keys, stack = set(), 0
    for says_yes, converse in [(True, long_talk), (True, is_over_the_limit), (False, is_silent)]:
        done = asyncio.get_running_loop().create_future()

        async def handle(peer, converse=converse, done=done):
            try:
                keys.add(peer.request.headers["Sec-WebSocket-Key"])
                done.set_result(await converse(peer))
            except BaseException as error:
                done.set_exception(error)

        def answer(_peer, _request, response, says_yes=says_yes):
            if not says_yes:
                del response.headers["Sec-WebSocket-Accept"]
                response.headers["Sec-WebSocket-Accept"] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

        options = {"process_response": answer, "close_timeout": 0.2, "ping_interval": None}
        async with serve(handle, "127.0.0.1", 0, **options) as listener:
            port = listener.sockets[0].getsockname()[1]
            async with board(f"tcp:127.0.0.1:{port},nodelay=on"):
                stack = max(stack, await done)
    assert len(keys) == 3, f"keys that are not random: {keys}"
    return stack


async def long_talk(peer):
    # With the response, in one packet or the next.
    await peer.send("Hello")
    assert await peer.recv() == "Hello"
    await talk(peer)
    stack = await stack_of(peer)
    await peer.close(4000)
    assert peer.close_code == 4000, peer.close_code
    return stack


async def is_over_the_limit(peer):
    await peer.send("x" * (MAX_MESSAGE + 1))
    await is_closed(peer, 1009)
    return 0


async def is_silent(peer):
    """The accept key is another request's: no frame may come."""
    await peer.send("Hello")
    try:
        raise AssertionError(f"this came: {await asyncio.wait_for(peer.recv(), timeout=2)}")
    except TimeoutError:
        return 0


ROLES = {"frames": frames, "server": server, "client": client_role}
for tries_left in (2, 1, 0):
    try:
        print(asyncio.run(asyncio.wait_for(ROLES[PROGRAM](), timeout=120)))
        break
    except Exception as error:
        # What comes before a board has switched its UART on is lost, and a busy machine starts it late.
        if not tries_left:
            raise
        print(f"{PROGRAM}: once more, on another board: {error!r}", file=sys.stderr)
