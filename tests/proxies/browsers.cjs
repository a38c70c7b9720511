// Two browsers in the same room: the first URL is that of nginx, over TLS, the second that of another server.
'use strict';

const assert = require('node:assert/strict');
const { chromium } = require('playwright-core');

const URLS = process.argv.slice(2);
const PATIENCE = 60000;

async function main() {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP *.example.org 127.0.0.1'],
  });
  const problems = [];
  const join = async (url, name) => {
    // The certificate is signed by itself.
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    page.on('pageerror', (error) => problems.push(`${name}: ${error}`));
    page.on('console', (message) => message.type() === 'error' && problems.push(`${name}: ${message.text()}`));
    await page.goto(url);
    await page.fill('#name', name);
    await page.click('#join button');
    await page.waitForSelector('#chat', { state: 'visible' });
    return page;
  };
  const say = async (page, text) => {
    await page.fill('#text', text);
    await page.press('#text', 'Enter');
  };
  const sees = (page, where, text) => page.locator(where).getByText(text, { exact: false }).first().waitFor();

  const alice = await join(URLS[0], 'alice');
  const bob = await join(URLS[1], 'bob');
  assert.deepEqual(await Promise.all([alice, bob].map((page) => page.evaluate(() => isSecureContext))), [true, false]);
  // Each is told of the other, who is on another server.
  await sees(alice, '#people', 'bob');
  await sees(bob, '#people', 'alice');
  await say(alice, 'over TLS, <b>bold</b> & blunt');
  await sees(bob, '#messages', 'over TLS, <b>bold</b> & blunt');
  await say(bob, 'over nothing: ünïcödé');
  await sees(alice, '#messages', 'over nothing: ünïcödé');
  // A third, on the first server, is told what was said on both.
  const carol = await join(URLS[0], 'carol');
  for (const text of ['over TLS', 'over nothing']) await sees(carol, '#messages', text);
  for (const page of [alice, bob]) await sees(page, '#people', 'carol');
  await bob.close();
  await alice.locator('#people').getByText('bob').waitFor({ state: 'detached' });
  assert.deepEqual(problems, []);
  await browser.close();
  console.log('browsers over TLS and plain HTTP, on two servers: passed');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
