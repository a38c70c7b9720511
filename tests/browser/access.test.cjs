// For everyone: keyboard alone, screen readers, phones, light and dark, without motion.
'use strict';

const fs = require('node:fs');
const { assert, scene, until } = require('./house.cjs');

const AXE = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

// Every rule that is on unless told otherwise, best practices included.
async function inspect(person) {
  // Through the debugger: the policy keeps foreign scripts out of the page.
  await person.page.evaluate(AXE);
  const found = await person.page.evaluate(() => window.axe.run(document));
  const wrong = found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
  assert.deepEqual(wrong, []);
  assert.ok(found.passes.some(({ id }) => id === 'color-contrast') && found.passes.length > 20, 'axe has looked');
}

// Alice comes into a room in which people talk, and talks.
async function busy(stage, options) {
  const bob = await stage.person('bob');
  const zoe = await stage.person('Zoë');
  await bob.say('Morning! Did the kettle survive the move?');
  await zoe.sees('Morning! Did the kettle survive the move?');
  await zoe.say('It did. The mugs did not.');
  await bob.sees('It did. The mugs did not.');
  const alice = await stage.person('alice', options);
  await until('the history is over', async () => (await alice.all('.line')).length === 1);
  await alice.say('I have two spare ones.\nOne says “World’s okayest cook”: https://example.org/mugs');
  await stage.client('/?name=carol');
  await until('carol is here', async () => (await alice.all('#people li')).includes('carol'));
  await bob.say('I’ll take it. See you at four?');
  await alice.sees('I’ll take it. See you at four?');
  const script = await stage.client();
  script.send('kettle: 96 °C');
  await alice.sees('kettle: 96 °C');
  return { alice, script };
}

for (const colorScheme of ['light', 'dark']) {
  scene(`axe finds nothing: ${colorScheme}`, async (stage) => {
    const door = await stage.person('', { colorScheme });
    await inspect(door);
    await door.page.press('#name', 'Enter');
    await inspect(door);
    await door.shoot(`door-${colorScheme}`);
    const empty = await stage.person('alice', { path: '/den', colorScheme });
    await until('in', async () => (await empty.all('.line')).length === 1);
    await inspect(empty);
    await empty.shoot(`empty-${colorScheme}`);
    const { alice, script } = await busy(stage, { colorScheme });
    await stage.client(`/?name=${encodeURIComponent('Zo\u0451')}`);
    await until('a look-alike', () => alice.page.isVisible('#people .alike'));
    await alice.say('l'.repeat(3000));
    await inspect(alice);
    await alice.page.click('#change');
    await inspect(alice);
    await alice.shoot(`change-${colorScheme}`);
    await alice.page.keyboard.press('Escape');
    await alice.page.hover('#log');
    await alice.page.mouse.wheel(0, -300);
    await until('scrolled', () => alice.page.isVisible('#jump'));
    script.send('more');
    await until('the way down', async () => await alice.page.textContent('#jump') === '1 new ↓');
    await inspect(alice);
    await alice.say('x'.repeat(70000));
    await until('given back', async () => (await alice.page.inputValue('#text')).length === 70000);
    await stage.server.stop();
    await alice.says(/cannot be reached/);
    await alice.say('Are you still there?');
    await inspect(alice);
    await alice.shoot(`disconnected-${colorScheme}`);
  });
}

scene('a busy room', async (stage) => {
  const { alice } = await busy(stage, { viewport: { width: 1000, height: 640 } });
  await alice.shoot('busy');
  await alice.page.emulateMedia({ colorScheme: 'dark' });
  await alice.shoot('busy-dark');
  const { page } = alice;
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  await page.emulateMedia({ colorScheme: 'light' });
  assert.notEqual(await ground(), dark);
});

scene('a phone', async (stage) => {
  const phone = { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
  for (const name of ['dave', 'erin', 'Χρύσα', '王小明', 'أحمد', 'n'.repeat(32)]) await stage.client(`/?name=${encodeURIComponent(name)}`);
  const { alice } = await busy(stage, phone);
  const sideways = () => alice.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.equal(await sideways(), 0);
  await alice.shoot('phone');
  await alice.page.emulateMedia({ colorScheme: 'dark' });
  await alice.shoot('phone-dark');
  await alice.page.tap('#text');
  await alice.page.keyboard.type('by thumb');
  await alice.page.tap('#compose button');
  await alice.sees('by thumb');
  // Half the screen is the keyboard's.
  await alice.page.setViewportSize({ width: 320, height: 300 });
  assert.equal(await sideways(), 0);
  await until('still at the end', async () => await alice.fromBottom() < 2);
  // Also where a resize comes in the middle of scrolling to what has just been said.
  for (const height of [640, 300, 600, 320, 560, 300, 640, 310, 600, 300]) {
    const resized = alice.page.setViewportSize({ width: 320, height });
    await alice.page.evaluate(() => { document.getElementById('log').scrollTop -= 1; });
    await resized;
    await until('at the end again', async () => await alice.fromBottom() < 2);
  }
  assert.ok((await alice.page.locator('#text').boundingBox()).y < 300);
  // Targets that a thumb can hit (WCAG 2.5.8).
  const small = await alice.page.$$eval('button', (buttons) => buttons.filter((button) => button.offsetHeight > 0 && button.offsetHeight < 24).length);
  assert.equal(small, 0);
});

scene('keyboard alone', async (stage) => {
  const alice = await stage.person('');
  const { keyboard } = alice.page;
  const focus = () => alice.page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
  assert.equal(await focus(), 'name');
  await keyboard.type('alice');
  await keyboard.press('Enter');
  await alice.connected();
  assert.equal(await focus(), 'text');
  await keyboard.type('typed');
  // An Enter that ends a composition sends nothing.
  await alice.page.evaluate(() => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true })));
  assert.deepEqual(await alice.texts(), []);
  await keyboard.press('Enter');
  await alice.sees('typed');
  assert.equal(await focus(), 'text');
  const order = [];
  for (const key of ['Tab', 'Tab', 'Shift+Tab', 'Shift+Tab', 'Shift+Tab', 'Shift+Tab', 'Shift+Tab']) {
    await keyboard.press(key);
    order.push(await focus());
  }
  assert.deepEqual(order, ['Send', 'people', 'Send', 'text', 'log', 'change', 'invite']);
  await keyboard.press('Tab');
  await keyboard.press('Enter');
  assert.equal(await focus(), 'name');
  await keyboard.press('Tab');
  assert.equal(await focus(), 'room');
  await keyboard.type('den');
  await keyboard.press('Enter');
  await alice.page.waitForURL(`${stage.site}/den`);
  await alice.connected();
});

scene('what a screen reader is told', async (stage) => {
  const { alice } = await busy(stage, {});
  const tree = await alice.page.locator('body').ariaSnapshot();
  for (const needed of [/banner/, /main/, /complementary/, /heading "the lobby" \[level=1\]/, /log "Messages"/, /status: .*Connected/,
    /textbox "Message"/, /button "Send"/, /heading "4 here"/, /list "4 here"/]) {
    assert.match(tree, needed);
  }
  const { live, busyNow, keys } = await alice.page.evaluate(() => ({
    live: document.querySelector('[role=log]').contains(document.querySelector('.message')),
    busyNow: document.querySelector('[role=log]').ariaBusy,
    keys: document.getElementById(document.getElementById('text').getAttribute('aria-describedby')).textContent,
  }));
  assert.deepEqual({ live, keys }, { live: true, keys: 'Enter sends, Shift+Enter breaks the line.' });
  await until('the history was not read aloud', async () => busyNow === 'false' || await alice.page.evaluate(() => document.querySelector('[role=log]').ariaBusy === 'false'));
});

scene('nothing moves', async (stage) => {
  const { alice } = await busy(stage, { reducedMotion: 'reduce' });
  assert.equal(await alice.page.evaluate(() => document.getAnimations().length), 0);
  const moving = await alice.page.$$eval('*', (all) => all.filter((element) => {
    const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(element);
    return transitionDuration !== '0s' || animationName !== 'none' || scrollBehavior !== 'auto';
  }).length);
  assert.equal(moving, 0);
});
