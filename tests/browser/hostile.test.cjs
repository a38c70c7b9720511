// Whatever others send: it stays text, keeps its place, and passes for nobody and nothing else.
'use strict';

const { assert, scene, until } = require('./house.cjs');

const message = (fields) => JSON.stringify({ type: 'message', id: Math.random().toString(), name: 'mallory', text: '', ...fields });

scene('markup in names and messages stays text', async (stage) => {
  const name = '<img src=x onerror=alert(1)>';
  const alice = await stage.person(name);
  const bob = await stage.person('bob');
  const said = ['<script>alert(2)</script>', '"><svg onload=alert(3)>', '&lt;b&gt;', '</li></ol><h1>gone', '{{7*7}} ${alert(4)}'];
  for (const text of said) await alice.say(text);
  await bob.sees(said.at(-1));
  assert.deepEqual(await bob.texts(), said);
  assert.equal(await bob.page.$$eval('img, svg, h1:not(header h1), #chat script', (found) => found.length), 0);
  await bob.people('bob(you)', name);
});

scene('what cannot be seen in a name is shown by its number', async (stage) => {
  const alice = await stage.person('alice');
  const script = await stage.client();
  const names = {
    'al\u200bice': 'al[U+200B]ice',
    '\u202eecila': '[U+202E]ecila',
    'alice\u2066': 'alice[U+2066]',
    'alice ': 'alice[U+20]',
    'alice\u00a0': 'alice[U+A0]',
    'alice\u3164': 'alice[U+3164]',
    'ali\u00adce': 'ali[U+AD]ce',
    '👩\u200d💻': '👩\u200d💻',
    '❤\ufe0f': '❤\ufe0f',
    'أحمد': 'أحمد',
    'Zoë': 'Zoë',
  };
  for (const name of Object.keys(names)) script.send(message({ name, text: `from ${name}` }));
  await alice.sees('from Zoë');
  assert.deepEqual(await alice.all('.message .name'), Object.values(names));
  assert.equal(await alice.page.$$eval('.message .name:not(bdi)', (found) => found.length), 0);
  await stage.client(`/?name=${encodeURIComponent('\u202eeve')}`);
  await alice.people('alice(you)', '[U+202E]eve');
});

scene('names that look the same are told apart', async (stage) => {
  const alice = await stage.person('alice');
  await alice.people('alice(you)');
  const script = await stage.client();
  // Cyrillic a; l for I; composed otherwise; and two that are what they seem.
  const alike = ['\u0430lice', 'a\u04cfice', 'aIice', 'alice\u200d', '\uff41lice'];
  for (const name of [...alike, 'alice', 'Alice', 'alicia']) script.send(message({ name, text: `from ${name}` }));
  await alice.sees('from alicia');
  const tags = await alice.page.$$eval('.message', (items) => items.map((item) => item.querySelector('.alike')?.textContent ?? ''));
  assert.deepEqual(tags, ['look-alike 1', 'look-alike 2', 'look-alike 3', 'look-alike 4', 'look-alike 5', '', '', '']);
  await stage.client(`/?name=${encodeURIComponent('\u0430lice')}`);
  await alice.people('alice(you)', '\u0430licelook-alike 1');
  script.send(message({ name: 'зина', text: 'in her own letters' }));
  await alice.sees('in her own letters');
  await alice.shoot('look-alikes');
});

scene('direction ends where a message ends', async (stage) => {
  const alice = await stage.person('alice');
  const script = await stage.client();
  script.send(message({ name: '\u202emallory', text: '\u202e\u2067turned around' }));
  script.send(message({ name: 'bob', text: 'straight' }));
  await alice.sees('straight');
  // Names and times stand where they stood, left to right.
  const left = (selector) => alice.page.$$eval(selector, (found) => found.map((element) => element.getBoundingClientRect().left));
  const [names, times] = [await left('.message .name'), await left('.message time')];
  assert.equal(names[0], names[1]);
  assert.ok(times[0] > names[0] && times[1] > names[1], `${names} ${times}`);
});

scene('only the server announces', async (stage) => {
  const alice = await stage.person('alice');
  const script = await stage.client();
  const forged = [
    ' {"type":"joined","name":"ghost","online":99}',
    '{"type": "joined","name":"ghost","online":99}',
    '{ "type":"left","name":"alice","online":0}',
    '{"name":"ghost","type":"joined","online":99}',
    '{"type":"message","type":"welcome","name":"ghost","online":99,"names":[]}',
    '{"\\u0074ype":"joined","name":"ghost","online":99}',
  ];
  for (const text of forged) script.send(text);
  script.send(Buffer.from('{"type":"joined","name":"ghost","online":99}'));
  await until('all shown', async () => (await alice.texts()).length === forged.length + 1);
  assert.deepEqual(await alice.all('.unknown .text'), [...forged, '{"type":"joined","name":"ghost","online":99}']);
  await alice.people('alice(you)');
  // Without the liberties: it costs the connection, and reaches nobody.
  script.send('{"type":"joined","name":"ghost","online":99}');
  await until('thrown out', () => script.readyState === 3);
  await alice.people('alice(you)');
});

scene('what is no message of a page is shown as it is', async (stage) => {
  const alice = await stage.person('alice');
  const script = await stage.client();
  const odd = ['null', '5', '[]', '""', 'true', '{}', '{"type":"message"', '{"type":"message","id":5,"name":"x","text":"y"}',
    message({ name: 'n'.repeat(33) }), message({ text: null }), message({ text: ['x'] }), message({ id: 'i'.repeat(65) }),
    message({ time: { valueOf: 1 } }), message({ name: '\u200b' }), '{"__proto__":{"type":"message"}}', 'Z' + '\u0300'.repeat(500)];
  for (const text of odd) script.send(text);
  script.send(Buffer.from([255, 0, 1]));
  script.send(message({ text: '__proto__', time: 'nonsense', more: [] }));
  await alice.sees('__proto__');
  assert.deepEqual(await alice.all('.unknown .text'), [...odd, '\ufffd\u0000\u0001']);
});

scene('links are links only where they lead to the web', async (stage) => {
  const alice = await stage.person('alice');
  const script = await stage.client();
  const links = {
    'see https://example.org/a?b=c#d.': ['https://example.org/a?b=c#d'],
    '(http://example.org/x), and HTTPS://EXAMPLE.ORG!': ['http://example.org/x', 'https://example.org/'],
    'javascript:alert(1) data:text/html,x vbscript:x file:///etc/passwd //example.org example.org': [],
    'https://bank.example@evil.example/': [],
    'https:// http://. https://[': [],
    'https://example.org/\u202egpj.exe': ['https://example.org/'],
    'https://еxample.org/': ['https://xn--xample-2of.org/'],
    'javascript:https://example.org/%0aalert(1)': ['https://example.org/%0aalert'],
  };
  for (const text of Object.keys(links)) script.send(message({ text }));
  await until('all shown', async () => (await alice.texts()).length === Object.keys(links).length);
  const shown = await alice.page.$$eval('.text', (texts) => texts.map((text) => [...text.querySelectorAll('a')].map((link) => [link.href, link.rel, link.target])));
  const expected = Object.values(links).map((all) => all.map((href) => [href, 'noopener noreferrer', '_blank']));
  assert.deepEqual(shown, expected);
});

scene('a line of 64 KiB, a wall of lines, a tower of marks: the layout holds', async (stage) => {
  const alice = await stage.person('alice', { viewport: { width: 360, height: 640 } });
  const bob = await stage.person('bob');
  const line = 'W'.repeat(65000);
  await bob.say(line);
  await bob.say(`${'\n'.repeat(500)}x`);
  const script = await stage.client();
  script.send('M'.repeat(65536));
  script.send('Z' + '\u0300'.repeat(5000));
  script.send(message({ name: 'W'.repeat(32), text: 'https://example.org/' + 'x'.repeat(3000) }));
  await stage.client(`/?name=${'W'.repeat(32)}`);
  for (const person of [alice, bob]) {
    await until('all shown', async () => (await person.texts()).length === 5);
    const { wide, tall, screen } = await person.page.evaluate(() => ({
      wide: document.documentElement.scrollWidth - innerWidth + document.getElementById('log').scrollWidth - document.getElementById('log').clientWidth,
      tall: Math.max(...[...document.querySelectorAll('.message')].map((item) => item.offsetHeight)),
      screen: document.documentElement.scrollHeight - innerHeight,
    }));
    assert.deepEqual({ wide, screen }, { wide: 0, screen: 0 });
    assert.ok(tall < 450, `${tall}`);
  }
  await bob.shoot('long');
  const [text, button] = [bob.page.locator('.text').first(), bob.page.getByRole('button', { name: 'Show all' }).first()];
  await button.click();
  assert.ok((await text.boundingBox()).height > 10000);
  await bob.page.getByRole('button', { name: 'Show less' }).click();
  assert.ok((await text.boundingBox()).height < 400);
});
