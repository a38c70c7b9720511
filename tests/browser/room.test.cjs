// Talking: tabs, rooms, who is here, the history, the door.
'use strict';

const fs = require('node:fs');
const { assert, scene, until } = require('./house.cjs');

const clipboard = { permissions: ['clipboard-read', 'clipboard-write'] };

scene('a name is asked for once, and checked', async (stage) => {
  const alice = await stage.person('', { path: '/kitchen' });
  const { page } = alice;
  await alice.shoot('door');
  const problem = async (name) => {
    await page.fill('#name', name);
    await page.press('#name', 'Enter');
    return page.textContent('#problem');
  };
  assert.equal(await problem(''), 'Please enter a name.');
  assert.equal(await problem('  \u200b '), 'Please enter a name.');
  assert.match(await problem('😀'.repeat(33)), /at most 32/);
  assert.match(await problem('a\u0085b'), /control/);
  assert.equal(await page.getAttribute('#name', 'aria-invalid'), 'true');
  // There is no chat without a name.
  await page.keyboard.press('Escape');
  await until('asked again', () => page.isVisible('#name'));
  await alice.enter('+&=%#?/ é 👩‍💻 😀');
  await alice.people('+&=%#?/ é 👩‍💻 😀(you)');
  await page.reload();
  await alice.connected();
  assert.equal(page.url(), `${stage.site}/kitchen`);
});

scene('three talk, and each sees the others\' words once and in order', async (stage) => {
  const [alice, bob, carol] = [await stage.person('alice'), await stage.person('bob'), await stage.person('carol')];
  await alice.say('Morning! Did the kettle survive the move?');
  await bob.sees('Morning! Did the kettle survive the move?');
  await bob.say('It did. The mugs did not.');
  await carol.sees('It did. The mugs did not.');
  await carol.page.fill('#text', 'One');
  await carol.page.press('#text', 'Shift+Enter');
  await carol.page.keyboard.type('two');
  await carol.page.press('#text', 'Enter');
  const said = ['Morning! Did the kettle survive the move?', 'It did. The mugs did not.', 'One\ntwo'];
  for (const person of [alice, bob, carol]) {
    await person.sees('One\ntwo');
    assert.deepEqual(await person.texts(), said);
  }
  assert.deepEqual(await bob.all('.own .text'), [said[1]]);
  assert.deepEqual(await bob.all('.message .name'), ['alice', 'bob', 'carol']);
  assert.equal((await bob.all('.message time')).length, 3);
});

scene('two tabs of one person are two people', async (stage) => {
  const alice = await stage.person('alice');
  const again = await stage.tab(alice.page.context(), '');
  await again.connected();
  await alice.people('alice(you)', 'alice');
  await alice.say('from the first');
  await again.sees('from the first');
  assert.deepEqual(await again.all('.own .text'), []);
});

scene('rooms hear nothing of each other', async (stage) => {
  const alice = await stage.person('alice');
  const bob = await stage.person('bob', { path: '/kitchen' });
  const carol = await stage.person('carol', { path: '/kitchen' });
  assert.deepEqual(await bob.all('h1'), ['kitchen']);
  await alice.say('in the lobby');
  await carol.say('in the kitchen');
  await bob.sees('in the kitchen');
  assert.deepEqual(await bob.texts(), ['in the kitchen']);
  assert.deepEqual(await alice.texts(), ['in the lobby']);
  await alice.people('alice(you)');
});

scene('arrivals and departures', async (stage) => {
  const alice = await stage.person('alice');
  const bob = await stage.person('bob');
  await alice.people('alice(you)', 'bob');
  await bob.people('bob(you)', 'alice');
  await bob.page.close();
  await alice.people('alice(you)');
  const notes = (await alice.all('.note')).map((note) => note.replace(/ \d\d:\d\d$/, ''));
  assert.deepEqual(notes, ['You came in', 'bob joined', 'bob left']);
});

scene('a newcomer gets the history, and a line where it ends', async (stage) => {
  const alice = await stage.person('alice');
  const script = await stage.client();
  await alice.say('one');
  await alice.say('two');
  await until('both', () => script.heard.length === 2);
  script.send('from a script');
  await alice.sees('from a script');
  const bob = await stage.person('bob');
  await bob.sees('from a script');
  await until('the line', async () => (await bob.all('.line')).length === 1);
  await alice.say('three');
  await bob.sees('three');
  const order = (await bob.all('#messages li')).map((item) => item.replace(/\d\d:\d\d/g, '').trim());
  assert.deepEqual(order, ['aliceone', 'alicetwo', 'Unknown originfrom a script', 'You came in', 'alicethree']);
});

scene('a bot speaks as the README says', async (stage) => {
  const [alice, bot] = [await stage.person('alice'), await stage.client()];
  const [, block] = fs.readFileSync('README.md', 'utf8').match(/^```json\n(.*)\n```$/m);
  const { name, text } = JSON.parse(block);
  // What has an id is shown once.
  bot.send(block);
  bot.send(block);
  bot.send('the end');
  await alice.sees('the end');
  assert.deepEqual(await alice.texts(), [text, 'the end']);
  assert.deepEqual(await alice.all('.message .name'), [name, 'Unknown origin']);
});

scene('another name, another room, by the same door', async (stage) => {
  const alice = await stage.person('alice');
  const { page } = alice;
  await page.click('#change');
  await page.fill('#name', 'Alice B');
  await page.press('#name', 'Enter');
  await alice.people('Alice B(you)');
  await page.fill('#text', 'a draft for the lobby');
  await page.click('#change');
  await page.fill('#room', 'no/such');
  await page.press('#room', 'Enter');
  assert.match(await page.textContent('#problem'), /letters a to z/);
  await page.fill('#room', 'metrics');
  await page.press('#room', 'Enter');
  assert.match(await page.textContent('#problem'), /letters a to z/);
  await page.fill('#room', 'the new den');
  await page.press('#room', 'Enter');
  await page.waitForURL(`${stage.site}/the-new-den`);
  await alice.connected();
  await alice.people('Alice B(you)');
  assert.equal(await page.inputValue('#text'), '');
  await page.goBack();
  await alice.connected();
  assert.equal(await page.inputValue('#text'), 'a draft for the lobby');
  await page.click('#change');
  await page.keyboard.press('Escape');
  assert.equal(await page.isVisible('#name'), false);
});

scene('the address is copied, or shown for copying', async (stage) => {
  const alice = await stage.person('alice', { path: '/den', ...clipboard });
  await alice.page.click('#invite');
  await until('said so', async () => (await alice.all('.note')).some((note) => note.includes('Link copied')));
  assert.equal(await alice.page.evaluate(() => navigator.clipboard.readText()), `${stage.site}/den`);
  const shown = new Promise((resolve) => {
    stage.onDialog = (dialog) => dialog.dismiss().then(() => resolve(dialog.defaultValue()));
  });
  await alice.page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
  await alice.page.click('#invite');
  assert.equal(await shown, `${stage.site}/den`);
});

scene('without storage, and over plain http', async (stage) => {
  const alice = await stage.person('');
  await alice.page.addInitScript(() => {
    for (const area of ['localStorage', 'sessionStorage']) {
      Object.defineProperty(window, area, { get() { throw new Error('SecurityError'); } });
    }
    delete Crypto.prototype.randomUUID;
  });
  await alice.page.reload();
  await alice.enter('alice');
  await alice.say('hello');
  await alice.sees('hello');
});
