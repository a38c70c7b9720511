// A scene: a server, a proxy in front of it that can swallow, cut and refuse, and people with browsers.
// The proxy keeps its port while the server is killed and started again.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const readline = require('node:readline');
const { test, before, after } = require('node:test');
const { setTimeout: pause } = require('node:timers/promises');
const { chromium } = require('playwright-core');
const WebSocket = require('ws');

const { CHINWAG, CHROMIUM, SHOTS } = process.env;
assert.ok(CHINWAG && CHROMIUM && SHOTS, 'started by tests/browser/run');
fs.mkdirSync(SHOTS, { recursive: true });

const PATIENCE = 60000;
// Chromium says so itself when a server is away, which is what some tests are about.
const EXPECTED = /^WebSocket connection to .* failed|^Failed to load resource: net::ERR_/;

let browser;

before(async () => {
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
});

after(() => browser.close());

async function until(what, condition, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const last = await condition();
    if (last) return last;
    if (Date.now() > end) assert.fail(`never: ${what}`);
    await pause(20);
  }
}

class Server {
  constructor(options) {
    this.options = options;
  }

  async start() {
    this.child = spawn(CHINWAG, ['--listen', '127.0.0.1:0', '--quiet', ...this.options], { stdio: ['ignore', 'pipe', 'inherit'] });
    const line = await new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
      readline.createInterface(this.child.stdout).once('line', resolve);
    });
    this.port = Number(line.match(/:(\d+)\/$/)[1]);
  }

  async stop(signal = 'SIGTERM') {
    const { child } = this;
    this.child = null;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => { child.once('exit', resolve); });
    child.kill(signal);
    await ended;
  }
}

// Between the browsers and the server.
class Proxy {
  constructor(server) {
    this.pairs = new Set();
    this.swallows = false;    // what either side says is lost
    this.refuses = false;     // nobody is let through
    this.hangsUp = false;     // whoever says more than a request is cut off
    this.listener = net.createServer((client) => this.join(client, server));
  }

  async start() {
    await new Promise((resolve) => { this.listener.listen(0, '127.0.0.1', resolve); });
    this.port = this.listener.address().port;
  }

  join(client, server) {
    client.on('error', () => {});
    if (this.refuses) return client.destroy();
    const peer = net.connect(server.port, '127.0.0.1');
    const pair = [client, peer];
    this.pairs.add(pair);
    let saidOnce = false;
    client.on('data', (data) => {
      if (this.hangsUp && saidOnce) return client.destroy();
      saidOnce = true;
      if (!this.swallows) peer.write(data);
    });
    peer.on('data', (data) => { if (!this.swallows) client.write(data); });
    for (const [one, other] of [[client, peer], [peer, client]]) {
      one.on('end', () => other.end());
      one.on('error', () => other.destroy());
      one.on('close', () => {
        other.end();
        this.pairs.delete(pair);
      });
    }
  }

  cut() {
    for (const pair of this.pairs) for (const end of pair) end.destroy();
  }

  stop() {
    this.cut();
    this.listener.close();
  }
}

// A page, and what its tests ask of it.
class Person {
  constructor(page, scene) {
    this.page = page;
    this.scene = scene;
  }

  async enter(name) {
    await this.page.fill('#name', name);
    await this.page.press('#name', 'Enter');
    await this.connected();
  }

  async state() {
    return this.page.evaluate(() => document.documentElement.dataset.state);
  }

  async connected() {
    await until('connected', async () => await this.state() === 'open');
  }

  async lost() {
    await until('not connected', async () => await this.state() === 'closed');
  }

  async say(text) {
    await this.page.fill('#text', text);
    await this.page.press('#text', 'Enter');
  }

  async all(selector) {
    return this.page.$$eval(selector, (elements) => elements.map((element) => element.textContent));
  }

  async texts() {
    return this.all('#messages .text');
  }

  async waiting() {
    return this.all('[data-wait] .text');
  }

  async sees(text) {
    await until(`${JSON.stringify(text.slice(0, 80))} is shown`, async () => (await this.texts()).includes(text));
  }

  async status() {
    return this.page.textContent('#status');
  }

  async says(status) {
    await until(`the page says ${status}`, async () => status.test(await this.status()));
  }

  async people(...names) {
    const shown = async () => (await this.all('#people li')).join() === names.join();
    await until(`${names} are here`, shown).catch(async () => assert.deepEqual(await this.all('#people li'), names));
    assert.equal(await this.page.textContent('#online'), `${names.length} here`);
  }

  // As if another tab were in front.
  async hide(hidden) {
    await this.page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { value, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  }

  async fromBottom() {
    return this.page.evaluate(() => {
      const { scrollHeight, scrollTop, clientHeight } = document.getElementById('log');
      return scrollHeight - scrollTop - clientHeight;
    });
  }

  async shoot(name) {
    await this.page.screenshot({ path: `${SHOTS}/${name}.png` });
  }
}

class Scene {
  constructor(options) {
    this.server = new Server(options);
    this.proxy = new Proxy(this.server);
    this.contexts = [];
    this.clients = [];
    this.complaints = [];
  }

  async start() {
    await this.server.start();
    await this.proxy.start();
    this.site = `http://127.0.0.1:${this.proxy.port}`;
  }

  // Without a name: at the door.
  async person(name, { path = '/', ...options } = {}) {
    const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, locale: 'en-GB', ...options });
    this.contexts.push(context);
    return this.tab(context, name, path);
  }

  async tab(context, name, path = '/') {
    const page = await context.newPage();
    this.watch(page, name);
    await page.goto(this.site + path);
    const person = new Person(page, this);
    if (name) await person.enter(name);
    return person;
  }

  watch(page, who) {
    page.on('console', (line) => {
      const isComplaint = ['error', 'warning'].includes(line.type()) && !EXPECTED.test(line.text());
      if (isComplaint) this.complaints.push(`${who}: ${line.text()}`);
    });
    page.on('pageerror', (error) => this.complaints.push(`${who}: ${error.stack}`));
    page.on('dialog', (dialog) => {
      if (!this.onDialog) this.complaints.push(`${who}: dialog ${dialog.message()}`);
      (this.onDialog ?? ((any) => any.dismiss()))(dialog);
    });
  }

  // A client that is no page: it sends what it is told and keeps what it hears.
  async client(path = '/') {
    const client = new WebSocket(`ws://127.0.0.1:${this.server.port}${path}`);
    client.heard = [];
    client.on('message', (data) => client.heard.push(data.toString()));
    client.on('error', () => {});
    this.clients.push(client);
    await new Promise((resolve) => { client.once('open', resolve); });
    return client;
  }

  async stop() {
    for (const client of this.clients) client.terminate();
    for (const context of this.contexts) await context.close();
    this.proxy.stop();
    await this.server.stop('SIGKILL');
  }
}

// A test with a scene of its own. Whatever it is about, the console stays clean.
function scene(what, act, { options = [] } = {}) {
  test(what, { timeout: 5 * PATIENCE }, async () => {
    const stage = new Scene(options);
    await stage.start();
    try {
      await act(stage);
      assert.deepEqual(stage.complaints, []);
    } catch (error) {
      const pages = stage.contexts.flatMap((context) => context.pages());
      for (const [index, page] of pages.entries()) {
        await page.screenshot({ path: `${SHOTS}/failed-${what.replace(/\W+/g, '-')}-${index}.png` }).catch(() => {});
      }
      throw error;
    } finally {
      await stage.stop();
    }
  });
}

module.exports = { assert, scene, until };
