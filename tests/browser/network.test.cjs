// Bad networks: whatever breaks, nothing that a page accepted is missing and nothing is there twice.
'use strict';

const { assert, scene, until } = require('./house.cjs');

const once = (texts) => texts.filter((text, index) => texts.indexOf(text) === index);
const by = (who, texts) => texts.filter((text) => text.startsWith(who));

scene('the server stops and comes back: what was said meanwhile arrives once', async (stage) => {
  const alice = await stage.person('alice');
  const bob = await stage.person('bob');
  await alice.say('before');
  await bob.sees('before');
  await stage.server.stop('SIGTERM');
  await alice.says(/^The server (is going away|cannot be reached)\. Trying again…$/);
  await alice.say('first while away');
  await alice.say('second while away');
  await alice.page.fill('#text', 'a draft');
  // Whether the first arrived is the server's to tell.
  assert.deepEqual(await alice.waiting(), ['before', 'first while away', 'second while away']);
  assert.deepEqual(await alice.page.$$eval('[data-wait]', (items) => items.map((item) => item.dataset.wait)), ['May not have arrived', 'Waiting to be sent', 'Waiting to be sent']);
  await alice.says(/cannot be reached/);
  await alice.shoot('disconnected');
  await stage.server.start();
  await bob.sees('second while away');
  await alice.say('after');
  await bob.sees('after');
  const said = ['before', 'first while away', 'second while away', 'after'];
  for (const person of [alice, bob]) assert.deepEqual(await person.texts(), said);
  assert.deepEqual(await alice.waiting(), []);
});

scene('a draft outlives the server', async (stage) => {
  const alice = await stage.person('alice');
  await alice.page.fill('#text', 'half a thou');
  await stage.server.stop('SIGKILL');
  await alice.lost();
  await stage.server.start();
  await alice.connected();
  assert.equal(await alice.page.inputValue('#text'), 'half a thou');
});

scene('two write while the server is killed, three times', async (stage) => {
  const people = [await stage.person('alice'), await stage.person('bob')];
  const lines = 60;
  // Each on a clock of its own in its own page, whatever state that is in.
  const write = ({ page }, who) => page.evaluate(([author, count]) => new Promise((resolve) => {
    let line = 0;
    const timer = setInterval(() => {
      document.getElementById('text').value = `${author} ${line}`;
      document.getElementById('compose').requestSubmit();
      line += 1;
      if (line === count) resolve(clearInterval(timer));
    }, 60);
  }), [who, lines]);
  const writing = Promise.all([write(people[0], 'alice'), write(people[1], 'bob')]);
  for (const heard of [8, 20, 40]) {
    const other = async () => by('alice', await people[1].texts()).length > heard;
    await until(`more than ${heard} lines`, other);
    await stage.server.stop('SIGKILL');
    await stage.server.start();
  }
  await writing;
  for (const person of people) {
    await until('all lines', async () => once(await person.texts()).length >= 2 * lines);
  }
  for (const person of people) await person.connected();
  // All that may still come twice is there once this is.
  await people[0].say('the end, says alice');
  await people[1].say('the end, says bob');
  await people[0].sees('the end, says bob');
  await people[1].sees('the end, says alice');
  const complete = (who) => Array.from({ length: lines }, (_, line) => `${who} ${line}`);
  for (const [index, person] of people.entries()) {
    const texts = (await person.texts()).filter((text) => !text.startsWith('the end'));
    assert.equal(texts.length, 2 * lines, 'nothing missing, nothing twice');
    for (const who of ['alice', 'bob']) assert.deepEqual(once(by(who, texts)).length, lines);
    // One's own lines are in the order in which one wrote them.
    assert.deepEqual(by(['alice', 'bob'][index], texts), complete(['alice', 'bob'][index]));
    assert.deepEqual(await person.waiting(), []);
  }
});

scene('what a dead connection swallowed is sent again, what arrived is not', async (stage) => {
  const alice = await stage.person('alice');
  const bob = await stage.person('bob');
  const script = await stage.client();
  await alice.say('arrived');
  await bob.sees('arrived');
  stage.proxy.swallows = true;
  await alice.say('lost 1');
  await alice.say('lost 2');
  assert.deepEqual(await alice.waiting(), []);
  stage.proxy.cut();
  stage.proxy.swallows = false;
  await bob.sees('lost 2');
  await alice.say('after');
  await bob.sees('after');
  await until('the script heard it', () => script.heard.some((text) => text.includes('after')));
  // The script knows of no ids: it would see a message twice that was sent again without need.
  assert.deepEqual(script.heard.map((text) => JSON.parse(text).text), ['arrived', 'lost 1', 'lost 2', 'after']);
  assert.deepEqual(await bob.texts(), ['arrived', 'lost 1', 'lost 2', 'after']);
});

scene('what is said while the history comes waits for it', async (stage) => {
  const alice = await stage.person('alice');
  const bob = await stage.person('bob');
  const script = await stage.client();
  await alice.say('arrived');
  await bob.sees('arrived');
  await alice.page.evaluate(() => {
    const root = document.documentElement;
    const speak = (_, watcher) => {
      if (root.dataset.state !== 'open') return;
      watcher.disconnect();
      document.getElementById('text').value = 'at once';
      document.getElementById('compose').requestSubmit();
    };
    new MutationObserver(speak).observe(root, { attributes: true });
  });
  stage.proxy.cut();
  await bob.sees('at once');
  await until('the script heard it', () => script.heard.some((text) => text.includes('at once')));
  assert.deepEqual(script.heard.map((text) => JSON.parse(text).text), ['arrived', 'at once']);
  assert.deepEqual(await alice.texts(), ['arrived', 'at once']);
});

scene('offline and back: at once, and the history fills the gap', async (stage) => {
  const alice = await stage.person('alice');
  const bob = await stage.person('bob');
  const script = await stage.client();
  for (const text of ['ok', 'ok', 'end']) script.send(text);
  await alice.say('mine');
  for (const text of ['mine', 'end']) await bob.sees(text);
  const already = await bob.texts();
  await bob.page.context().setOffline(true);
  await bob.says(/offline|cannot be reached/);
  script.send('ok');
  await alice.sees('end');
  await until('three of them', async () => (await alice.texts()).filter((text) => text === 'ok').length === 3);
  await alice.say('in the gap');
  await bob.say('from the gap');
  await bob.shoot('offline');
  await bob.page.context().setOffline(false);
  await bob.connected();
  await alice.sees('from the gap');
  for (let round = 0; round < 2; round += 1) {
    await bob.page.context().setOffline(true);
    await bob.lost();
    await bob.page.context().setOffline(false);
    await bob.connected();
  }
  await alice.say('still here?');
  await bob.sees('still here?');
  assert.deepEqual(await bob.texts(), [...already, 'ok', 'in the gap', 'from the gap', 'still here?']);
});

scene('a server without history: nothing is missing, nothing twice', async (stage) => {
  const alice = await stage.person('alice');
  const bob = await stage.person('bob');
  await alice.say('one');
  await bob.sees('one');
  stage.proxy.cut();
  await alice.connected();
  await bob.connected();
  await alice.say('two');
  await bob.sees('two');
  assert.deepEqual(await bob.texts(), ['one', 'two']);
  assert.deepEqual(await alice.texts(), ['one', 'two']);
}, { options: ['--history', '0'] });

scene('a reload keeps the draft, what waits, and what is one\'s own', async (stage) => {
  const alice = await stage.person('alice');
  const bob = await stage.person('bob');
  await alice.say('sent');
  await bob.sees('sent');
  await bob.say('reply');
  await alice.sees('reply');
  await alice.page.evaluate(() => { document.getElementById('text').value = 'unsent'; });
  // The page stays reachable, the room does not.
  await stage.server.stop('SIGKILL');
  await alice.lost();
  await alice.page.press('#text', 'Enter');
  await alice.page.fill('#text', 'draft');
  stage.proxy.swallows = true;
  await stage.server.start();
  stage.proxy.cut();
  stage.proxy.swallows = false;
  await alice.page.reload();
  await bob.sees('unsent');
  await until('nothing waits', async () => (await alice.waiting()).length === 0);
  assert.equal(await alice.page.inputValue('#text'), 'draft');
  assert.deepEqual(await bob.texts(), ['sent', 'reply', 'unsent']);
  assert.deepEqual((await alice.all('.own .text')), ['sent', 'unsent']);
});

scene('too big: it comes back to its author and is not sent again', async (stage) => {
  const alice = await stage.person('alice');
  const bob = await stage.person('bob');
  await alice.say('small');
  await bob.sees('small');
  const big = 'big '.repeat(30000).trim();
  await alice.say(big);
  await alice.say('after');
  await bob.sees('after');
  await until('given back', async () => await alice.page.inputValue('#text') === big);
  assert.match((await alice.all('.note')).at(-1), /too big for the server/);
  await alice.shoot('too-big');
  // What is known to be too big does not cost the connection a second time.
  await alice.say(`${big} and bigger`);
  await until('given back', async () => await alice.page.inputValue('#text') === `${big} and bigger`);
  assert.equal(await alice.state(), 'open');
  await alice.say(big.slice(0, 1000));
  await bob.sees(big.slice(0, 1000));
  assert.deepEqual(await bob.texts(), ['small', 'after', big.slice(0, 1000)]);
  const closes = await fetch(`http://127.0.0.1:${stage.server.port}/metrics`).then((answer) => answer.text());
  assert.match(closes, /chinwag_closes_total\{code="1009"\} 1\n/);
});

scene('a message on which every connection breaks comes back to its author', async (stage) => {
  const alice = await stage.person('alice');
  const bob = await stage.person('bob');
  stage.proxy.hangsUp = true;
  await alice.say('poison');
  await until('given back', async () => await alice.page.inputValue('#text') === 'poison');
  assert.match((await alice.all('.note')).at(-1), /Sent 10 times/);
  stage.proxy.hangsUp = false;
  await alice.connected();
  await alice.say('antidote');
  await bob.sees('antidote');
  assert.deepEqual(await bob.texts(), ['antidote']);
  assert.deepEqual(await alice.texts(), ['antidote']);
});

scene('a full server says so, and lets one in when there is room', async (stage) => {
  const script = await stage.client();
  const alice = await stage.person('');
  await alice.page.fill('#name', 'alice');
  await alice.page.press('#name', 'Enter');
  await alice.says(/takes nobody in: it may be full/);
  script.close();
  await alice.connected();
}, { options: ['--max-clients', '1'] });

scene('tries are spread out, and made at once when there is reason', async (stage) => {
  const alice = await stage.person('alice');
  // Chromium itself slows down whoever connects in vain, so these tries go nowhere. Nor does any test wait half a minute.
  await alice.page.evaluate(() => {
    const { setTimeout: set, WebSocket: real } = window;
    window.waits = [];
    window.setTimeout = (action, time, ...rest) => {
      if (action.name !== 'connect') return set(action, time, ...rest);
      window.waits.push(time);
      return set(action, 1, ...rest);
    };
    window.WebSocket = function Refused() {
      queueMicrotask(() => this.onclose({ code: 1006 }));
      this.close = () => {};
    };
    window.forgive = () => Object.assign(window, { setTimeout: () => 0, WebSocket: real });
  });
  stage.proxy.refuses = true;
  stage.proxy.cut();
  await until('40 tries', async () => await alice.page.evaluate(() => window.waits.length) >= 40);
  const waits = await alice.page.evaluate(() => window.waits);
  for (const [index, wait] of waits.entries()) {
    assert.ok(wait >= 0 && wait <= Math.min(30000, 500 * 2 ** index), `${wait} ms before try ${index}`);
  }
  // Full jitter: they are anywhere up to the bound.
  const late = waits.slice(8);
  assert.ok(Math.max(...late) > 15000 && Math.min(...late) < 15000, `${late}`);
  // From here on no time passes: only an event can bring the page back.
  await alice.page.evaluate(() => window.forgive());
  await alice.says(/cannot be reached/);
  stage.proxy.refuses = false;
  await alice.hide(false);
  await alice.connected();
});
