// Node's `ws` chats with itself through the server.
const assert = require("node:assert");
const { once } = require("node:events");
const WebSocket = require("ws");

const address = process.argv[2];

// Resolves to each message in turn; whatever else happens first is an error.
async function connect(query = "") {
  const socket = new WebSocket(`ws://${address}/ws${query}`);
  const waiting = [];
  const arrived = [];
  socket.on("message", (data, isBinary) => {
    const message = isBinary ? data : data.toString();
    waiting.length ? waiting.shift()(message) : arrived.push(message);
  });
  await once(socket, "open");
  const next = () => (arrived.length ? arrived.shift() : new Promise((resolve) => waiting.push(resolve)));
  return { socket, next };
}

async function main() {
  const alice = await connect("?name=alice");
  assert.deepStrictEqual(JSON.parse(await alice.next()).names, []);
  const bob = await connect();
  alice.socket.send("hello");
  assert.strictEqual(await bob.next(), "hello");
  bob.socket.send(Buffer.alloc(60000, 7));
  assert.deepStrictEqual(await alice.next(), Buffer.alloc(60000, 7));
  bob.socket.send("one ", { fin: false });
  bob.socket.ping();
  bob.socket.send("message", { fin: true });
  await once(bob.socket, "pong");
  assert.strictEqual(await alice.next(), "one message");
  bob.socket.close(4001, "enough");
  const [code] = await once(bob.socket, "close");
  assert.strictEqual(code, 4001);
  alice.socket.send('{"type":"left"}');
  const [failed] = await once(alice.socket, "close");
  assert.strictEqual(failed, 1008);
}

setTimeout(() => { throw new Error("took too long"); }, 20000).unref();
main().catch((error) => { console.error(error); process.exit(1); });
