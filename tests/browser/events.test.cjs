// Chromium's own EventSource, which is told nothing of this server's: it reconnects by itself, and finds on.
'use strict';

const { assert, scene, until } = require('./house.cjs');

// Someone who listens by events, on the page's own origin.
async function listener(stage, path = '/') {
  const alice = await stage.person('alice');
  await alice.page.evaluate((target) => {
    window.heard = [];
    window.source = new EventSource(target);
    window.opened = 0;
    window.source.onopen = () => { window.opened += 1; };
    window.source.onmessage = ({ data }) => { if (!data.startsWith('{"type":"')) window.heard.push(data); };
    window.source.addEventListener('gap', () => window.heard.push('gap'));
    window.source.addEventListener('binary', ({ data }) => window.heard.push(`binary ${data}`));
  }, path);
  const heard = () => alice.page.evaluate(() => window.heard);
  const opened = () => alice.page.evaluate(() => window.opened);
  await until('the stream is open', async () => await opened() === 1);
  return { heard, opened };
}

const numbers = (from, to) => Array.from({ length: to - from }, (_, index) => `${from + index}`);

scene('events: a cut path, and nothing missed or doubled', async (stage) => {
  const { heard, opened } = await listener(stage, '/den');
  const talker = await stage.client('/den');
  for (let n = 0; n < 30; n += 1) {
    talker.send(`${n}`);
    if (n % 10 === 5) {
      await until('it is heard', async () => (await heard()).length > n - 5);
      const before = await opened();
      stage.proxy.cut();
      for (let missed = 0; missed < 3; missed += 1) talker.send(`${n} while away ${missed}`);
      await until('it is back', async () => await opened() > before);
    }
  }
  const expected = [];
  for (let n = 0; n < 30; n += 1) {
    expected.push(`${n}`);
    if (n % 10 === 5) for (let missed = 0; missed < 3; missed += 1) expected.push(`${n} while away ${missed}`);
  }
  await until('everything is heard', async () => (await heard()).length >= expected.length);
  assert.deepEqual(await heard(), expected);
});

scene('events: another life of the room is a gap', async (stage) => {
  const { heard, opened } = await listener(stage, '/den');
  const talker = await stage.client('/den');
  for (const text of numbers(0, 3)) talker.send(text);
  await until('heard', async () => (await heard()).length === 3);
  await stage.server.stop();
  await stage.server.start();
  await until('it is back', async () => await opened() === 2);
  const other = await stage.client('/den');
  for (const text of numbers(3, 6)) other.send(text);
  await until('heard', async () => (await heard()).length === 7);
  assert.deepEqual(await heard(), ['0', '1', '2', 'gap', '3', '4', '5']);
});
