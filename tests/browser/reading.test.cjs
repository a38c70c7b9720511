// Reading along: the end of the log, what was missed, a thousand messages.
'use strict';

const { assert, scene, until } = require('./house.cjs');

const SHOWN = 1000;
const message = (text) => JSON.stringify({ type: 'message', id: Math.random().toString(), name: 'bob', text });

async function fill(alice, script, count) {
  for (let line = 0; line < count; line += 1) script.send(message(`line ${line}`));
  await alice.sees(`line ${count - 1}`);
}

scene('the log stays at its end, unless the reader has scrolled up', async (stage) => {
  const alice = await stage.person('alice');
  const script = await stage.client();
  const atEnd = () => until('at the end', async () => await alice.fromBottom() < 2);
  await fill(alice, script, 60);
  await atEnd();
  await alice.page.setViewportSize({ width: 1000, height: 400 });
  await atEnd();
  assert.equal(await alice.page.isVisible('#jump'), false);
  await alice.page.hover('#log');
  await alice.page.mouse.wheel(0, -700);
  await until('scrolled', () => alice.page.isVisible('#jump'));
  const above = await alice.fromBottom();
  script.send(message('one more'));
  script.send(message('and one more'));
  await alice.sees('and one more');
  assert.ok(await alice.fromBottom() > above, 'stays where the reader is');
  assert.equal(await alice.page.textContent('#jump'), '2 new ↓');
  await alice.shoot('scrolled-up');
  await alice.page.click('#jump');
  await atEnd();
  assert.equal(await alice.page.isVisible('#jump'), false);
  assert.equal(await alice.page.evaluate(() => document.activeElement.id), 'log');
  await alice.page.mouse.wheel(0, -700);
  await until('scrolled', () => alice.page.isVisible('#jump'));
  await alice.say('what is said here is seen here');
  await atEnd();
});

scene('a hidden tab counts in its title', async (stage) => {
  const alice = await stage.person('alice', { path: '/den' });
  const script = await stage.client('/den');
  assert.equal(await alice.page.title(), 'den · chinwag');
  script.send(message('seen'));
  await alice.sees('seen');
  await until('the history is over', async () => (await alice.all('.line')).length === 1);
  assert.equal(await alice.page.title(), 'den · chinwag');
  await alice.hide(true);
  script.send(message('one'));
  script.send('two');
  await alice.sees('two');
  assert.equal(await alice.page.title(), '(2) den · chinwag');
  await alice.hide(false);
  assert.equal(await alice.page.title(), 'den · chinwag');
});

scene('a page that was hidden comes back at once when it is shown', async (stage) => {
  const alice = await stage.person('alice');
  await alice.page.evaluate(() => {
    const { setTimeout: set } = window;
    window.setTimeout = (action, ...rest) => (action.name === 'connect' ? 0 : set(action, ...rest));
  });
  stage.proxy.cut();
  await alice.lost();
  await alice.hide(true);
  assert.equal(await alice.state(), 'closed');
  await alice.hide(false);
  await alice.connected();
  stage.proxy.cut();
  await alice.lost();
  await alice.page.evaluate(() => dispatchEvent(new Event('online')));
  await alice.connected();
  stage.proxy.cut();
  await alice.lost();
  await alice.page.click('#retry');
  await alice.connected();
  assert.equal(await alice.page.isVisible('#retry'), false);
});

scene('thousands of messages: the page stays small and quick', async (stage) => {
  const alice = await stage.person('alice');
  const script = await stage.client();
  const time = async (from, count) => {
    const start = performance.now();
    for (let line = from; line < from + count; line += 1) script.send(message(`line ${line}`));
    await alice.sees(`line ${from + count - 1}`);
    return performance.now() - start;
  };
  const nodes = () => alice.page.evaluate(() => document.querySelectorAll('*').length);
  const first = await time(0, 300);
  await time(300, SHOWN);
  const full = await nodes();
  const last = await time(300 + SHOWN, 300);
  assert.equal((await alice.all('#messages > li')).length, SHOWN);
  assert.equal(await nodes(), full);
  assert.ok(last < 10 * first + 500, `300 messages took ${first} ms, after ${SHOWN} more ${last} ms`);
  assert.ok(await alice.fromBottom() < 2);
});
